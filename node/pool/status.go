package pool

import (
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/store"
)

// State is where a transaction is on its way.
type State string

// The states that a status tells.
const (
	Unknown  State = "unknown"  // never seen, or forgotten
	Pending  State = "pending"  // in the pool, acknowledged: in the journal of this node
	Volatile State = "volatile" // in the pool by gossip only
	Included State = "included" // in a block
	Expired  State = "expired"  // its expiry passed and no block holds it
	Rejected State = "rejected" // for the reason given
)

// Status is what became of a transaction.
type Status struct {
	State    State
	Location store.Location // if included
	Reason   *tx.Reject     // if rejected or expired
}

// Status tells what became of a transaction. Inclusion is told for ever; why one was rejected or expired, for as long as a bounded memory holds.
func (p *Pool) Status(id common.Hash) (Status, error) {
	location, err := p.chain.Tx(id)
	if err == nil {
		return Status{State: Included, Location: location}, nil
	}
	if !errors.Is(err, store.ErrNotFound) {
		return Status{}, fmt.Errorf("find transaction: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if e := p.byID[id]; e != nil {
		if e.journaled {
			return Status{State: Pending}, nil
		}
		return Status{State: Volatile}, nil
	}
	switch why := p.outcomes.get(id); {
	case why == nil:
		return Status{State: Unknown}, nil
	case why.Code == ledger.Expired:
		return Status{State: Expired, Reason: why}, nil
	default:
		return Status{State: Rejected, Reason: why}, nil
	}
}

// remember keeps why one of the node's own users' transactions was not admitted.
func (p *Pool) remember(id common.Hash, why *tx.Reject) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.outcomes.put(id, why)
}

// maxOutcomes bounds how many ends are remembered: some 15 MiB.
const maxOutcomes = 1 << 16

// outcomes remembers how transactions ended outside a block, the last ones. The zero value is ready. Pool.mu guards it.
type outcomes struct {
	why  map[common.Hash]*tx.Reject
	ring []common.Hash
	next int
}

func (o *outcomes) put(id common.Hash, why *tx.Reject) {
	if o.why == nil {
		o.why = make(map[common.Hash]*tx.Reject)
	}
	if _, known := o.why[id]; known {
		o.why[id] = why
		return
	}
	if len(o.ring) < maxOutcomes {
		o.ring = append(o.ring, id)
	} else {
		delete(o.why, o.ring[o.next])
		o.ring[o.next] = id
		o.next = (o.next + 1) % maxOutcomes
	}
	o.why[id] = why
}

func (o *outcomes) get(id common.Hash) *tx.Reject { return o.why[id] }
