package rpcport

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener without a system below it: what is put in comes out of Accept.
type pipes struct {
	waiting chan net.Conn
	closed  chan struct{}
}

func newPipes() *pipes { return &pipes{make(chan net.Conn), make(chan struct{})} }

// dial returns the client's end. All ends have one and the same address.
func (p *pipes) dial() net.Conn {
	here, there := net.Pipe()
	p.waiting <- there
	return here
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.waiting:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	select {
	case <-p.closed:
	default:
		close(p.closed)
	}
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

var hello = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })

// serving opens a port and serves until the test ends.
func serving(t *testing.T, c Config) *Port {
	t.Helper()
	c.Listen, c.Log = "127.0.0.1:0", slog.New(slog.DiscardHandler)
	p, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Serve(ctx, func() {}) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return p
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	return c
}

// ask makes a request on a connection and returns the answer's body.
func ask(c net.Conn) (string, error) {
	if _, err := fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		return "", err
	}
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return string(text), err
}

// One connection above the bound is closed at once, and told of; when another goes, there is room again.
func TestConnectionsAreBounded(t *testing.T) {
	open, refused := make(chan int, 10), make(chan struct{}, 10)
	p := serving(t, Config{Connections: 2, Handler: hello, Open: func(n int) { open <- n }, Refused: func() { refused <- struct{}{} }})
	first, second := dial(t, p.Addr()), dial(t, p.Addr())
	if a, b := <-open, <-open; a != 1 || b != 2 {
		t.Fatalf("open: %d, then %d", a, b)
	}
	if n, err := dial(t, p.Addr()).Read(make([]byte, 1)); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("one connection too many reads %d bytes: %v", n, err)
	}
	<-refused
	_ = first.Close()
	if n := <-open; n != 1 {
		t.Fatalf("open: %d after one has gone", n)
	}
	for _, c := range []net.Conn{second, dial(t, p.Addr())} {
		if text, err := ask(c); text != "hello" {
			t.Errorf("answered %q: %v", text, err)
		}
	}
}

// A connection that the handler has taken over, as a WebSocket is, is dropped by its address, and its client sees a reset; others stay.
func TestDropResetsOneConnection(t *testing.T) {
	taken := make(chan net.Conn, 1)
	p := serving(t, Config{Connections: 4, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") == "" {
			hello(w, r)
			return
		}
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
		}
		taken <- c
	})})
	socket, other := dial(t, p.Addr()), dial(t, p.Addr())
	if _, err := fmt.Fprint(socket, "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	there := <-taken
	if _, err := there.Write([]byte("unread")); err != nil {
		t.Fatal(err)
	}
	p.Drop("127.0.0.1:1") // nobody
	p.Drop(socket.LocalAddr().String())
	if text, err := io.ReadAll(socket); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the client of a dropped connection reads %q: %v", text, err)
	}
	if _, err := there.Write([]byte("more")); err == nil {
		t.Error("the handler still writes to it")
	}
	_ = there.Close()
	if text, err := ask(other); text != "hello" {
		t.Errorf("another connection is answered %q: %v", text, err)
	}
}

// A client may come back from the address of a connection that was dropped before the server has let go of that one: it is counted, and closed in
// the end, all the same.
func TestAddressThatComesBackIsCounted(t *testing.T) {
	from := newPipes()
	l := newListener(from, Config{Connections: 2})
	accept := func() net.Conn {
		t.Helper()
		go from.dial()
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	old := accept()
	l.drop(old.RemoteAddr().String())
	again := accept()
	_ = old.Close()
	if len(l.conns) != 1 {
		t.Fatalf("%d connections are known, one is open", len(l.conns))
	}
	l.closeAll()
	if _, err := again.Write([]byte{0}); err == nil {
		t.Error("the connection is still open")
	}
}

// Who sends no request, or half a header, or asks no more, is let go.
func TestSilentClientsAreLetGo(t *testing.T) {
	for name, x := range map[string]struct {
		say   string
		after time.Duration
	}{
		"nothing":        {"", headerTime},
		"half a header":  {"GET / HTTP/1.1\r\nHost:", headerTime},
		"half a request": {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf", readTime},
		"one request":    {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", idleTime},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				from := newPipes()
				p := newPort(from, Config{Connections: 1, Log: slog.New(slog.DiscardHandler), Handler: http.HandlerFunc(
					func(w http.ResponseWriter, r *http.Request) {
						if _, err := io.ReadAll(r.Body); err != nil {
							panic(http.ErrAbortHandler)
						}
						hello(w, r)
					},
				)})
				ctx, cancel := context.WithCancel(t.Context())
				ended := make(chan error, 1)
				go func() { ended <- p.Serve(ctx, func() {}) }()
				began, c := time.Now(), from.dial()
				go func() { _, _ = io.WriteString(c, x.say) }()
				_, _ = io.ReadAll(c)
				if took := time.Since(began); took < x.after || took > x.after+time.Second {
					t.Errorf("let go after %s, want %s", took, x.after)
				}
				cancel()
				if err := <-ended; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// When the context ends, the handler's own connections are hung up, an answer under way is sent, and one that takes too long is cut off.
func TestServeEnds(t *testing.T) {
	for name, x := range map[string]struct {
		work   time.Duration
		answer string
	}{
		"in time":  {stopTime / 2, "hello"},
		"too late": {stopTime * 2, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				from, hung := newPipes(), false
				p := newPort(from, Config{Connections: 1, Log: slog.New(slog.DiscardHandler), Handler: http.HandlerFunc(
					func(w http.ResponseWriter, r *http.Request) {
						time.Sleep(x.work)
						hello(w, r)
					},
				)})
				ctx, cancel := context.WithCancel(t.Context())
				ended := make(chan error, 1)
				go func() { ended <- p.Serve(ctx, func() { hung = true }) }()
				c := from.dial()
				answered := make(chan string, 1)
				go func() {
					text, _ := ask(c)
					answered <- text
				}()
				synctest.Wait()
				cancel()
				if text, err := <-answered, <-ended; text != x.answer || err != nil || !hung {
					t.Errorf("answered %q; ended with %v, hung up %t", text, err, hung)
				}
				time.Sleep(x.work) // the handler ends
			})
		})
	}
}

// A port that fails under the server is an error, and hangs up as well.
func TestServeTellsOfAPortThatFails(t *testing.T) {
	from, hung := newPipes(), false
	p := newPort(from, Config{Connections: 1, Log: slog.New(slog.DiscardHandler), Handler: hello})
	_ = from.Close()
	if err := p.Serve(t.Context(), func() { hung = true }); !errors.Is(err, net.ErrClosed) || !hung {
		t.Errorf("ended with %v, hung up %t", err, hung)
	}
}

func TestTakenPortIsNamed(t *testing.T) {
	p := serving(t, Config{Connections: 1, Handler: hello})
	_, err := Open(t.Context(), Config{Listen: p.Addr(), Connections: 1, Handler: hello, Log: slog.New(slog.DiscardHandler)})
	if err == nil || !strings.Contains(err.Error(), "port is taken") || !strings.Contains(err.Error(), p.Addr()) {
		t.Error(err)
	}
}
