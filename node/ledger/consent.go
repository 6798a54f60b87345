package ledger

import (
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger/fee"
)

// maxAhead is how far ahead of the next message of an owned lane the pool looks.
const maxAhead = 1_024

// plan is what a transaction costs whom, and which places in owned lanes it takes.
type plan struct {
	shares []fee.Share // ascending by namespace
	tanks  []tankPart
	lanes  []*laneState
}

// tankPart is what a namespace's tank pays.
type tankPart struct {
	lane   *laneState
	at     int // which of the shares it is
	weight uint64
	used   *quota // of the payer
}

// laneState is a namespace within one pass.
type laneState struct {
	namespace namespaces.Namespace
	record    *Namespace // nil: unknown
	lane      Lane       // of an owned one, with the messages of this pass
	open      bool       // silence has opened it
	taken     bool       // a message of this pass stands in it
	tank      *uint256.Int
	quotas    map[common.Address]*quota
}

func (p *Pass) laneState(ns namespaces.Namespace) (*laneState, error) {
	if l := p.lanes[ns]; l != nil {
		return l, nil
	}
	l := &laneState{namespace: ns}
	var err error
	if l.record, err = NamespaceOf(p.view, ns); err != nil {
		return nil, err
	}
	if l.record != nil && l.record.Lane.Policy == action.Owned {
		if l.lane, err = LaneOf(p.view, ns); err != nil {
			return nil, err
		}
		l.open = l.lane.opened(p.clock, p.params)
	}
	p.lanes[ns] = l
	return l, nil
}

// plan checks the consents of a transaction and splits its fee. With ahead set, places in owned lanes need not be the next ones: for a pool.
func (p *Pass) plan(t *tx.Tx, ahead bool) (*plan, error) {
	out := &plan{shares: p.fees.Shares(t)}
	auths := t.Auths()
	for i := range auths {
		a := &auths[i]
		if t.AuthOf(a.Namespace) != a || !slices.ContainsFunc(t.Legs(), func(l tx.Leg) bool { return l.Namespace == a.Namespace }) {
			return nil, tx.NewReject(UnexpectedAuth, "auth %d is for %s, which has another one or no leg here", i, a.Namespace)
		}
	}
	for _, ns := range t.Namespaces() {
		auth := t.AuthOf(ns)
		if ns == namespaces.Ledger() {
			if auth != nil {
				return nil, tx.NewReject(UnexpectedAuth, "actions take no auth")
			}
			continue
		}
		l, err := p.laneState(ns)
		if err != nil {
			return nil, err
		}
		if err := p.consent(l, t, auth, ahead); err != nil {
			return nil, err
		}
		if err := p.split(out, l, t, auth); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// consent says whether a leg may stand in the lane.
func (p *Pass) consent(l *laneState, t *tx.Tx, auth *tx.Auth, ahead bool) error {
	switch {
	case l.record == nil:
		return tx.NewReject(UnknownNamespace, "no rollup has registered %s", l.namespace)
	case l.record.exited(p.height):
		return tx.NewReject(NamespaceExited, "%s has left at height %d", l.namespace, l.record.ExitHeight)
	}
	lane := &l.record.Lane
	open := lane.Policy == action.Open || l.open
	switch {
	case open && auth != nil:
		return tx.NewReject(UnexpectedAuth, "%s is open", l.namespace)
	case open:
		return nil
	case auth == nil:
		return tx.NewReject(ConsentMissing, "%s takes nothing without its owner's consent", l.namespace)
	}
	signers, err := t.Consents() // recovered for lanes that ask for them alone
	if err != nil {
		return err
	}
	signer := signers[slices.IndexFunc(t.Auths(), func(a tx.Auth) bool { return a.Namespace == l.namespace })]
	switch {
	case lane.Policy == action.Gated:
		if auth.Kind != tx.AuthGateway && auth.Kind != tx.AuthTank || auth.Epoch != 0 || auth.LaneSeq != 0 || !slices.Contains(lane.Gateways, signer) {
			return tx.NewReject(BadConsent, "%s is no gateway of %s, or consents to something else", signer, l.namespace)
		}
		return nil
	case auth.Kind != tx.AuthOwner || signer != lane.Key:
		return tx.NewReject(BadConsent, "%s is not the key of lane %s, or consents to something else", signer, l.namespace)
	case auth.Epoch != l.lane.Epoch:
		return tx.NewReject(LaneEpoch, "of epoch %d, lane %s is in %d", auth.Epoch, l.namespace, l.lane.Epoch)
	case auth.LaneSeq < l.lane.Next, auth.LaneSeq > l.lane.Next && !ahead, auth.LaneSeq-l.lane.Next > maxAhead:
		return tx.NewReject(LaneSeq, "message %d, lane %s is at %d", auth.LaneSeq, l.namespace, l.lane.Next)
	}
	return nil
}

// split enters into the plan what the lane bears of the transaction.
func (p *Pass) split(out *plan, l *laneState, t *tx.Tx, auth *tx.Auth) error {
	switch {
	case auth == nil:
		return nil
	case auth.Kind == tx.AuthOwner:
		out.lanes = append(out.lanes, l)
		return nil
	case auth.Kind != tx.AuthTank:
		return nil
	}
	at := slices.IndexFunc(out.shares, func(s fee.Share) bool { return s.Namespace == l.namespace })
	part := tankPart{lane: l, at: at, weight: out.shares[at].Weight}
	var err error
	if part.used, err = p.quota(l, t.Payer()); err != nil {
		return err
	}
	if most := l.record.Lane.Quota; most > 0 && (part.used.Used > most || part.weight > most-part.used.Used) {
		return tx.NewReject(QuotaExceeded, "%s has used %d of %d bytes, this takes %d", t.Payer(), part.used.Used, most, part.weight)
	}
	if l.tank == nil {
		tank, err := Tank(p.view, l.namespace)
		if err != nil {
			return err
		}
		l.tank = &tank
	}
	out.tanks = append(out.tanks, part)
	return nil
}

// quota is what the tank has paid for the payer in this epoch.
func (p *Pass) quota(l *laneState, payer common.Address) (*quota, error) {
	if q := l.quotas[payer]; q != nil {
		return q, nil
	}
	q := &quota{Epoch: p.epoch}
	if l.record.Lane.Quota > 0 {
		kept, _, err := quotaOf(p.view, l.namespace, payer)
		if err != nil {
			return nil, err
		}
		if kept.Epoch == q.Epoch {
			q.Used = kept.Used
		}
	}
	if l.quotas == nil {
		l.quotas = make(map[common.Address]*quota)
	}
	l.quotas[payer] = q
	return q, nil
}

// take carries a plan out.
func (p *Pass) take(out *plan, c Charge) {
	for i := range out.tanks {
		part := &out.tanks[i]
		part.lane.tank.Sub(part.lane.tank, &c.Tanks[i].Fee)
		part.used.Used += part.weight
	}
	for _, l := range out.lanes {
		l.lane.Next++
		l.taken = true
	}
	for _, s := range out.shares {
		p.sizes[s.Namespace] += s.Size
	}
}
