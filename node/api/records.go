package api

import (
	"context"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/proof"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

// maxNamespaces is how many namespaces one answer of seq_getNamespaces lists.
const maxNamespaces = 256

// GetAccount returns what an address holds after the newest block, with a proof if asked for.
func (s *Service) GetAccount(ctx context.Context, address common.Address, options *RecordOptions) (*Account, error) {
	out := &Account{Address: address}
	parent, d, err := s.atHead(ctx, options.proof(), func(r state.Reader) ([]state.Key, error) {
		balance, err := ledger.Balance(r, address)
		out.Balance = &balance
		return []state.Key{ledger.AccountKey(address)}, err
	})
	if err != nil {
		return nil, s.coded(ctx, err)
	}
	out.Height, out.Proof = parent.Height, d
	return out, nil
}

// GetNamespace returns what the ledger knows of a namespace after the newest block, with a proof if asked for. Without a proof a namespace that
// nobody has registered is an error; with one its absence is what is proven.
func (s *Service) GetNamespace(ctx context.Context, ns namespaces.Namespace, options *RecordOptions) (*Namespace, error) {
	var out *Namespace
	parent, d, err := s.atHead(ctx, options.proof(), func(r state.Reader) (keys []state.Key, err error) {
		out, err = namespaceOf(r, ns)
		return ledger.NamespaceKeys(ns), err
	})
	switch {
	case err != nil:
		return nil, s.coded(ctx, err)
	case !out.Registered && d == nil:
		return nil, fail(string(ledger.UnknownNamespace), "nobody has registered %s", ns)
	}
	out.Height, out.Proof = parent.Height, d
	return out, nil
}

func namespaceOf(r state.Reader, ns namespaces.Namespace) (*Namespace, error) {
	out := &Namespace{Namespace: ns}
	record, err := ledger.NamespaceOf(r, ns)
	if err != nil {
		return nil, err
	}
	tank, err := ledger.Tank(r, ns)
	if err != nil {
		return nil, err
	}
	out.Tank = &tank
	if out.Reserved.Epoch, out.Reserved.Now, out.Reserved.Next, err = ledger.Reserved(r, ns); err != nil {
		return nil, err
	}
	if record == nil {
		return out, nil
	}
	l := record.Lane
	out.Registered, out.Owner, out.Metadata, out.Deposit = true, record.Owner, record.Metadata, record.Deposit
	out.RegisteredHeight, out.ExitHeight = record.Registered, record.ExitHeight
	out.Lane = LanePolicy{Order: l.Order, Policy: policyName(l.Policy), Gateways: l.Gateways, Quota: l.Quota}
	if l.Policy != action.Owned {
		return out, nil
	}
	lane, err := ledger.LaneOf(r, ns)
	if err != nil {
		return nil, err
	}
	out.Lane.Key, out.Owned = &l.Key, &OwnedLane{Epoch: lane.Epoch, Next: lane.Next, HeardMS: lane.HeardMS}
	return out, nil
}

// GetNamespaces lists the namespaces that are registered, or were, ascending, from the one behind after on; at most 256.
func (s *Service) GetNamespaces(ctx context.Context, after *namespaces.Namespace) ([]NamespaceLine, error) {
	from := ledger.NamespaceKey(namespaces.Namespace{})
	if after != nil {
		from = ledger.NamespaceKey(*after) + "\x00"
	}
	keys, err := s.store.RecordKeys(from, maxNamespaces)
	if err != nil {
		return nil, s.coded(ctx, err)
	}
	out := make([]NamespaceLine, 0, len(keys))
	view := s.store.Ledger().View
	for _, k := range keys {
		ns := namespaces.Namespace(k.ID())
		n, err := ledger.NamespaceOf(view, ns)
		if err != nil {
			return nil, s.coded(ctx, err)
		}
		if n != nil { // records of namespaces are never deleted
			out = append(out, NamespaceLine{ns, string(n.Metadata), n.Lane.Order, policyName(n.Lane.Policy), n.Owner, n.ExitHeight})
		}
	}
	return out, nil
}

// proof says whether a proof is asked for.
func (o *RecordOptions) proof() bool { return o != nil && o.Proof }

// atHead reads records of the newest state, all of them after one height, and proves those whose keys read returns, if that is asked for.
func (s *Service) atHead(ctx context.Context, prove bool, read func(state.Reader) ([]state.Key, error)) (ledger.Head, *proof.Document, error) {
	for {
		changed := s.store.Changed()
		parent := s.store.Ledger()
		keys, err := read(parent.View)
		if len(keys) > proof.MaxRecords && prove {
			return ledger.Head{}, nil, fail(TooLarge, "%d records are to be proven, at most %d at once: ask for less", len(keys), proof.MaxRecords)
		}
		var shown []proof.Record
		if err == nil && prove {
			shown, err = records(parent, keys)
		}
		if err != nil {
			s.settle(ctx, changed)
		}
		switch {
		case s.store.Head() != parent.Head.Height: // a block came in between
			if err := ctx.Err(); err != nil {
				return ledger.Head{}, nil, err
			}
			continue
		case err != nil:
			return ledger.Head{}, nil, err
		case shown == nil:
			return parent.Head, nil, nil
		}
		d, err := s.certifyRecords(ctx, shown)
		return parent.Head, d, err
	}
}

// settle waits a moment for a block that is being written: nodes that do not fit the head are its nodes.
func (s *Service) settle(ctx context.Context, changed <-chan struct{}) {
	select {
	case <-changed:
	case <-ctx.Done():
	case <-time.After(time.Second):
	}
}

// records shows the records under the ledger root that the next header has.
func records(parent ledger.Parent, keys []state.Key) ([]proof.Record, error) {
	var d proof.Document
	for _, k := range keys {
		value, err := parent.View.Record(k)
		if err != nil {
			return nil, err
		}
		nodes, err := state.Prove(parent.Head.StateRoot, parent.Nodes, k)
		if err != nil {
			return nil, err
		}
		d.AddRecord(parent.Head.Height+1, []byte(k), value, parent.Head.StateRoot, parent.Head.SpentRoot(), nodes)
	}
	return d.Records, nil
}

// certifyRecords waits until the header that commits to the records is certified.
func (s *Service) certifyRecords(ctx context.Context, shown []proof.Record) (*proof.Document, error) {
	height := shown[0].Height
	wait, cancel := context.WithTimeout(ctx, s.proofWait)
	defer cancel()
	if err := s.store.WaitCertified(wait, height); err != nil {
		if ctx.Err() == nil && wait.Err() != nil {
			e := fail(NotYet, "the block that commits to the answer, %d, is not certified yet", height)
			e.Data.Height = s.store.Certified()
			err = e
		}
		return nil, err
	}
	d := proof.New(s.genesis.ChainID, s.hash)
	d.Records = shown
	return d, s.addRuns(d, height, height)
}
