//go:build unix

package p2p

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/prometheus/client_golang/prometheus"
)

// cpuTime is what the process has used, in the system and outside it.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// bytesTopic takes everything.
func bytesTopic(b *testing.B, h *Host) *Topic[[]byte] {
	b.Helper()
	topic, err := Join(h, "bytes/1", TopicConfig[[]byte]{
		Decode:     func(data []byte) ([]byte, error) { return data, nil },
		Validate:   func(context.Context, peer.ID, []byte) Verdict { return Accept },
		MaxMessage: MaxMessage, Queue: 256, Validators: 64,
	})
	if err != nil {
		b.Fatal(err)
	}
	return topic
}

// BenchmarkGossip publishes messages from each of four operators in turn, with a window of messages in flight, until all three others have
// them.
// MB/s is of messages, not of copies; copies is how often each byte crossed the wire (3 is the least); cpu-ms/MB is of all four.
func BenchmarkGossip(b *testing.B) {
	for _, transport := range []string{"tcp", "quic"} {
		for _, c := range []struct{ size, window int }{{MaxMessage, 1}, {MaxMessage, 8}, {64 << 10, 8}, {1 << 10, 8}} {
			b.Run(fmt.Sprintf("%s/%dKiB/%d", transport, c.size>>10, c.window), func(b *testing.B) {
				benchmarkGossip(b, transports[transport], c.size, c.window)
			})
		}
	}
}

func benchmarkGossip(b *testing.B, listen string, size, window int) {
	regs := make([]*prometheus.Registry, 4)
	hosts := make([]*Host, 4)
	for i := range hosts {
		regs[i] = prometheus.NewRegistry()
		change := []func(*Config){withRegistry(regs[i])}
		for _, h := range hosts[:i] {
			change = append(change, withExplicit(h))
		}
		hosts[i] = node(b, fmt.Sprint("operator", i), listen, change...)
	}
	topics := make([]*Topic[[]byte], len(hosts))
	for i, h := range hosts {
		topics[i] = bytesTopic(b, h)
	}
	for _, topic := range topics {
		eventually(b, "the mesh is complete", func() bool {
			n, _ := topic.host.meshes.size(topic.full())
			return n == 3
		})
	}
	slots := make(chan struct{}, window)
	var mu sync.Mutex
	missing := make(map[uint64]int) // by message, guarded by mu
	ctx, cancel := context.WithCancel(b.Context())
	var readers sync.WaitGroup
	for _, topic := range topics {
		readers.Go(func() {
			for {
				m, err := topic.Next(ctx)
				if err != nil {
					return
				}
				mu.Lock()
				id := binary.BigEndian.Uint64(m.Data)
				if missing[id]--; missing[id] == 0 {
					delete(missing, id)
					<-slots
				}
				mu.Unlock()
			}
		})
	}
	b.SetBytes(int64(size))
	b.ResetTimer()
	cpu := cpuTime(b)
	for i := range b.N {
		data := make([]byte, size)
		binary.BigEndian.PutUint64(data, uint64(i))
		select {
		case slots <- struct{}{}:
		case <-time.After(20 * time.Second):
			b.Fatal("a message was lost")
		}
		mu.Lock()
		missing[uint64(i)] = 3
		mu.Unlock()
		if err := topics[i%4].Publish(ctx, data); err != nil {
			b.Fatal(err)
		}
	}
	for range window {
		select {
		case slots <- struct{}{}:
		case <-time.After(20 * time.Second):
			b.Fatal("a message was lost")
		}
	}
	b.StopTimer()
	sent := float64(b.N) * float64(size)
	copies := 0.0
	for _, reg := range regs {
		copies += counter(b, reg, "gossip_bytes_total", "bytes/1", "out") / sent
	}
	b.ReportMetric(copies, "copies")
	b.ReportMetric(float64((cpuTime(b)-cpu).Milliseconds())/(sent/1e6), "cpu-ms/MB")
	cancel()
	readers.Wait()
}

// BenchmarkRequest asks one peer, eight requests at a time, for answers of one size. MB/s is of answers.
func BenchmarkRequest(b *testing.B) {
	for _, transport := range []string{"tcp", "quic"} {
		for _, size := range []int{1 << 20, 1 << 10} {
			b.Run(fmt.Sprintf("%s/%dKiB", transport, size>>10), func(b *testing.B) {
				server := node(b, "server", transports[transport])
				client := node(b, "client", transports[transport], withExplicit(server))
				p := Protocol{Name: "bytes/1", MaxRequest: 64, MaxFrame: 1 << 20, Timeout: 10 * time.Second}
				answer := make([]byte, size)
				err := server.Handle(p, ServeLimits{PerPeer: 64, Total: 64}, func(_ context.Context, _ peer.ID, _ []byte, respond func([]byte) error) error {
					return respond(answer)
				})
				if err != nil {
					b.Fatal(err)
				}
				eventually(b, "connected", func() bool { return client.Connected(server.ID()) })
				b.SetBytes(int64(size))
				b.SetParallelism(4)
				b.ResetTimer()
				cpu := cpuTime(b)
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						if err := client.Request(b.Context(), server.ID(), p, []byte("x"), func([]byte) error { return nil }); err != nil {
							b.Error(err)
							return
						}
					}
				})
				b.ReportMetric(float64((cpuTime(b)-cpu).Microseconds())/float64(b.N), "cpu-us/op")
			})
		}
	}
}
