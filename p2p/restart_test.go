package p2p

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// childEnv carries "listen explicit" to a process that is one node.
const childEnv = "LOCKSTEP_P2P_TEST_CHILD"

// runChild is the other process: a node that says "child" now and then and prints what it hears.
func runChild() {
	listen, explicit, _ := strings.Cut(os.Getenv(childEnv), " ")
	cfg := Config{Key: key("child"), Listen: []string{listen}, Prefix: prefix, Limits: DefaultLimits()}
	if explicit != "" {
		cfg.Explicit = strings.Fields(explicit)
	}
	ctx := context.Background()
	h, err := New(ctx, cfg)
	if err != nil {
		panic(err)
	}
	topic, err := Join(h, "words/1", wordTopic())
	if err != nil {
		panic(err)
	}
	go func() {
		for i := 0; ; i++ {
			_ = topic.Publish(ctx, fmt.Appendf(nil, "child %d %d", os.Getpid(), i))
			time.Sleep(20 * time.Millisecond)
		}
	}()
	for {
		m, err := topic.Next(ctx)
		if err != nil {
			return
		}
		if strings.HasPrefix(m.Value, "parent") {
			fmt.Println(m.Value)
		}
	}
}

// child starts the other process; the channel closes when it has heard the parent.
func child(t testing.TB, listen, explicit string) (*exec.Cmd, <-chan struct{}) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+listen+" "+explicit)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	heard := make(chan struct{})
	go func() {
		lines := bufio.NewScanner(out)
		if lines.Scan() {
			close(heard)
		}
		for lines.Scan() {
		}
	}()
	return cmd, heard
}

// freePort is a port that nobody has now.
func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

// A node is killed and started again with the same key and port, six times: gossip flows in both directions again, whoever of
// the two dials, and although nobody has told the survivor. The times are logged, not judged.
func TestKilledPeerIsHeardAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes and kills them: run without -short")
	}
	for name, pattern := range map[string]string{"quic": "/ip4/127.0.0.1/udp/%d/quic-v1", "tcp": "/ip4/127.0.0.1/tcp/%d"} {
		for _, dialler := range []string{"child", "child, from a new port,", "parent", "both"} {
			t.Run(name+"/"+dialler+" dials", func(t *testing.T) {
				t.Parallel()
				listen := fmt.Sprintf(pattern, freePort(t))
				if strings.Contains(dialler, "new port") {
					listen = transports[name]
				}
				reg := prometheus.NewRegistry()
				id, err := PeerID(key("child").Public().(ed25519.PublicKey))
				if err != nil {
					t.Fatal(err)
				}
				parent := node(t, "parent", transports[name], withRegistry(reg), func(c *Config) {
					if dialler == "parent" || dialler == "both" {
						c.Explicit = []string{listen + "/p2p/" + id.String()}
					}
				})
				explicit := ""
				if dialler != "parent" {
					explicit = parent.Addrs()[0]
				}
				topic := join(t, parent, wordTopic())
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan struct{})
				go func() {
					defer close(done)
					for i := 0; ctx.Err() == nil; i++ {
						_ = topic.Publish(ctx, fmt.Appendf(nil, "parent %d", i))
						time.Sleep(20 * time.Millisecond)
					}
				}()
				for round := range 6 {
					start := time.Now()
					cmd, heard := child(t, listen, explicit)
					mine := fmt.Sprintf("child %d ", cmd.Process.Pid)
					for !strings.HasPrefix(next(t, topic), mine) {
					}
					hearing := time.Since(start)
					select {
					case <-heard:
					case <-time.After(30 * time.Second):
						t.Fatal("the restarted node hears nothing")
					}
					t.Logf("round %d: parent hears child after %v, child hears parent after %v", round, hearing.Round(time.Millisecond), time.Since(start).Round(time.Millisecond))
					if err := cmd.Process.Kill(); err != nil {
						t.Fatal(err)
					}
					_ = cmd.Wait()
				}
				cancel()
				<-done
				t.Logf("stale connections closed: %.0f", counter(t, reg, "stale_connections_total"))
			})
		}
	}
}
