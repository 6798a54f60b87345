package celestia_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/da/celestia"
	"github.com/lockstep-network/lockstep/da/celestia/celestiatest"
)

// TestPriceRises: a network that asks more gets what it asks for, at the second attempt, and not more.
func TestPriceRises(t *testing.T) {
	n, l := start(t, celestiatest.Config{GasPrice: 31_000})
	bs := blobs(nsA(), strings.Repeat("x", 5000))
	submit(t, l, bs...)
	if calls := n.Calls("blob.Submit"); calls != 2 {
		t.Errorf("%d attempts, want 2", calls)
	}
	gas := celestia.GasFor(5000)
	if spent, most := n.Spent(), gas*31_400/1_000_000; spent > most {
		t.Errorf("paid %d utia, %d would do", spent, most)
	}
	submit(t, l, bs...)
	if calls := n.Calls("blob.Submit"); calls != 3 {
		t.Errorf("%d attempts in all, want 3: the price was forgotten", calls)
	}
}

// TestPriceHasALimit: beyond it nothing is sent, and later, when the network is calm, all is well.
func TestPriceHasALimit(t *testing.T) {
	n, l := start(t, celestiatest.Config{GasPrice: 300_000})
	_, err := l.Submit(t.Context(), blobs(nsA(), "x"))
	wantErr(t, err, da.ErrFeeTooLow, celestia.ErrFeeLimit)
	if errors.Is(err, da.ErrUnavailable) || n.Spent() > 0 {
		t.Errorf("spent %d: %v", n.Spent(), err)
	}
	n.SetGasPrice(4_000)
	submit(t, l, blobs(nsA(), "x")...)
}

// TestWordlessRefusal: a node that does not say what it asks for is offered half as much again, until it takes it.
func TestWordlessRefusal(t *testing.T) {
	n, l := start(t, celestiatest.Config{})
	n.Interfere(func(m string, number int) celestiatest.Fault {
		if m == "blob.Submit" && number <= 3 {
			return celestiatest.Fault{Message: "state: estimated gas price exceeds max gas price in tx config"}
		}
		return celestiatest.Fault{}
	})
	submit(t, l, blobs(nsA(), "x")...)
	if want := celestia.GasFor(1) * 4_000 * 27 / 8 / 1_000_000; n.Spent() < want || n.Spent() > want+2 {
		t.Errorf("paid %d utia, want %d and a little", n.Spent(), want)
	}
}

func TestSpendLimit(t *testing.T) {
	n := celestiatest.New(t, celestiatest.Config{Token: token})
	c := config(n)
	c.Fees.SpendPerHour = 1000 // utia: two of 320
	l := open(t, c)
	submit(t, l, blobs(nsA(), "x")...)
	// One whose outcome is unknown counts.
	once(n, "blob.Submit", celestiatest.Fault{Status: 502, Late: true})
	_, err := l.Submit(t.Context(), blobs(nsA(), "y"))
	wantErr(t, err, da.ErrUnavailable)
	submit(t, l, blobs(nsA(), "z")...)
	_, err = l.Submit(t.Context(), blobs(nsA(), "x"))
	wantErr(t, err, da.ErrFeeTooLow, celestia.ErrSpendLimit)
	if n.Spent() > 1000 {
		t.Errorf("%d utia were spent", n.Spent())
	}
}

func TestFunds(t *testing.T) {
	n, l := start(t, celestiatest.Config{Balance: 321})
	_, err := l.Submit(t.Context(), blobs(nsA(), strings.Repeat("x", 100_000)))
	wantErr(t, err, da.ErrFeeTooLow, celestia.ErrFunds)
	if !strings.Contains(err.Error(), "out of 321") {
		t.Errorf("the error does not say what is there: %v", err)
	}
	if b, err := l.Balance(t.Context()); err != nil || b != 321 {
		t.Errorf("balance %d, %v", b, err)
	}
	if calls := n.Calls("blob.Submit"); calls != 1 {
		t.Errorf("%d attempts", calls)
	}
}

// TestLearnsTheSize: a network that takes less than configured says so, and is believed at once, also for the next submission.
func TestLearnsTheSize(t *testing.T) {
	n := celestiatest.New(t, celestiatest.Config{Token: token, MaxTx: 200_000})
	l := open(t, config(n))
	var large da.ErrTooLarge
	for range 2 {
		_, err := l.Submit(t.Context(), []da.Blob{{Namespace: nsA(), Data: make([]byte, 1<<20)}})
		if !errors.As(err, &large) || errors.Is(err, da.ErrUnavailable) || large.Limit > 200_000 || large.Limit < 190_000 {
			t.Fatalf("%v", err)
		}
	}
	if n.Calls("blob.Submit") != 1 {
		t.Errorf("%d attempts, want 1", n.Calls("blob.Submit"))
	}
	submit(t, l, da.Blob{Namespace: nsA(), Data: make([]byte, large.Limit)})

	// A square that is too small for what a transaction may have says no number: half is tried.
	l = open(t, config(celestiatest.New(t, celestiatest.Config{Token: token, MaxSquare: 16})))
	_, err := l.Submit(t.Context(), []da.Blob{{Namespace: nsA(), Data: make([]byte, 300_000)}})
	if !errors.As(err, &large) || large.Limit != 150_000 {
		t.Fatalf("%v", err)
	}
}

// TestManySmallBlobs: what each blob adds to a transaction is counted before the node counts it.
func TestManySmallBlobs(t *testing.T) {
	n, l := start(t, celestiatest.Config{MaxTx: 2 << 20})
	bs := make([]da.Blob, 0, 4000)
	for range cap(bs) {
		bs = append(bs, da.Blob{Namespace: nsA(), Data: make([]byte, 400)})
	}
	_, err := l.Submit(t.Context(), bs)
	wantErr(t, err, da.ErrTooLarge{})
	if n.Calls("blob.Submit") != 0 {
		t.Error("the node was asked")
	}
}

// TestUnknownOutcomes: whatever keeps the driver from knowing is told as such, and never as a success.
func TestUnknownOutcomes(t *testing.T) {
	for name, x := range map[string]struct {
		method string
		fault  celestiatest.Fault
	}{
		"the answer is lost":               {"blob.Submit", celestiatest.Fault{Status: 502, Late: true}},
		"the node dies before":             {"blob.Submit", celestiatest.Fault{Status: 503}},
		"the answer is rubbish":            {"blob.Submit", celestiatest.Fault{Body: "<html>", Late: true}},
		"the answer is cut":                {"blob.Submit", celestiatest.Fault{Body: `{"jsonrpc":"2.0","id":1,"resu`, Late: true}},
		"the answer is to another request": {"blob.Submit", celestiatest.Fault{Body: `{"jsonrpc":"2.0","id":77,"result":5}`, Late: true}},
		"height 0":                         {"blob.Submit", celestiatest.Fault{Body: `{"id":$id,"result":0}`, Late: true}},
		"already in the mempool":           {"blob.Submit", celestiatest.Fault{Message: "tx already in mempool"}},
		"a nonce that is not right":        {"blob.Submit", celestiatest.Fault{Message: "incorrect account sequence: account sequence mismatch, expected 5, got 4"}},
		"a text of no known meaning":       {"blob.Submit", celestiatest.Fault{Message: "boom", Late: true}},
		"it is not in that block":          {"blob.GetProof", celestiatest.Fault{Message: "blob: not found"}},
		"the proof does not hold":          {"blob.Included", celestiatest.Fault{Body: `{"id":$id,"result":false}`}},
	} {
		t.Run(name, func(t *testing.T) {
			n, l := start(t, celestiatest.Config{})
			once(n, x.method, x.fault)
			h, err := l.Submit(t.Context(), blobs(nsA(), "x"))
			if h != 0 || !errors.Is(err, da.ErrUnavailable) {
				t.Fatalf("height %d, %v", h, err)
			}
			submit(t, l, blobs(nsA(), "x")...)
		})
	}
}

// TestProofComesLate: a node that has included the blobs but not yet its own header is waited for.
func TestProofComesLate(t *testing.T) {
	n, l := start(t, celestiatest.Config{})
	n.Interfere(func(m string, number int) celestiatest.Fault {
		if m == "blob.GetProof" && number <= 3 {
			return celestiatest.Fault{Message: "header: syncing in progress: localHeadHeight: 1, requestedHeight: 2"}
		}
		return celestiatest.Fault{}
	})
	want(t, l, submit(t, l, blobs(nsA(), "x")...), nsA(), "x")
}

// TestPatience: a transaction that nobody includes ends the wait, not the publisher.
func TestPatience(t *testing.T) {
	n := celestiatest.New(t, celestiatest.Config{Token: token})
	c := config(n)
	c.Timing.Patience = 50 * time.Millisecond
	n.Hold(true)
	_, err := open(t, c).Submit(t.Context(), blobs(nsA(), "x"))
	wantErr(t, err, da.ErrUnavailable)
}

// TestEvicted: a transaction that others pushed out may have been included; the next attempt offers more.
func TestEvicted(t *testing.T) {
	n, l := start(t, celestiatest.Config{})
	n.Hold(true)
	done := later(t.Context(), l, blobs(nsA(), "x"))
	eventually(t, "it waits", func() bool { return n.Waiting() == 1 })
	n.Drop()
	wantErr(t, <-done, da.ErrUnavailable)
	first := n.Spent()
	n.Hold(false)
	submit(t, l, blobs(nsA(), "x")...)
	if second := n.Spent() - first; second <= first {
		t.Errorf("offered %d utia, %d before", second, first)
	}
}

// TestCancelled: the caller's context ends everything, with its error.
func TestCancelled(t *testing.T) {
	n, l := start(t, celestiatest.Config{})
	n.Hold(true)
	ctx, cancel := context.WithCancel(t.Context())
	done := later(ctx, l, blobs(nsA(), "x"))
	eventually(t, "it waits", func() bool { return n.Waiting() == 1 })
	cancel()
	wantErr(t, <-done, context.Canceled)
}

// TestToken: none, another node's, or one that may only read: each is told as what it is, and none shows.
func TestToken(t *testing.T) {
	n := celestiatest.New(t, celestiatest.Config{Token: token, ReadToken: "reader"})
	var log bytes.Buffer
	for name, x := range map[string]struct {
		token celestia.Token
		reads bool
	}{"none": {"", false}, "another's": {"eyJ.other.x", false}, "a reader's": {"reader", true}} {
		c := config(n)
		c.Token, c.Log = x.token, slog.New(slog.NewTextHandler(&log, nil))
		l := open(t, c)
		_, err := l.Submit(t.Context(), blobs(nsA(), "x"))
		wantErr(t, err, celestia.ErrToken, da.ErrUnavailable)
		if x.token != "" && strings.Contains(err.Error()+log.String(), string(x.token)) {
			t.Errorf("%s: the token shows", name)
		}
		_, err = l.Read(t.Context(), 1, nsA())
		if x.reads != (err == nil) || err != nil && !errors.Is(err, celestia.ErrToken) {
			t.Errorf("%s: read: %v", name, err)
		}
	}
}

// TestTokenStaysHere: it is not sent after a redirect, nor to archives.
func TestTokenStaysHere(t *testing.T) {
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			t.Error("the token went elsewhere")
		}
	}))
	defer thief.Close()
	door := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, thief.URL, http.StatusTemporaryRedirect)
	}))
	defer door.Close()
	l := open(t, celestia.Config{URL: door.URL, Token: token, Archives: []string{thief.URL}})
	_, err := l.Read(t.Context(), 1, nsA())
	wantErr(t, err, da.ErrUnavailable)
}

// TestAnswersThatLie: what a node gives is checked as far as it can be, and bounded.
func TestAnswersThatLie(t *testing.T) {
	n, l := start(t, celestiatest.Config{})
	height := submit(t, l, blobs(nsA(), "x")...)
	const a = `"AAAAAAAAAAAAAAAAAAAAAAAAAKoAAAAAAAAAAAE="`
	for name, body := range map[string]string{
		"another namespace":       `[{"namespace":"AAAAAAAAAAAAAAAAAAAAAAAAALsAAAAAAAAAAAE=","data":"eA==","share_version":0,"commitment":"","index":1}]`,
		"no namespace":            `[{"data":"eA==","share_version":0}]`,
		"another commitment":      `[{"namespace":` + a + `,"data":"eA==","share_version":0,"commitment":"` + strings.Repeat("A", 43) + `=","index":1}]`,
		"an empty blob":           `[{"namespace":` + a + `,"data":"","share_version":0,"commitment":"","index":1}]`,
		"data that is not base64": `[{"namespace":` + a + `,"data":"%","share_version":0}]`,
		"a number":                `5`,
	} {
		n.Interfere(func(string, int) celestiatest.Fault {
			return celestiatest.Fault{Body: `{"id":$id,"result":` + body + `}`}
		})
		if _, err := l.Read(t.Context(), height, nsA()); !errors.Is(err, da.ErrUnavailable) || strings.Contains(err.Error(), "another request") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, f := range map[string]celestiatest.Fault{
		"a header without a hash":   {Body: `{"id":$id,"result":{"header":{"height":"5"},"commit":{"block_id":{"hash":"AB"}}}}`},
		"a header without a height": {Body: `{"id":$id,"result":{}}`},
		"a header of 8 MiB":         {Body: `{"jsonrpc":"2.0","id":1,"x":"` + strings.Repeat("x", 8<<20) + `"}`},
	} {
		n.Interfere(func(string, int) celestiatest.Fault { return f })
		if _, err := open(t, config(n)).Head(t.Context()); !errors.Is(err, da.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
