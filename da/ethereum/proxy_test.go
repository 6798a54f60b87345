package ethereum

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// request is one JSON-RPC call.
type request struct {
	ID     json.RawMessage   `json:"id"`
	Method string            `json:"method"`
	Params []json.RawMessage `json:"params"`
}

// proxy stands before an Anvil and makes it misbehave.
type proxy struct {
	testing.TB
	URL    string
	target string

	mu    sync.Mutex                  // guards the fields below
	hook  func(r request) (any, bool) // answers a call itself, or not
	calls map[string]int              // forwarded or not, by method
}

func newProxy(t testing.TB, target string) *proxy {
	t.Helper()
	p := &proxy{TB: t, target: target, calls: map[string]int{}}
	s := httptest.NewServer(p)
	t.Cleanup(s.Close)
	p.URL = s.URL
	return p
}

// set changes how it misbehaves.
func (p *proxy) set(hook func(r request) (any, bool)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hook = hook
}

func (p *proxy) count(method string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls[method]
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	var many []json.RawMessage
	if json.Unmarshal(raw, &many) != nil {
		_, _ = w.Write(p.answer(r, raw))
		return
	}
	var answers []json.RawMessage
	for _, one := range many {
		answers = append(answers, p.answer(r, one))
	}
	_ = json.NewEncoder(w).Encode(answers)
}

func (p *proxy) answer(r *http.Request, raw []byte) json.RawMessage {
	var call request
	if err := json.Unmarshal(raw, &call); err != nil {
		p.Error(err)
	}
	p.mu.Lock()
	hook := p.hook
	p.calls[call.Method]++
	p.mu.Unlock()
	if hook != nil {
		if result, ok := hook(call); ok {
			key := "result"
			if m, isError := result.(map[string]any); isError && m["code"] != nil {
				key = "error"
			}
			out, _ := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": call.ID, key: result})
			return out
		}
	}
	req, err := http.NewRequestWithContext(r.Context(), http.MethodPost, p.target, bytes.NewReader(raw))
	if err != nil {
		p.Error(err)
		return nil
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil // the test is over
	}
	defer func() { _ = resp.Body.Close() }()
	out, _ := io.ReadAll(resp.Body)
	return out
}

// beaconBefore stands before a beacon API and changes the list of blobs, or answers 404 if that is nil.
func beaconBefore(t testing.TB, target string, change func(path string, blobs []string) []string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/eth/v1/beacon/blobs/") {
			http.NotFound(w, r)
			return
		}
		req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, target+r.URL.Path, nil)
		if err != nil {
			t.Error(err)
			return
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return // the test is over
		}
		defer func() { _ = resp.Body.Close() }()
		var answer struct {
			Data []string `json:"data"`
		}
		if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
			t.Error(err)
			return
		}
		blobs := change(r.URL.Path, answer.Data)
		if blobs == nil {
			http.NotFound(w, r)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"data": blobs})
	}))
	t.Cleanup(s.Close)
	return s.URL
}
