package ledger_test

import (
	"testing"

	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger"
)

// may says what the next block says of a transaction.
func (w *world) may(t *tx.Tx) tx.Code {
	return tx.CodeOf(w.rules.Begin(w.s, w.s.Head.Height+1).Add(t))
}

// While more than the bound is unpublished, blocks hold no rollup's data, and hold actions; what waits stays admitted.
func TestTooMuchUnpublished(t *testing.T) {
	w := newWorld(t)
	w.params(t, "maxUnpublished", 6)
	rollup := func() tx.Code { return w.may(w.tx(payer(3), leg(alpha, 5))) }
	view := func(head, published uint64) {
		v := action.DAView{DAHeight: head, PublishedHeight: published}
		w.look(v, v, v)
	}
	if code := rollup(); code != "" {
		t.Fatalf("without views: %s", code)
	}
	view(1_000_000, 0) // a layer that has existed for long: nothing is late yet
	if code := rollup(); code != "" {
		t.Fatalf("with the first views: %s", code)
	}
	first := w.s.Head.Height + 1 // its header has the first view
	view(1_000_006, 0)
	if code := rollup(); code != "" {
		t.Errorf("at the bound: %s", code)
	}
	view(1_000_007, first-1)
	if code := rollup(); code != ledger.TooMuchUnpublished {
		t.Errorf("beyond it: %q", code)
	}
	waiting := w.tx(payer(3), leg(alpha, 5))
	if _, err := w.rules.Begin(w.s, w.s.Head.Height+1).Check(waiting); err != nil {
		t.Errorf("the pool drops what waits: %v", err)
	}
	w.must(payer(3), &action.Transfer{To: payer(0), Amount: uint256.NewInt(1)})
	view(1_000_500, first)
	if u, err := ledger.UnpublishedOf(w.s); err != nil || u.DAHead != 1_000_500 || len(u.Steps) > 8 {
		t.Errorf("%+v, %v", u, err)
	}
	if code := rollup(); code != ledger.TooMuchUnpublished {
		t.Errorf("with one block published: %q", code)
	}
	view(1_000_501, w.s.Head.Height)
	if code := rollup(); code != "" {
		t.Errorf("once all is published: %s", code)
	}
}

// The memory is bounded whatever the bound, and never says less than the truth.
func TestUnpublishedMemory(t *testing.T) {
	w := newWorld(t)
	heads := []uint64{0, 0} // da_head by height
	truth := func(published uint64) uint64 {
		for h := published + 1; h < uint64(len(heads)); h++ {
			if heads[h] > 0 {
				return heads[len(heads)-1] - heads[h]
			}
		}
		return 0
	}
	params, err := ledger.ParamsOf(w.s)
	if err != nil {
		t.Fatal(err)
	}
	head, published := uint64(0), uint64(0)
	for uint64(len(heads)) <= w.s.Head.Height+1 {
		heads = append(heads, 0)
	}
	for i := range uint64(400) {
		head += 7 * (i % 3)
		if i%50 == 49 {
			published = w.s.Head.Height - 20
		}
		v := action.DAView{DAHeight: head, PublishedHeight: published}
		for _, op := range w.ops[:3] {
			w.must(address(op), &v)
			heads = append(heads, w.s.Head.DAHead)
		}
		u, err := ledger.UnpublishedOf(w.s)
		if err != nil {
			t.Fatal(err)
		}
		want := truth(w.s.Head.PublishedHeight)
		step := max(1, params.MaxUnpublished/64)
		if len(u.Steps) > 64+2 {
			t.Fatalf("%d steps", len(u.Steps))
		}
		if got := u.Age(); got < min(want, params.MaxUnpublished+1) || got > want+step && want < params.MaxUnpublished {
			t.Fatalf("round %d: the oldest unpublished block is %d old, %d is remembered", i, want, got)
		}
	}
}
