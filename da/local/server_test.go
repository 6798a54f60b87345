package local

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/da/datest"
	"github.com/lockstep-network/lockstep/namespaces"
)

func serve(t *testing.T, l *Layer) (*Client, string) {
	t.Helper()
	h, err := NewServer(l)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	c, err := Dial(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, s.URL
}

func TestConformanceOverHTTP(t *testing.T) {
	datest.Run(t, func(t *testing.T) da.Layer {
		c, _ := serve(t, open(t, t.TempDir(), Options{Interval: 2 * time.Millisecond, MaxBlock: 1 << 20, MaxBlob: 1 << 19}))
		return c
	})
}

func TestErrorsSurviveTheWire(t *testing.T) {
	for _, c := range codes() {
		err := fromWire(toWire(fmt.Errorf("somewhere: %w", c.err)))
		for _, other := range codes() {
			if errors.Is(err, other.err) != (c.code == other.code) {
				t.Errorf("%v arrives as %v, which is taken for %v", c.err, err, other.err)
			}
		}
	}
	var large da.ErrTooLarge
	if err := fromWire(toWire(da.ErrTooLarge{Limit: 77})); !errors.As(err, &large) || large.Limit != 77 {
		t.Errorf("too large arrives as %v", err)
	}
	for name, err := range map[string]error{
		"no answer":              io.ErrUnexpectedEOF,
		"a layer's own trouble":  toWire(errors.New("disk")),
		"a limit that is none":   wireError{errors.New("x"), codeTooLarge, "many"},
		"a limit below one":      wireError{errors.New("x"), codeTooLarge, limitData{0}},
		"a code of someone else": wireError{errors.New("x"), -32601, nil},
	} {
		if !errors.Is(fromWire(err), da.ErrUnavailable) {
			t.Errorf("%s: %v, want ErrUnavailable", name, fromWire(err))
		}
	}
	if toWire(nil) != nil {
		t.Error("no error becomes one")
	}
}

func TestClientWithoutServer(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	c, err := Dial(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(name string) {
		t.Helper()
		_, headErr := c.Head(t.Context())
		_, readErr := c.Read(t.Context(), 1, nsA)
		_, submitErr := c.Submit(t.Context(), []da.Blob{{Namespace: nsA, Data: []byte("x")}})
		for _, err := range []error{headErr, readErr, submitErr} {
			if !errors.Is(err, da.ErrUnavailable) {
				t.Errorf("%s: %v, want ErrUnavailable", name, err)
			}
		}
	}
	ask("a server of something else")
	s.Close()
	ask("no server")
	for _, u := range []string{"", "localhost:80", "ftp://x", "http://", "http://a b"} {
		if _, err := Dial(u); err == nil {
			t.Errorf("dial %q is taken", u)
		}
	}
}

func TestHostileServer(t *testing.T) {
	answer := ""
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			if strings.HasPrefix(answer, "{") {
				w.WriteHeader(http.StatusUnprocessableEntity)
			}
			if strings.HasPrefix(answer, "long") { // an answer that does not say how long it is
				w.(http.Flusher).Flush()
			}
			_, _ = io.WriteString(w, answer)
			return
		}
		var req struct{ ID json.RawMessage }
		_ = json.NewDecoder(r.Body).Decode(&req) // a request without id gets an answer without one
		fmt.Fprintf(w, `{"jsonrpc":"2.0","id":%s,"result":%s}`, req.ID, answer)
	}))
	defer s.Close()
	c, err := Dial(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	for _, answer = range []string{
		"rub", "rubbish", "\x00\x00\x00\x00", "\x00\x00\x00\x02x", "\xff\xff\xff\xffx", "\x00\x00\x00\x01x\x00", "long\x00", "{", `{"code":1}`, `{"code":-39001}`,
	} {
		if blobs, err := c.Read(t.Context(), 1, nsA); !errors.Is(err, da.ErrUnavailable) {
			t.Errorf("answer %q: %v, %v, want ErrUnavailable", answer, blobs, err)
		}
	}
	answer = "\x00\x00\x00\x01x\x00\x00\x00\x02yz"
	if blobs, err := c.Read(t.Context(), 1, nsA); err != nil || len(blobs) != 2 || string(blobs[1].Data) != "yz" || blobs[1].Namespace != nsA {
		t.Errorf("a true answer: %v, %v", blobs, err)
	}
	answer = "0"
	if _, err := c.Submit(t.Context(), []da.Blob{{Namespace: nsA, Data: []byte("x")}}); !errors.Is(err, da.ErrUnavailable) {
		t.Errorf("a submission at height 0: %v", err)
	}
}

func TestServerRefuses(t *testing.T) {
	l := open(t, t.TempDir(), Options{Interval: ManualBlocks, MaxBlock: 1000})
	c, url := serve(t, l)
	post := func(body string) (int, string) {
		t.Helper()
		resp, err := http.Post(url, "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		raw, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(raw)
	}
	call := `{"jsonrpc":"2.0","id":1,"method":"da_head","params":[]}`
	for name, body := range map[string]string{
		"rubbish":             "{",
		"an unknown method":   `{"jsonrpc":"2.0","id":1,"method":"da_drop","params":[]}`,
		"a bad namespace":     `{"jsonrpc":"2.0","id":1,"method":"da_seek","params":[1,["0xzz"]]}`,
		"a long namespace":    `{"jsonrpc":"2.0","id":1,"method":"da_seek","params":[1,["0x` + strings.Repeat("11", 11) + `"]]}`,
		"bad base64":          `{"jsonrpc":"2.0","id":1,"method":"da_submit","params":[[{"namespace":"0xaa","data":"%"}]]}`,
		"a negative height":   `{"jsonrpc":"2.0","id":1,"method":"da_seek","params":[-1,["0xaa"]]}`,
		"too long a batch":    "[" + strings.TrimSuffix(strings.Repeat(call+",", batchItems+1), ",") + "]",
		"many namespaces":     `{"jsonrpc":"2.0","id":1,"method":"da_seek","params":[1,[` + strings.TrimSuffix(strings.Repeat(`"0xaa",`, da.MaxSeek+1), ",") + `]]}`,
		"height as a string":  `{"jsonrpc":"2.0","id":1,"method":"da_seek","params":["one",["0xaa"]]}`,
		"a missing parameter": `{"jsonrpc":"2.0","id":1,"method":"da_seek","params":[1]}`,
	} {
		if status, answer := post(body); status == http.StatusOK && !strings.Contains(answer, `"error"`) {
			t.Errorf("%s: %s", name, answer)
		}
	}
	for _, query := range []string{"", "?height=1", "?namespace=0xaa", "?height=-1&namespace=0xaa", "?height=one&namespace=0xaa", "?height=1&namespace=0xzz"} {
		resp, err := http.Get(url + query)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(resp.Body)
		if _ = resp.Body.Close(); err != nil || resp.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(string(raw), fmt.Sprint(codeInvalid)) {
			t.Errorf("a read of %q: status %d, %s", query, resp.StatusCode, raw)
		}
	}
	if status, _ := post(string(bytes.Repeat([]byte{' '}, bodyLimit(1000)+1))); status != http.StatusRequestEntityTooLarge {
		t.Errorf("a body beyond the limit: status %d", status)
	}
	if _, err := c.Submit(t.Context(), []da.Blob{{Namespace: nsA, Data: make([]byte, 4*bodyLimit(1000))}}); !errors.Is(err, da.ErrTooLarge{}) {
		t.Errorf("a submission beyond the body limit: %v", err)
	}
	if l.Height() != 0 {
		t.Errorf("refused requests made %d blocks", l.Height())
	}
}

func TestServerBoundsWhatIsInFlight(t *testing.T) {
	l := open(t, t.TempDir(), Options{Interval: time.Hour, MaxBlock: 1 << 20})
	c, _ := serve(t, l)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	const writers = bodiesInFlight + 2
	errs := make(chan error, writers)
	for range writers {
		go func() {
			_, err := c.Submit(ctx, []da.Blob{{Namespace: nsA, Data: make([]byte, 1<<20)}})
			errs <- err
		}()
	}
	if err := <-errs; !errors.Is(err, da.ErrUnavailable) { // the first to come back was refused: no block is made within the hour
		t.Errorf("more than the server holds: %v, want ErrUnavailable", err)
	}
	cancel()
	for range writers - 1 {
		if err := <-errs; err == nil {
			t.Error("a submission without a block succeeded")
		}
	}
}

func TestSeekPassesOverEmptyHeights(t *testing.T) {
	l := manual(t, t.TempDir())
	c, _ := serve(t, l)
	for range 500 {
		if err := l.Advance(); err != nil {
			t.Fatal(err)
		}
	}
	h := submit(t, l, nsB, "far")
	for _, layer := range []da.Layer{l, c} {
		got, err := da.Next(t.Context(), layer, 1, h, []namespaces.Namespace{nsA, nsB})
		if err != nil || got != h {
			t.Errorf("next is %d, want %d: %v", got, h, err)
		}
		if got, err = da.Next(t.Context(), layer, 1, h, []namespaces.Namespace{nsA}); err != nil || got != h+1 {
			t.Errorf("next of an empty namespace is %d, want %d: %v", got, h+1, err)
		}
	}
}

// What is read as blobs is those very bytes: nothing is left over, nothing made up.
func FuzzDecodeBlobs(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x01x\x00\x00\x00\x02yz"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		blobs, err := decodeBlobs(bytes.NewReader(raw), int64(len(raw)), nsA)
		if err != nil {
			return
		}
		var again []byte
		for _, b := range blobs {
			again = append(binary.BigEndian.AppendUint32(again, uint32(len(b.Data))), b.Data...)
		}
		if !bytes.Equal(again, raw) {
			t.Fatalf("%x is read as %x", raw, again)
		}
	})
}
