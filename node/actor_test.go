package node

import (
	"crypto/ecdsa"
	"log/slog"
	"testing"

	"github.com/ethereum/go-ethereum/crypto"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/da/local"
	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/keys"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

// After a rotation a node that holds the owner's key speaks with it; one that has the new key alone speaks with that, for the owner, and what it says is
// the owner's view. The old key alone, if it is not the owner's, speaks for nobody.
func TestARotatedKeySpeaksForItsOwner(t *testing.T) {
	r := newRotation(t)
	next, err := r.folder.Create(keys.Light)
	if err != nil {
		t.Fatal(err)
	}
	r.rotate(next)
	for range 40 { // the epoch ends
		r.net.Commit(t, r.store)
	}
	both := r.open()
	if got := crypto.PubkeyToAddress(both.actor(r.store.Ledger()).PublicKey); got != r.owner {
		t.Errorf("with both keys %s speaks, want the owner %s", got, r.owner)
	}
	cold, err := newKeyring(next, keys.NewFolder(t.TempDir(), "secret"), r.store.Ledger, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if got := crypto.PubkeyToAddress(cold.actor(r.store.Ledger()).PublicKey); got != next.Address() {
		t.Errorf("without the owner's key %s speaks, want %s", got, next.Address())
	}
	data, err := action.Encode(&action.Transfer{To: next.Address(), Amount: uint256.NewInt(1 << 50)})
	if err != nil {
		t.Fatal(err)
	}
	r.net.Commit(t, r.store, r.net.Signed(t, 1, tx.Fields{Salt: 99, Expiry: r.store.Head() + 5, Legs: []tx.Leg{{Namespace: namespaces.Ledger(), Data: data}}}))
	layer, err := local.Open(t.TempDir(), local.Options{Interval: local.ManualBlocks, Price: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer layer.Close()
	if err := layer.Advance(); err != nil {
		t.Fatal(err)
	}
	took := new(mailbox)
	v := &viewer{
		layer: layer, seen: &seenTo{firm: 7}, price: 1, key: func(p ledger.Parent) *ecdsa.PrivateKey { return cold.actor(p) },
		rules: r.net.Rules, newest: r.store.Ledger, pool: took, log: slog.New(slog.DiscardHandler),
	}
	if err := v.send(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.net.Commit(t, r.store, took.last)
	head, err := layer.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	view, found, err := state.Load[action.DAView](r.store.Ledger().View, state.NewKey(state.DAView, r.owner[:]))
	if want := (action.DAView{DAHeight: 1, DAHash: head.Hash, PublishedHeight: 7, Price: 3}); err != nil || !found || view != want {
		t.Errorf("the owner's view is %+v (%t, %v), want %+v", view, found, err, want)
	}
}
