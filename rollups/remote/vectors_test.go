package remote_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/internal/golden"
	"github.com/lockstep-network/lockstep/rollups"
	"github.com/lockstep-network/lockstep/rollups/remote"
)

func FuzzServer(f *testing.F) {
	h := newServer(f, newDigest()).Handler()
	for _, r := range record(f, newServer(f, newDigest()).Handler()) {
		if !bytes.Contains(r.Request, []byte("outbox")) { // it waits
			f.Add([]byte(r.Request))
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if bytes.Contains(bytes.ToLower(body), []byte("outbox")) || bytes.Contains(body, []byte(`\u`)) {
			t.Skip()
		}
		answer := post(t, h, string(body))
		if answer != "" && !json.Valid([]byte(answer)) && !strings.Contains(answer, "too large") {
			t.Errorf("answer %q", answer)
		}
	})
}

// exchange is a request and its answer, as they stand on the wire.
type exchange struct {
	What    string          `json:"what"`
	Request json.RawMessage `json:"request"`
	Answer  json.RawMessage `json:"answer"`
}

// record plays one session of a driver's, and keeps what goes over the wire.
func record(t testing.TB, h http.Handler) []exchange {
	t.Helper()
	var out []exchange
	what := ""
	socket := tempSocket(t)
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, r)
		out = append(out, exchange{what, body, json.RawMessage(bytes.TrimSpace(answer.Body.Bytes()))})
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(answer.Body.Bytes())
	})}
	go func() { _ = server.Serve(l) }()
	defer server.Close()

	what = "handshake"
	c := dial(t, socket)
	what = "an input on the genesis"
	_, err = c.Execute(t.Context(), input(2, "first", ""))
	what = "the same input again: its block is named, nothing is executed"
	_, again := c.Execute(t.Context(), input(2, "first", ""))
	what = "heads"
	ctx, cancel := context.WithCancel(t.Context())
	d := &fakeDriver{changed: make(chan struct{})}
	d.heads.Store(&rollups.Heads{
		Soft: rollups.Head{Height: 2, Hash: common.Hash{2, 7}, Output: c.Head()}, Firm: rollups.Head{Height: 1, Hash: common.Hash{1, 7}},
	})
	told := 0
	_ = c.Tell(ctx, d, func() int {
		if told++; told == 2 {
			cancel()
		} else {
			close(d.changed)
		}
		return 1
	}, func() uint64 { return 1_000_000_001 })
	what = "back to the genesis"
	back := c.Rollback(t.Context(), 0)
	what = "an input of which the first entry is forced"
	in := input(2, "first", "forced")
	in.Forced = 1
	_, force := c.Execute(t.Context(), in)
	what = "a fallback block behind it"
	_, fallback := c.Execute(t.Context(), rollups.Input{Height: 2, Hash: common.Hash{9}, TimeMS: 1_700_000_000_000, Entries: [][]byte{{7}}, Forced: 1, Fallback: 26})
	if err := errors.Join(err, again, back, force, fallback); err != nil {
		t.Fatal(err)
	}
	return out
}

// The wire, byte for byte: specs/07-derivation.md, "Executor over the wire".
func TestVectors(t *testing.T) {
	s := newServer(t, newDigest())
	h := s.Handler()
	list := record(t, h)
	id := hello(t, newServer(t, newDigest()).Handler())
	if err := s.Publish(t.Context(), [][]byte{{1, 2}, {3}}); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct{ what, request string }{
		{"Txs to publish", `{"jsonrpc":"2.0","id":1,"method":"executor_outbox","params":["` + id + `"]}`},
		{"an input on another block than the head", `{"jsonrpc":"2.0","id":1,"method":"executor_execute","params":["` + id + `","` + common.Hash{5}.Hex() + `",{"height":"0x3","hash":"` + common.Hash{6}.Hex() + `","timeMs":"0x1","entries":["0x01"]}]}`},
		{"another identity", `{"jsonrpc":"2.0","id":1,"method":"executor_rollback","params":["` + common.Hash{5}.Hex() + `","0x0"]}`},
		{"another version", `{"jsonrpc":"2.0","id":1,"method":"executor_hello","params":[{"version":"0x1","chainId":"remote-1","genesis":"` + ours.Genesis.Hex() + `","namespace":"` + ours.Namespace.String() + `"}]}`},
	} {
		list = append(list, exchange{x.what, json.RawMessage(x.request), json.RawMessage(strings.TrimSpace(post(t, h, x.request)))})
	}
	failing := &counted{Executor: newDigest()}
	cause := error(&rollups.ExecutorError{Severity: rollups.Critical, Err: errors.New("the state is damaged")})
	failing.fail.Store(&cause)
	request := `{"jsonrpc":"2.0","id":1,"method":"executor_rollback","params":["` + id + `","0x1"]}`
	list = append(list, exchange{"the executor's own error", json.RawMessage(request), json.RawMessage(strings.TrimSpace(post(t, newServer(t, failing).Handler(), request)))})
	for i := range list { // a client numbers its requests
		list[i].Request, list[i].Answer = renumber(t, list[i].Request), renumber(t, list[i].Answer)
	}
	golden.Check(t, "executor", map[string]any{
		"identity":  map[string]any{"version": remote.Version, "chainId": ours.ChainID, "genesis": ours.Genesis, "namespace": ours.Namespace, "hash": id},
		"exchanges": list,
	})
}

func renumber(t testing.TB, raw json.RawMessage) json.RawMessage {
	t.Helper()
	var m map[string]json.RawMessage
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	m["id"] = json.RawMessage("1")
	out, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
