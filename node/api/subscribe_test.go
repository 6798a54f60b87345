package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/rpc"
	"github.com/gorilla/websocket"

	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/lane"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/api"
	"github.com/lockstep-network/lockstep/node/internal/chaintest"
)

// A reader of a lane is cut off and resumes from its own cursor several times while the chain grows; it believes nothing, misses nothing and sees
// nothing twice. Not every height has a certificate of its own, and a reader that lags is given the last one that covers what it is given.
func TestLaneSubscriptionResumesWithoutGaps(t *testing.T) {
	const heights = 40
	n := newNode(t)
	trust, err := n.Genesis.Trust()
	if err != nil {
		t.Fatal(err)
	}
	grown := make(chan struct{})
	go func() {
		defer close(grown)
		for h := uint64(1); h <= heights; h++ {
			n.Commit(t, n.store, n.Tx(t, h+9, chaintest.Leg(chaintest.Alpha, fmt.Sprint(h))), n.Tx(t, h+9, chaintest.Leg(chaintest.Beta, "other")))
			if h%4 == 0 {
				n.Certify(t, n.store, h)
			}
		}
	}()
	defer func() { <-grown }()
	for life := 0; trust.Height < heights; life++ {
		c := n.dial("ws")
		notices := make(chan api.LaneNotice)
		sub, err := c.Lanes(t.Context(), chaintest.Alpha, trust.Height+1, notices)
		if err != nil {
			t.Fatal(err)
		}
		until := min(heights, trust.Height+12)
		var run []block.Header
		for trust.Height < until {
			select {
			case notice := <-notices:
				run, trust = take(t, n, trust, run, notice)
			case err := <-sub.Err():
				t.Fatalf("life %d ended at height %d: %v", life, trust.Height, err)
			}
		}
		if life%2 == 0 {
			sub.Unsubscribe()
		}
		c.Close()
	}
}

// take verifies one notice: its lane at once against its header, its header when the run's certificate comes.
func take(t *testing.T, n *node, trust cert.Trust, run []block.Header, notice api.LaneNotice) ([]block.Header, cert.Trust) {
	t.Helper()
	h, err := block.DecodeHeader(notice.Header.Raw)
	if err != nil {
		t.Fatal(err)
	}
	p := lane.Proof{Start: notice.Lane.Proof.Start, End: notice.Lane.Proof.End, LeafHash: notice.Lane.Proof.LeafHash}
	for _, node := range notice.Lane.Proof.Nodes {
		p.Nodes = append(p.Nodes, node)
	}
	if err := p.VerifyPresent(h.DataRoot, chaintest.Alpha, notice.Lane.Data); err != nil {
		t.Fatal(err)
	}
	entries, err := lane.Decode(notice.Lane.Data)
	if err != nil || len(entries) != 1 || string(entries[0].Data) != fmt.Sprint(h.Height) {
		t.Fatalf("height %d holds %d entries: %v", h.Height, len(entries), err)
	}
	run = append(run, h)
	if len(notice.Certificate) == 0 {
		return run, trust
	}
	c, err := cert.Decode(notice.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	if trust, err = trust.Advance(cert.Run{Headers: run, Certificate: c}); err != nil {
		t.Fatal(err)
	}
	return nil, trust
}

func TestSubscriptionErrors(t *testing.T) {
	n := newNode(t, func(c *api.Config) { c.Limits.SubscriptionsPerConnection, c.Limits.Subscriptions = 2, 3 })
	for range 4 {
		n.block()
	}
	n.Certify(t, n.store, 4)
	if err := n.store.SetCursor("reader", 4); err != nil {
		t.Fatal(err)
	}
	if _, err := n.store.Prune(3); err != nil {
		t.Fatal(err)
	}
	first, second := make(chan api.HeaderNotice), make(chan api.HeaderNotice)
	open := func() *rpc.Client {
		c, err := rpc.DialContext(t.Context(), "ws://"+n.server.Addr())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		return c
	}
	a, b := open(), open()
	for name, test := range map[string]struct {
		args   []any
		number int
	}{
		"pruned":                {[]any{"headers", 2}, -38002},
		"far in the future":     {[]any{"headers", 4 + 65}, -38001},
		"the largest height":    {[]any{"headers", "0xffffffffffffffff"}, -38001},
		"a lane far ahead":      {[]any{"lane", chaintest.Alpha, 4 + 65}, -38001},
		"a short namespace":     {[]any{"lane", "0x61", 4}, -32602},
		"height 0":              {[]any{"headers", 0}, -38004},
		"not a height":          {[]any{"headers", "x"}, -32602},
		"a lane of nothing":     {[]any{"lane"}, -32602},
		"of nothing that is":    {[]any{"blocks"}, -32601},
		"a transaction of none": {[]any{"transaction"}, -32602},
	} {
		_, err := a.Subscribe(t.Context(), "seq", first, test.args...)
		var e rpc.Error
		if !errors.As(err, &e) || e.ErrorCode() != test.number {
			t.Errorf("%s: %v, want %d", name, err, test.number)
		}
	}
	subscribe := func(c *rpc.Client, out chan api.HeaderNotice) error {
		_, err := c.Subscribe(t.Context(), "seq", out, "headers")
		return err
	}
	if err := errors.Join(subscribe(a, first), subscribe(a, second)); err != nil {
		t.Fatal(err)
	}
	if err := subscribe(a, first); err == nil || !strings.Contains(err.Error(), "too many") {
		t.Errorf("a third subscription of one connection: %v", err)
	}
	if err := subscribe(b, first); err != nil {
		t.Error(err)
	}
	if err := subscribe(b, first); err == nil || !strings.Contains(err.Error(), "too many") {
		t.Errorf("a fourth subscription in all: %v", err)
	}
	n.block()
	n.Certify(t, n.store, 5)
	if got := <-second; got.Header.Height != 5 {
		t.Errorf("without a height the first header is %d, want the next certified one, 5", got.Header.Height)
	}
}

// A subscription may begin a little above what this node has: the client may come from one that is ahead.
func TestSubscriptionWaitsForAHeightThatIsNear(t *testing.T) {
	n := newNode(t)
	n.block()
	n.Certify(t, n.store, 1)
	c, err := rpc.DialContext(t.Context(), "ws://"+n.server.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	headers := make(chan api.HeaderNotice)
	for _, from := range []uint64{3, 1 + 64} {
		if _, err := c.Subscribe(t.Context(), "seq", headers, "headers", from); err != nil {
			t.Fatalf("from %d: %v", from, err)
		}
	}
	for range 2 {
		n.block()
	}
	n.Certify(t, n.store, 3)
	if got := <-headers; got.Header.Height != 3 {
		t.Errorf("the first header is %d, want 3", got.Header.Height)
	}
}

// A client that does not read holds up nobody else, is held in no buffer, and is cut off; the others go on.
func TestSlowConsumerIsCutOff(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for the write timeout of 10 s")
	}
	n := newNode(t)
	big := strings.Repeat("y", 120<<10)
	for range 12 {
		var txs []tx.Verified
		for range 6 {
			txs = append(txs, n.Tx(t, 50, chaintest.Leg(chaintest.Alpha, big)))
		}
		n.block(txs...)
	}
	n.Certify(t, n.store, 12)
	conn, response, err := websocket.DefaultDialer.DialContext(t.Context(), "ws://"+n.server.Addr(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = response.Body.Close()
	if err := conn.UnderlyingConn().(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
		t.Fatal(err)
	}
	ask := map[string]any{"jsonrpc": "2.0", "id": 1, "method": "seq_subscribe", "params": []any{"lane", chaintest.Alpha, 1}}
	if err := conn.WriteJSON(ask); err != nil {
		t.Fatal(err)
	}
	reader := make(chan api.LaneNotice)
	sub, err := n.ws.Lanes(t.Context(), chaintest.Alpha, 1, reader)
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Unsubscribe()
	for want := uint64(1); want <= 12; want++ {
		if got := (<-reader).Header.Height; got != want {
			t.Fatalf("the other client got %d, want %d", got, want)
		}
	}
	// The write timeout of go-ethereum's server is 10 s; then the connection is reset, which the client sees when it writes.
	for waited := 0; conn.WriteMessage(websocket.PingMessage, nil) == nil; waited++ {
		if waited > 300 {
			t.Fatal("the slow client is still connected after 30 s")
		}
		time.Sleep(100 * time.Millisecond)
	}
	if late := n.dial("ws"); late != nil {
		if _, err := late.Status(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// What the server refuses before any method runs.
func TestServerLimits(t *testing.T) {
	n := newNode(t, func(c *api.Config) {
		c.Limits.RequestBytes, c.Limits.BatchItems, c.Limits.BatchResponseBytes, c.Limits.Connections = 4096, 3, 2000, 4
	})
	n.block()
	post := func(body, contentType string) (int, string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+n.server.Addr(), strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", contentType)
		request.Header.Set("Origin", "https://elsewhere.example")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if response.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Error("a browser's page of another origin may read answers")
		}
		text, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(text)
	}
	call := `{"jsonrpc":"2.0","id":1,"method":"seq_getHeader","params":[1]}`
	for name, test := range map[string]struct {
		body, contentType string
		status            int
		text              string
	}{
		"a call":               {call, "application/json", 200, `"height":1`},
		"a batch":              {"[" + call + "," + call + "]", "application/json", 200, `"height":1`},
		"too many in a batch":  {"[" + strings.Repeat(call+",", 3) + call + "]", "application/json", 200, "batch too large"},
		"too large an answer":  {"[" + strings.Repeat(call+",", 2) + call + "]", "application/json", 200, "response too large"},
		"too large a request":  {strings.Repeat(" ", 5000) + call, "application/json", 413, "too large"},
		"no JSON":              {"{", "application/json", 200, "-32700"},
		"an empty batch":       {"[]", "application/json", 200, "-32600"},
		"another content type": {call, "text/plain", 415, "invalid content type"},
	} {
		if status, text := post(test.body, test.contentType); status != test.status || !strings.Contains(text, test.text) {
			t.Errorf("%s: %d %.200s", name, status, text)
		}
	}
	// A WebSocket message above the limit ends that connection only.
	big := n.dial("ws")
	patience, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel() // go-ethereum's client can wait for ever, if the connection ends between its write and its note of it
	if _, err := big.SendTransaction(patience, n.Tx(t, 50, chaintest.Leg(chaintest.Alpha, strings.Repeat("z", 8000)))); err == nil {
		t.Error("a message above the limit is answered")
	}
	big.Close()
	if _, err := n.ws.ChainID(t.Context()); err != nil {
		t.Error(err)
	}
	// Connections above the bound are closed at once; when one of the others goes, there is room again.
	http.DefaultClient.CloseIdleConnections()
	var conns []net.Conn
	defer func() {
		for _, c := range conns {
			_ = c.Close()
		}
	}()
	refused := 0
	for range 8 {
		c, err := new(net.Dialer).DialContext(t.Context(), "tcp", n.server.Addr())
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
		_ = c.SetDeadline(time.Now().Add(10 * time.Second))
		if _, err = fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(call), call); err == nil {
			_, err = c.Read(make([]byte, 12))
		}
		if err != nil {
			refused++
		}
	}
	if refused < 4 {
		t.Errorf("%d of 8 connections refused, want at least 4", refused)
	}
}

// A page of an allowed origin may read answers, over both.
func TestAllowedOrigin(t *testing.T) {
	n := newNode(t, func(c *api.Config) { c.Origins = []string{"https://wallet.example"} })
	for origin, allowed := range map[string]bool{"https://wallet.example": true, "https://elsewhere.example": false} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, "http://"+n.server.Addr(), http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Origin", origin)
		request.Header.Set("Access-Control-Request-Method", http.MethodPost)
		request.Header.Set("Access-Control-Request-Headers", "content-type")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if got := response.Header.Get("Access-Control-Allow-Origin") == origin; got != allowed {
			t.Errorf("%s over HTTP: allowed %t", origin, got)
		}
		conn, answer, err := websocket.DefaultDialer.DialContext(t.Context(), "ws://"+n.server.Addr(), http.Header{"Origin": {origin}})
		if (err == nil) != allowed {
			t.Errorf("%s over WebSocket: %v", origin, err)
		}
		if answer != nil {
			_ = answer.Body.Close()
		}
		if conn != nil {
			_ = conn.Close()
		}
	}
}

// The server stops with subscriptions open and clients connected, and leaves nothing behind.
func TestServerStops(t *testing.T) {
	n := newNode(t)
	ctx, cancel := context.WithCancel(t.Context())
	cfg := api.Config{Listen: "127.0.0.1:0", Store: n.store, Pool: n.pool, Network: lonely{}}
	s, err := api.New(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	c, err := rpc.DialContext(ctx, "ws://"+s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	notices := make(chan json.RawMessage)
	sub, err := c.Subscribe(ctx, "seq", notices, "headers", 1)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if err := <-sub.Err(); err == nil {
		t.Log("ended without an error")
	}
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Errorf("closed again: %v", err)
	}
	if _, err := api.New(t.Context(), api.Config{Listen: "127.0.0.1:x", Store: n.store, Pool: n.pool}); err == nil {
		t.Error("listens on no port")
	}
}
