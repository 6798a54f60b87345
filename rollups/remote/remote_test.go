package remote_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/forced"
	"github.com/lockstep-network/lockstep/rollups"
	"github.com/lockstep-network/lockstep/rollups/remote"
)

var (
	quiet = slog.New(slog.DiscardHandler)
	ours  = remote.Identity{ChainID: "remote-1", Genesis: common.Hash{1}, Namespace: namespaces.Namespace{0: 1, 9: 'r'}}
)

// counted counts what reaches an executor, and fails where it is told to.
type counted struct {
	rollups.Executor
	executed, rolledBack atomic.Int64
	fail                 atomic.Pointer[error]
}

func (c *counted) Execute(ctx context.Context, in rollups.Input) (rollups.Output, error) {
	c.executed.Add(1)
	if err := c.fail.Load(); err != nil {
		return rollups.Output{}, *err
	}
	return c.Executor.Execute(ctx, in)
}

func (c *counted) Rollback(ctx context.Context, height uint64) error {
	c.rolledBack.Add(1)
	if err := c.fail.Load(); err != nil {
		return *err
	}
	return c.Executor.Rollback(ctx, height)
}

func newServer(t testing.TB, exec rollups.Executor) *remote.Server {
	t.Helper()
	s, err := remote.NewServer(exec, ours, quiet)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// serve serves an executor on a socket until stop, which waits for the end.
func serve(t testing.TB, s *remote.Server, socket string) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, socket) }()
	var once atomic.Bool
	stop = func() {
		cancel()
		if once.CompareAndSwap(false, true) {
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Errorf("serve: %v", err)
			}
		}
	}
	t.Cleanup(stop)
	return stop
}

func dial(t testing.TB, socket string) *remote.Client {
	t.Helper()
	c, err := remote.Dial(t.Context(), socket, ours, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func input(height uint64, entries ...string) rollups.Input {
	in := rollups.Input{Height: height, Hash: common.Hash{byte(height), 7}, TimeMS: height * 100}
	for _, e := range entries {
		in.Entries = append(in.Entries, []byte(e))
	}
	return in
}

// tempSocket is a path short enough for every system.
func tempSocket(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "lockstep-") //nolint:usetesting // a test's own folder can have too long a name
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(dir) })
	return filepath.Join(dir, "x.sock")
}

func TestSameBlocksOverTheWire(t *testing.T) {
	here, there, socket := newDigest(), newDigest(), tempSocket(t)
	serve(t, newServer(t, there), socket)
	c := dial(t, socket)
	if c.Head() != here.Head() {
		t.Fatalf("the genesis is %+v over the wire, %+v here", c.Head(), here.Head())
	}
	for _, in := range []rollups.Input{input(3, "a", "", "b"), input(4, "c"), input(9, strings.Repeat("x", block.MaxBodySize))} {
		want, err := here.Execute(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second time it is only named
			if have, err := c.Execute(t.Context(), in); err != nil || have != want || c.Head() != want {
				t.Fatalf("height %d: %+v over the wire (head %+v), %+v here: %v", in.Height, have, c.Head(), want, err)
			}
		}
	}
	if err := errors.Join(c.Rollback(t.Context(), 8), here.Rollback(t.Context(), 8)); err != nil || c.Head() != here.Head() || there.Head() != here.Head() {
		t.Fatalf("rolled back to %+v, want %+v: %v", c.Head(), here.Head(), err)
	}
}

// lossy is an executor's server that does its work and dies before it answers.
type lossy struct {
	http.Handler
	lose atomic.Bool
}

func (l *lossy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !l.lose.Load() {
		l.Handler.ServeHTTP(w, r)
		return
	}
	l.Handler.ServeHTTP(httptest.NewRecorder(), r)
	panic(http.ErrAbortHandler)
}

func TestLostAnswersExecuteOnce(t *testing.T) {
	there, socket := newDigest(), tempSocket(t)
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	wire := &lossy{Handler: newServer(t, there).Handler()}
	server := &http.Server{Handler: wire}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	c := dial(t, socket)
	for height := uint64(1); height <= 3; height++ {
		wire.lose.Store(true)
		if _, err := c.Execute(t.Context(), input(height, "x")); err == nil || rollups.SeverityOf(err) != rollups.Temporary {
			t.Fatalf("a lost answer: %v", err)
		}
		wire.lose.Store(false)
		if out, err := c.Execute(t.Context(), input(height, "x")); err != nil || out != there.Head() || out.Number != height {
			t.Fatalf("asked again: %+v, the executor has %+v: %v", out, there.Head(), err)
		}
	}
	wire.lose.Store(true)
	if err := c.Rollback(t.Context(), 1); err == nil {
		t.Fatal("the answer should have been lost")
	}
	wire.lose.Store(false)
	if err := c.Rollback(t.Context(), 1); err != nil || c.Head() != there.Head() || c.Head().Number != 1 {
		t.Fatalf("rolled back to %+v, the executor to %+v: %v", c.Head(), there.Head(), err)
	}
}

func TestSeveritiesSurviveTheWire(t *testing.T) {
	exec, socket := &counted{Executor: newDigest()}, tempSocket(t)
	serve(t, newServer(t, exec), socket)
	c := dial(t, socket)
	cause := errors.New("the state is damaged")
	for _, x := range []struct {
		err  error
		want rollups.Severity
	}{
		{cause, rollups.Temporary},
		{context.Canceled, rollups.Temporary}, // the executor's, not the caller's
		{&rollups.ExecutorError{Severity: rollups.Reset, Err: cause}, rollups.Reset},
		{&rollups.ExecutorError{Severity: rollups.Critical, Err: cause}, rollups.Critical},
	} {
		exec.fail.Store(&x.err)
		_, executed := c.Execute(t.Context(), input(1, "x"))
		for _, err := range []error{executed, c.Rollback(t.Context(), 0)} {
			if err == nil || rollups.SeverityOf(err) != x.want || !strings.Contains(err.Error(), x.err.Error()) {
				t.Errorf("%v of severity %v came as %v of severity %v", x.err, x.want, err, rollups.SeverityOf(err))
			}
		}
	}
}

// Another process has driven the executor, or its folder is older than what it had answered.
func TestInputsStandOnTheHead(t *testing.T) {
	there, socket := newDigest(), tempSocket(t)
	serve(t, newServer(t, there), socket)
	c, other := dial(t, socket), dial(t, socket)
	must := func(_ rollups.Output, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(c.Execute(t.Context(), input(1, "x")))
	must(c.Execute(t.Context(), input(2, "y")))
	if _, err := other.Execute(t.Context(), input(3, "z")); err == nil || rollups.SeverityOf(err) != rollups.Temporary || other.Head() != c.Head() {
		t.Fatalf("a driver that knew the genesis only: %v, and knows %+v", err, other.Head())
	}
	if err := there.Rollback(t.Context(), 1); err != nil { // behind the drivers' backs
		t.Fatal(err)
	}
	if _, err := c.Execute(t.Context(), input(3, "z")); rollups.SeverityOf(err) != rollups.Reset || c.Head() != there.Head() {
		t.Fatalf("an executor that has lost a block: %v, head %+v", err, c.Head())
	}
	if there.Head().Height != 1 {
		t.Fatalf("it executed on the wrong block: %+v", there.Head())
	}
}

func TestAnotherRollupIsRefused(t *testing.T) {
	exec, socket := &counted{Executor: newDigest()}, tempSocket(t)
	stop := serve(t, newServer(t, exec), socket)
	for name, change := range map[string]func(*remote.Identity){
		"network":   func(i *remote.Identity) { i.ChainID = "remote-2" },
		"genesis":   func(i *remote.Identity) { i.Genesis = common.Hash{2} },
		"namespace": func(i *remote.Identity) { i.Namespace[9]++ },
	} {
		id := ours
		change(&id)
		if _, err := remote.Dial(t.Context(), socket, id, quiet); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("another %s: %v", name, err)
		}
	}
	// An executor that changes behind a driver's back is not driven either.
	c := dial(t, socket)
	stop()
	id := ours
	id.Namespace[9]++
	s, err := remote.NewServer(exec, id, quiet)
	if err != nil {
		t.Fatal(err)
	}
	serve(t, s, socket)
	eventually(t, "the other executor refuses", func() bool {
		_, err := c.Execute(t.Context(), input(1, "x"))
		return err != nil && strings.Contains(err.Error(), "executor_hello")
	})
	if n := exec.executed.Load() + exec.rolledBack.Load(); n != 0 {
		t.Errorf("%d calls reached the executor", n)
	}
}

func TestDriversViewAndOutbox(t *testing.T) {
	socket := tempSocket(t)
	s := newServer(t, newDigest())
	serve(t, s, socket)
	c := dial(t, socket)
	select {
	case <-s.Ready():
		t.Fatal("ready, and no driver has told anything")
	default:
	}
	d := &fakeDriver{changed: make(chan struct{})}
	d.heads.Store(&rollups.Heads{Soft: rollups.Head{Height: 9, Output: rollups.Output{Number: 5}}, Firm: rollups.Head{Height: 4, Output: rollups.Output{Number: 3}}})
	ctx, cancel := context.WithCancel(t.Context())
	var price atomic.Uint64
	price.Store(1 << 61)
	told := make(chan error, 1)
	go func() { told <- c.Tell(ctx, d, func() int { return 3 }, price.Load) }()
	<-s.Ready()
	soft, firm, final := s.Heads()
	if soft != 5 || firm != 3 || final != 0 || s.Announced() != 11 || s.Peers() != 3 || s.FeePerByte() != 1<<61 || s.Status() != *d.heads.Load() {
		t.Errorf("the executor's process knows %+v, announced %d, peers %d, fee %d", s.Status(), s.Announced(), s.Peers(), s.FeePerByte())
	}
	_, changed := s.Soft()
	d.heads.Store(&rollups.Heads{Soft: rollups.Head{Height: 10}})
	price.Store(7)
	close(d.changed)
	<-changed
	if s.FeePerByte() != 7 {
		t.Errorf("the executor's process knows a price of %d, want that of the newest view", s.FeePerByte())
	}
	cancel()
	if err := <-told; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}

	// What its gateway wants published goes the other way, in order; what nobody takes is refused.
	var sent [][]byte
	for i := byte(0); ; i++ {
		err := s.Publish(t.Context(), [][]byte{{i}, {i, i}})
		if errors.Is(err, remote.ErrFull) {
			break
		}
		sent = append(sent, []byte{i}, []byte{i, i})
	}
	var have [][]byte
	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	err := c.Carry(ctx, func(_ context.Context, txs [][]byte) error {
		if have = append(have, txs...); len(have) == len(sent) {
			cancel()
		}
		return errors.New("nobody listens") // is logged; the gateway publishes again
	})
	if !errors.Is(err, context.Canceled) || !slices.EqualFunc(have, sent, bytes.Equal) {
		t.Errorf("%x was published, want %x: %v", have, sent, err)
	}
}

type fakeDriver struct {
	heads   atomic.Pointer[rollups.Heads]
	changed chan struct{}
}

func (d *fakeDriver) Status() rollups.Heads           { return *d.heads.Load() }
func (d *fakeDriver) Soft() (uint64, <-chan struct{}) { return d.Status().Soft.Height, d.changed }
func (d *fakeDriver) Announced() uint64               { return 11 }

func TestSocketIsForThisUserAlone(t *testing.T) {
	socket := tempSocket(t)
	dead, err := new(net.ListenConfig).Listen(t.Context(), "unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	dead.(*net.UnixListener).SetUnlinkOnClose(false) // as a process that was killed leaves it
	if err := dead.Close(); err != nil {
		t.Fatal(err)
	}
	stop := serve(t, newServer(t, newDigest()), socket)
	dial(t, socket)
	if info, err := os.Stat(socket); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if left, err := os.ReadDir(filepath.Dir(socket)); err != nil || len(left) != 1 {
		t.Errorf("beside the socket: %v, %v", left, err)
	}
	stop()
	if _, err := os.Stat(socket); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
	if err := os.WriteFile(socket, []byte("somebody's work"), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // ends a test that hangs
	defer cancel()
	if err := newServer(t, newDigest()).Serve(ctx, socket); err == nil || !strings.Contains(err.Error(), "no socket") {
		t.Errorf("a file at the socket's path: %v", err)
	}
	if kept, err := os.ReadFile(socket); err != nil || string(kept) != "somebody's work" {
		t.Errorf("the file holds %q, %v", kept, err)
	}
	_ = os.Remove(socket)
	long := filepath.Join(filepath.Dir(socket), strings.Repeat("x", 120))
	if err := newServer(t, newDigest()).Serve(t.Context(), long); err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("a path of %d bytes: %v", len(long), err)
	}
}

// What no driver sends gets an error, and never reaches the executor.
func TestRubbishIsRefused(t *testing.T) {
	exec := &counted{Executor: newDigest()}
	h := newServer(t, exec).Handler()
	id := hello(t, newServer(t, newDigest()).Handler())
	in := func(height, entries string) string {
		return `{"jsonrpc":"2.0","id":1,"method":"executor_execute","params":["` + id + `","` + exec.Head().BlockHash.Hex() + `",{"height":"` + height + `","hash":"` + common.Hash{1}.Hex() + `","timeMs":"0x1","entries":` + entries + `}]}`
	}
	for name, x := range map[string]struct{ body, want string }{
		"no JSON":             {"{", "parse error"},
		"no method":           {`{"jsonrpc":"2.0","id":1,"method":"executor_fly","params":[]}`, "does not exist"},
		"no identity":         {`{"jsonrpc":"2.0","id":1,"method":"executor_rollback","params":["` + common.Hash{9}.Hex() + `","0x0"]}`, "executor_hello"},
		"no entries":          {in("0x1", "[]"), "no entries"},
		"entries of null":     {in("0x1", "null"), "no entries"},
		"genesis height":      {in("0x0", `["0x01"]`), "genesis"},
		"no hexadecimal":      {in("0x1", `["01"]`), "hex"},
		"a height of 65 bits": {in("0x10000000000000000", `["0x01"]`), "64 bits"},
		"entries too large":   {in("0x1", `["0x`+strings.Repeat("00", block.MaxBodySize+forced.MaxInputBytes)+`","0x00"]`), "at most"},
		"request too large":   {in("0x1", `["0x`+strings.Repeat("00", 12<<20)+`"]`), "too large"},
		"more is forced":      {strings.Replace(in("0x1", `["0x01"]`), `"timeMs"`, `"forced":"0x2","timeMs"`, 1), "forced"},
		"half a fallback":     {strings.Replace(in("0x1", `["0x01","0x02"]`), `"timeMs"`, `"forced":"0x1","fallback":"0x9","timeMs"`, 1), "forced"},
		"a batch":             {"[" + in("0x1", `["0x01"]`) + "," + in("0x2", `["0x01"]`) + "]", "batch too large"},
		"heads out of order":  {`{"jsonrpc":"2.0","id":1,"method":"executor_view","params":["` + id + `",{"firm":{"height":"0x1"}}]}`, "ascend"},
	} {
		if answer := post(t, h, x.body); !strings.Contains(answer, x.want) {
			t.Errorf("%s: %.300s, want %q in it", name, answer, x.want)
		}
	}
	if n := exec.executed.Load() + exec.rolledBack.Load(); n != 0 {
		t.Errorf("%d calls reached the executor", n)
	}
}

// hello returns the identity's hash from a request that a client makes.
func hello(t testing.TB, h http.Handler) string {
	t.Helper()
	for _, r := range record(t, h) {
		var call struct {
			Method string
			Params []json.RawMessage
		}
		if err := json.Unmarshal(r.Request, &call); err != nil {
			t.Fatal(err)
		}
		if call.Method == "executor_rollback" {
			return strings.Trim(string(call.Params[0]), `"`)
		}
	}
	t.Fatal("no rollback was recorded")
	return ""
}

func post(t testing.TB, h http.Handler, body string) string {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Body.String()
}

// eventually waits for a condition.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for !condition() {
		if t.Context().Err() != nil {
			t.Fatalf("no: %s", what)
		}
		<-tick()
	}
}

func tick() <-chan time.Time { return time.After(5 * time.Millisecond) }
