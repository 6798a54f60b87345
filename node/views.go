package node

import (
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"log/slog"
	"time"

	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/ledger/fee"
)

const (
	// viewEvery is the pause between two views of an operator: a view costs it a transaction, and what waits for da_head waits for much longer.
	viewEvery = 5 * time.Second
	// viewExpiry is for how many heights a view may be late: a later one says more.
	viewExpiry = 64
)

// acknowledger takes an operator's own transactions; the pool does.
type acknowledger interface {
	Acknowledge(txs []tx.Verified) []error
}

// viewer tells the ledger now and then what this operator sees of the DA layer (specs/10-fees.md, "Views of the DA layer"), and who has published there. It stands outside
// consensus: it reads the newest state as any user does, and sends transactions that the operator's account pays for.
type viewer struct {
	layer  da.Layer
	seen   readBack
	price  uint64 // wei per byte, said where the layer does not tell
	key    func(ledger.Parent) *ecdsa.PrivateKey
	rules  ledger.Rules
	newest func() ledger.Parent
	pool   acknowledger
	log    *slog.Logger

	trouble string // of the last attempt; run's
}

// views is the part that sends views; an operator without a DA layer sends none.
func (c Config) views(d dataLayer, ring *keyring, newest func() ledger.Parent, pool acknowledger) func(context.Context) error {
	return func(ctx context.Context) error {
		if d.layer == nil {
			<-ctx.Done()
			return ctx.Err()
		}
		v := &viewer{
			layer: d.layer, seen: d.back, price: c.Genesis.Params.DAPrice, key: ring.actor, rules: ledger.NewRules(c.Genesis),
			newest: newest, pool: pool, log: c.Logger,
		}
		return v.run(ctx)
	}
}

// run sends views until the context ends. One that cannot be sent is no fault of the node: its operator may have no wei, or the layer no answer.
func (v *viewer) run(ctx context.Context) error {
	tick := time.NewTicker(viewEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		trouble := ""
		if err := v.send(ctx); err != nil {
			trouble = err.Error()
		}
		if trouble != "" && v.trouble == "" && ctx.Err() == nil {
			v.log.WarnContext(ctx, "the ledger is not told what this operator sees of the DA layer; it is tried again", "error", trouble)
		}
		v.trouble = trouble
	}
}

// send reads the layer's head and puts a view into the pool, with an attestation when there is one.
func (v *viewer) send(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, viewEvery)
	defer cancel()
	head, err := v.layer.Head(ctx)
	if err != nil {
		return fmt.Errorf("read DA head: %w", err)
	}
	parent := v.newest()
	tip, _ := v.seen.Firm()
	view := action.DAView{DAHeight: head.Height, DAHash: head.Hash, PublishedHeight: min(tip.Height, parent.Head.Height), Price: v.price}
	if head.Price > 0 {
		view.Price = head.Price
	}
	prices, err := v.rules.Prices(parent.View)
	if err != nil {
		return err
	}
	now, err := prices.In(namespaces.Ledger())
	if err != nil {
		return err
	}
	key := v.key(parent)
	said := []action.Action{&view}
	a, err := attestation(v.seen, parent, crypto.PubkeyToAddress(key.PublicKey), now)
	if err != nil {
		return fmt.Errorf("attest what is published: %w", err)
	}
	if a != nil {
		said = append(said, a)
	}
	legs := make([]tx.Leg, len(said))
	for i := range said {
		legs[i].Namespace = namespaces.Ledger()
		if legs[i].Data, err = action.Encode(said[i]); err != nil {
			return err
		}
	}
	var salt [8]byte
	if _, err := rand.Read(salt[:]); err != nil {
		return fmt.Errorf("make salt: %w", err)
	}
	t, err := tx.Sign(tx.Fields{
		ChainID: v.rules.ChainID(), Salt: binary.BigEndian.Uint64(salt[:]), Expiry: parent.Head.Height + min(viewExpiry, v.rules.Params().ExpiryWindow),
		Legs: legs, MaxFeePerByte: fee.Margin(now.Sum()),
	}, key)
	if err != nil {
		return fmt.Errorf("sign view: %w", err)
	}
	return v.pool.Acknowledge([]tx.Verified{t})[0]
}

// actor is the key that acts for the operator where its owner or its consensus key may: the owner's if it is at hand, because its account is paid; else the
// consensus key's, which needs wei of its own.
func (k *keyring) actor(parent ledger.Parent) *ecdsa.PrivateKey {
	if owner, found, err := k.owner(parent); err == nil && found {
		k.mu.Lock()
		defer k.mu.Unlock()
		if key := k.open[owner]; key != nil {
			return key.PrivateKey()
		}
		return k.latest.PrivateKey()
	}
	return k.Next().PrivateKey()
}
