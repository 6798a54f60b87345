package p2p

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/prometheus/client_golang/prometheus"
)

func echoProtocol() Protocol {
	return Protocol{Name: "echo/1", MaxRequest: 1024, MaxFrame: 1 << 20, Timeout: 10 * time.Second}
}

// impatient is the same with a timeout for what never comes.
func impatient() Protocol {
	p := echoProtocol()
	p.Timeout = 300 * time.Millisecond
	return p
}

// echo answers "n word" by the word, n times, and a few other words by errors.
func echo(_ context.Context, _ peer.ID, request []byte, respond func([]byte) error) error {
	switch string(request) {
	case "nothing":
		return &Error{Code: CodeNotFound, Text: "not yet"}
	case "nonsense":
		return fmt.Errorf("read: %w", &Error{Code: CodeBadRequest, Text: strings.Repeat("x", 1000)})
	case "fault":
		return errors.New("disk is on fire")
	case "big":
		return respond(make([]byte, 2<<20))
	}
	var n int
	var word string
	if _, err := fmt.Sscan(string(request), &n, &word); err != nil {
		return &Error{Code: CodeBadRequest, Text: err.Error()}
	}
	for range n {
		if err := respond([]byte(word)); err != nil {
			return err
		}
	}
	return nil
}

func handle(t testing.TB, h *Host, p Protocol, l ServeLimits, f Handler) {
	t.Helper()
	if err := h.Handle(p, l, f); err != nil {
		t.Fatal(err)
	}
}

// An answer is a stream of frames, in order; an error is a code.
func TestRequestAndAnswer(t *testing.T) {
	for name, listen := range transports {
		t.Run(name, func(t *testing.T) {
			server := node(t, "server", listen)
			client := node(t, "client", listen, withExplicit(server))
			handle(t, server, echoProtocol(), ServeLimits{PerPeer: 4, Total: 8}, echo)
			eventually(t, "connected", func() bool { return client.Connected(server.ID()) })
			ask := func(request string) (answer []string, err error) {
				err = client.Request(t.Context(), server.ID(), echoProtocol(), []byte(request), func(frame []byte) error {
					answer = append(answer, string(frame))
					return nil
				})
				return answer, err
			}
			large := strings.Repeat("y", 900)
			for request, want := range map[string][]string{
				"0 x": nil, "1 x": {"x"}, "3 abc": {"abc", "abc", "abc"}, "100 " + large: slices.Repeat([]string{large}, 100),
			} {
				if got, err := ask(request); err != nil || !slices.Equal(got, want) {
					t.Errorf("%.10s: got %d frames, %v", request, len(got), err)
				}
			}
			for request, code := range map[string]Code{"nothing": CodeNotFound, "fault": CodeInternal, "big": CodeInternal} {
				_, err := ask(request)
				var e *Error
				if !errors.As(err, &e) || e.Code != code {
					t.Errorf("%s: got %v, want %v", request, err, code)
				}
				if e != nil && (len(e.Text) > maxErrorText || strings.Contains(e.Text, "fire")) {
					t.Errorf("%s: the text says %q", request, e.Text)
				}
			}
			if _, err := ask(strings.Repeat("x", 1025)); err == nil {
				t.Error("sent too large a request")
			}
			stop := errors.New("enough")
			err := client.Request(t.Context(), server.ID(), echoProtocol(), []byte("1000 x"), func([]byte) error { return stop })
			if !errors.Is(err, stop) {
				t.Errorf("got %v, want the caller's own error", err)
			}
			if a, b := server.Score(client.ID()), client.Score(server.ID()); a < 0 || b < 0 {
				t.Errorf("honest peers have scores %f and %f", a, b)
			}
			for _, request := range []string{"nonsense", "x"} {
				var e *Error
				if _, err := ask(request); !errors.As(err, &e) || e.Code != CodeBadRequest || len(e.Text) > maxErrorText {
					t.Errorf("%s: got %v, want %v", request, err, CodeBadRequest)
				}
			}
			eventually(t, "bad requests are charged", func() bool { return server.Score(client.ID()) <= -2*OffenceMalformed.points()*0.9 })
		})
	}
}

// What a client may do to a server: it costs points, it ends in disconnection, and another client is served meanwhile.
func TestGarbageOnStreamsDisconnectsItsSender(t *testing.T) {
	for name, listen := range transports {
		for _, c := range []struct {
			what    string
			bytes   []byte
			end     bool // of our side
			offence Offence
		}{
			{"a length above the limit", []byte{0x81, 0x08}, false, OffenceMalformed},
			{"a huge length", bytes.Repeat([]byte{0xff}, 9), false, OffenceMalformed},
			{"a length that is not minimal", []byte{0x80, 0x00}, false, OffenceMalformed},
			{"half a length", []byte{0x80}, true, OffenceMalformed},
			{"half a request", []byte{4, 'x'}, true, OffenceMalformed},
			{"no request", nil, true, OffenceMalformed},
			{"more than a request", []byte{1, 'x', 'y'}, true, OffenceMalformed},
			{"nothing, for ever", []byte{}, false, OffenceSlow},
			{"half a request, for ever", []byte{4, 'x'}, false, OffenceSlow},
		} {
			t.Run(name+"/"+c.what, func(t *testing.T) {
				t.Parallel()
				reg := prometheus.NewRegistry()
				server := node(t, "server", listen, withRegistry(reg))
				honest := node(t, "honest", listen, withExplicit(server))
				villain := node(t, "villain", listen)
				handle(t, server, impatient(), ServeLimits{PerPeer: 64, Total: 128}, echo)
				if err := villain.Connect(t.Context(), server.Addrs()[0]); err != nil {
					t.Fatal(err)
				}
				var streams []network.Stream
				for range int(math.Ceil(disconnectPoints/c.offence.points())) + 1 {
					s, err := villain.net.NewStream(t.Context(), server.ID(), villain.protocolID("echo/1"))
					if err != nil {
						break // refused already
					}
					streams = append(streams, s)
					_, _ = s.Write(c.bytes)
					if c.end {
						_ = s.CloseWrite()
					}
				}
				eventually(t, "the villain is gone", func() bool { return !server.Connected(villain.ID()) })
				if n := counter(t, reg, "offences_total", c.offence.String()); n < float64(len(streams)-1) {
					t.Errorf("%d streams of garbage, %f offences", len(streams), n)
				}
				err := honest.Request(t.Context(), server.ID(), echoProtocol(), []byte("1 x"), func([]byte) error { return nil })
				if err != nil {
					t.Errorf("an honest client is not served: %v", err)
				}
			})
		}
	}
}

// Too many requests at once are answered busy, from one peer and from all together, and those within the limit go on.
func TestTooManyRequestsAreBusy(t *testing.T) {
	server := node(t, "server", transports["quic"])
	release := make(chan struct{})
	slow := func(_ context.Context, _ peer.ID, _ []byte, respond func([]byte) error) error {
		<-release
		return respond([]byte("done"))
	}
	p := echoProtocol()
	handle(t, server, p, ServeLimits{PerPeer: 2, Total: 3}, slow)
	clients := []*Host{node(t, "a", transports["quic"], withExplicit(server)), node(t, "b", transports["quic"], withExplicit(server))}
	results := make(chan error, 16)
	var asked sync.WaitGroup
	for i := range 8 {
		asked.Go(func() {
			results <- clients[i%2].Request(t.Context(), server.ID(), p, nil, func([]byte) error { return nil })
		})
	}
	for range 5 {
		var e *Error
		if err := <-results; !errors.As(err, &e) || e.Code != CodeBusy {
			t.Errorf("got %v, want busy", err)
		}
	}
	close(release)
	asked.Wait()
	for range 3 {
		if err := <-results; err != nil {
			t.Errorf("a request within the limit failed: %v", err)
		}
	}
	for _, c := range clients {
		if !server.Connected(c.ID()) {
			t.Error("a few requests too many cost a client its connection")
		}
	}
}

// What a server may do to a client: the client gets an error in time, and the server loses points.
func TestGarbageAnswers(t *testing.T) {
	for what, c := range map[string]struct {
		bytes []byte
		end   bool
		cost  float64
	}{
		"an unknown status":             {[]byte{9}, false, 25},
		"a frame above the limit":       {[]byte{0, 0xff, 0xff, 0xff, 0x01}, false, 25},
		"half a frame":                  {[]byte{0, 4, 'x'}, true, 25},
		"half a frame, for ever":        {[]byte{0, 4, 'x'}, false, 5},
		"no end":                        {[]byte{0, 1, 'x'}, true, 25},
		"an error text above the limit": {[]byte{2, 0x81, 0x02}, false, 25},
		"nothing":                       {nil, true, 25},
		"nothing, for ever":             {nil, false, 5},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			villain := node(t, "villain", transports["tcp"])
			client := node(t, "client", transports["tcp"])
			villain.net.SetStreamHandler(villain.protocolID("echo/1"), func(s network.Stream) {
				_, _ = s.Write(c.bytes)
				if c.end {
					_ = s.CloseWrite()
				}
			})
			if err := client.Connect(t.Context(), villain.Addrs()[0]); err != nil {
				t.Fatal(err)
			}
			err := client.Request(t.Context(), villain.ID(), impatient(), []byte("1 x"), func([]byte) error { return nil })
			if err == nil {
				t.Error("took it for an answer")
			}
			if points := client.conduct.points(villain.ID()); points < c.cost-1 || points > c.cost {
				t.Errorf("it cost %f points, want %f: %v", points, c.cost, err)
			}
		})
	}
}

// Requests that cannot be made: each says why, at once.
func TestRequestErrors(t *testing.T) {
	a, b := node(t, "a", transports["tcp"]), node(t, "b", transports["tcp"])
	nobody, _ := PeerID(key("nobody").Public().(ed25519.PublicKey))
	ignore := func([]byte) error { return nil }
	if err := a.Request(t.Context(), nobody, echoProtocol(), nil, ignore); err == nil {
		t.Error("asked nobody")
	}
	if err := a.Connect(t.Context(), b.Addrs()[0]); err != nil {
		t.Fatal(err)
	}
	if err := a.Request(t.Context(), b.ID(), echoProtocol(), nil, ignore); err == nil {
		t.Error("asked for a protocol that b does not serve")
	}
	ended, cancel := context.WithCancel(t.Context())
	handle(t, b, echoProtocol(), ServeLimits{PerPeer: 1, Total: 1}, func(ctx context.Context, _ peer.ID, _ []byte, _ func([]byte) error) error {
		cancel()
		<-ctx.Done() // until b closes: this test's client does not wait that long
		return ctx.Err()
	})
	if err := a.Request(ended, b.ID(), echoProtocol(), nil, ignore); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's end", err)
	}
	if err := b.Handle(echoProtocol(), ServeLimits{PerPeer: 1, Total: 1}, echo); err == nil {
		t.Error("handled a protocol twice")
	}
	for what, p := range map[string]Protocol{"no name": {Timeout: 1}, "no timeout": {Name: "x/1"}, "too large": {Name: "x/1", Timeout: 1, MaxFrame: maxFrameBytes + 1}} {
		if err := b.Handle(p, ServeLimits{PerPeer: 1, Total: 1}, echo); err == nil {
			t.Errorf("handled a protocol with %s", what)
		}
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if err := a.Request(t.Context(), b.ID(), echoProtocol(), nil, ignore); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v, want closed", err)
	}
}

// When Close returns no handler runs any more: what it reads from may be closed next.
func TestCloseWaitsForHandlers(t *testing.T) {
	server, client := node(t, "server", transports["tcp"]), node(t, "client", transports["tcp"])
	started, ended := make(chan struct{}), make(chan struct{})
	handle(t, server, echoProtocol(), ServeLimits{PerPeer: 1, Total: 1}, func(ctx context.Context, _ peer.ID, _ []byte, _ func([]byte) error) error {
		close(started)
		<-ctx.Done()
		time.Sleep(50 * time.Millisecond) // an orderly end takes a while
		close(ended)
		return ctx.Err()
	})
	if err := client.Connect(t.Context(), server.Addrs()[0]); err != nil {
		t.Fatal(err)
	}
	answered := make(chan error, 1)
	go func() {
		answered <- client.Request(t.Context(), server.ID(), echoProtocol(), nil, func([]byte) error { return nil })
	}()
	<-started
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
	default:
		t.Error("the handler outlives Close")
	}
	if err := <-answered; err == nil {
		t.Error("the client takes silence for an answer")
	}
}
