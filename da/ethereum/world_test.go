package ethereum

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/internal/anvil"
	"github.com/lockstep-network/lockstep/namespaces"
)

func inbox() common.Address { return common.Address{0: 0x1b, 19: 0x0c} }

func nsA() namespaces.Namespace { return namespaces.Namespace{0: 0xaa, 9: 1} }

func nsB() namespaces.Namespace { return namespaces.Namespace{0: 0xbb, 9: 1} }

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// l1 is an Anvil and accounts on it.
type l1 struct {
	testing.TB
	*anvil.Node
}

// startL1 runs an Anvil that mines each transaction at once, unless flags say otherwise.
func startL1(t testing.TB, flags ...string) *l1 {
	t.Helper()
	if testing.Short() {
		t.Skip("runs an Anvil")
	}
	if os.Getenv("SKIP_ANVIL") == "1" {
		t.Skip("SKIP_ANVIL=1")
	}
	n, err := anvil.Start(flags...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() })
	return &l1{t, n}
}

// call asks Anvil for what only tests do.
func (l *l1) call(method string, args ...any) {
	l.Helper()
	if err := l.RPC.CallContext(context.Background(), nil, method, args...); err != nil {
		l.Fatalf("%s: %v", method, err)
	}
}

func (l *l1) mine(blocks int) { l.Helper(); l.call("anvil_mine", fmt.Sprintf("%#x", blocks)) }

// pooled waits until so many transactions are pending.
func (l *l1) pooled(n uint64) {
	l.Helper()
	eventually(l, "the pool holds the transactions", func() bool {
		var status map[string]hexutil.Uint64
		if err := l.RPC.CallContext(context.Background(), &status, "txpool_status"); err != nil {
			l.Fatal(err)
		}
		return uint64(status["pending"]) == n
	})
}

// account is a funded one.
func (l *l1) account(name string) Account {
	l.Helper()
	key, err := l.NewAccount(context.Background(), name)
	if err != nil {
		l.Fatal(err)
	}
	return KeyAccount(key)
}

// config is that of a layer with this many accounts, blobs only, and no patience to speak of.
func (l *l1) config(accounts int) Config {
	l.Helper()
	c := Config{
		RPC: l.URL, Beacons: []string{l.URL}, Inbox: inbox(), Log: quiet(), Fees: Fees{NoCalldata: true},
		Timing: Timing{Poll: 5 * time.Millisecond, Resend: 50 * time.Millisecond, Bump: 10 * time.Minute, Patience: 30 * time.Second},
	}
	for i := range accounts {
		c.Accounts = append(c.Accounts, l.account(fmt.Sprintf("payer %d", i)))
	}
	return c
}

func open(t testing.TB, c Config) *Layer {
	t.Helper()
	l, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func blobs(ns namespaces.Namespace, data ...string) []da.Blob {
	var out []da.Blob
	for _, d := range data {
		out = append(out, da.Blob{Namespace: ns, Data: []byte(d)})
	}
	return out
}

// submitted is the outcome of a Submit that goes on beside the test.
type submitted struct {
	height uint64
	err    error
}

func submit(t testing.TB, ctx context.Context, l da.Layer, bs []da.Blob) <-chan submitted {
	t.Helper()
	out := make(chan submitted, 1)
	go func() {
		h, err := l.Submit(ctx, bs)
		out <- submitted{h, err}
	}()
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

// eventually polls a condition.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
		time.Sleep(2 * time.Millisecond) // the condition is polled
	}
}

func wantErr(t testing.TB, err error, target ...error) {
	t.Helper()
	for _, e := range target {
		if !errors.Is(err, e) {
			t.Fatalf("error %v, want %v", err, e)
		}
	}
}
