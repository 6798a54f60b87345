package celestia_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/da/celestia"
	"github.com/lockstep-network/lockstep/da/celestia/celestiatest"
	"github.com/lockstep-network/lockstep/namespaces"
)

const token = "eyJhbGciOiJIUzI1NiJ9.write.c2VjcmV0"

func nsA() namespaces.Namespace { return namespaces.Namespace{0: 0xaa, 9: 1} }

func nsB() namespaces.Namespace { return namespaces.Namespace{0: 0xbb, 9: 1} }

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// config is that of a layer on a node, with little patience.
func config(n *celestiatest.Node) celestia.Config {
	return celestia.Config{
		URL: n.URL(), Token: token, Log: quiet(),
		Timing: celestia.Timing{Poll: time.Millisecond, Patience: 30 * time.Second, Request: 20 * time.Second},
	}
}

func open(t testing.TB, c celestia.Config) *celestia.Layer {
	t.Helper()
	l, err := celestia.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// start is a node and a layer on it.
func start(t testing.TB, c celestiatest.Config) (*celestiatest.Node, *celestia.Layer) {
	t.Helper()
	c.Token = token
	n := celestiatest.New(t, c)
	return n, open(t, config(n))
}

func blobs(ns namespaces.Namespace, data ...string) []da.Blob {
	var out []da.Blob
	for _, d := range data {
		out = append(out, da.Blob{Namespace: ns, Data: []byte(d)})
	}
	return out
}

// want reads a height and compares.
func want(t testing.TB, l da.Layer, height uint64, ns namespaces.Namespace, data ...string) {
	t.Helper()
	got, err := l.Read(t.Context(), height, ns)
	if err != nil {
		t.Fatalf("read height %d: %v", height, err)
	}
	if len(got) != len(data) {
		t.Fatalf("height %d: %d blobs under %s, want %d", height, len(got), ns, len(data))
	}
	for i, b := range got {
		if b.Namespace != ns || string(b.Data) != data[i] {
			t.Fatalf("height %d, blob %d: %d bytes under %s, want %d", height, i, len(b.Data), b.Namespace, len(data[i]))
		}
	}
}

func submit(t testing.TB, l da.Layer, bs ...da.Blob) uint64 {
	t.Helper()
	h, err := l.Submit(t.Context(), bs)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// later is the outcome of a Submit that goes on beside the test.
func later(ctx context.Context, l da.Layer, bs []da.Blob) <-chan error {
	out := make(chan error, 1)
	go func() {
		_, err := l.Submit(ctx, bs)
		out <- err
	}()
	return out
}

func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
		time.Sleep(time.Millisecond) // the condition is polled
	}
}

func wantErr(t testing.TB, err error, targets ...error) {
	t.Helper()
	for _, e := range targets {
		if !errors.Is(err, e) {
			t.Fatalf("error %v, want %v", err, e)
		}
	}
}

// once makes a method fail the first time after now.
func once(n *celestiatest.Node, method string, f celestiatest.Fault) {
	first := n.Calls(method) + 1
	n.Interfere(func(m string, number int) celestiatest.Fault {
		if m == method && number == first {
			return f
		}
		return celestiatest.Fault{}
	})
}
