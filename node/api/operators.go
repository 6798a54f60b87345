package api

import (
	"context"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/proof"
	"github.com/lockstep-network/lockstep/node/ledger/stake"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

// maxOperators is how many operators one answer looks at beside the set: the first ones, by their places.
const maxOperators = 256

// Operators is what seq_getOperators answers.
type Operators struct {
	Hash      common.Hash `json:"hash"`      // of the next block's set
	NextHash  common.Hash `json:"nextHash"`  // of the set of the block after it
	Total     uint64      `json:"total"`     // power of the next block's set
	Operators []Operator  `json:"operators"` // of the next block's set, in its order, which certificates index
	Others    []Operator  `json:"others"`    // that are not in it
	Height    uint64      `json:"height"`    // the ledger after this height

	Proof *proof.Document `json:"proof,omitempty"` // of the records, if asked for
}

// Operator is one operator with what is bonded with it (specs/09-operators.md, "Operator").
type Operator struct {
	cert.Operator                // address of its consensus key, and power in the next block; 0 if it is not in the set
	NextPower     uint64         `json:"nextPower"` // in the block after the next
	Owner         common.Address `json:"owner"`
	Name          string         `json:"name,omitempty"`
	PeerID        string         `json:"peerId,omitempty"`
	Addresses     []string       `json:"addresses,omitempty"` // libp2p multiaddresses; none: as in the genesis document, if it is there
	Consensus     string         `json:"consensus,omitempty"` // host:port of its consensus links; likewise
	Key           hexutil.Bytes  `json:"key"`                 // compressed; acts, or is the last that did
	NextKey       hexutil.Bytes  `json:"nextKey,omitempty"`   // acts after the epoch's end
	Commission    uint64         `json:"commission"`          // hundredths of a percent
	Tokens        *uint256.Int   `json:"tokens"`              // wei bonded with it, in decimal digits
	Shares        *uint256.Int   `json:"shares"`              // of its tokens, all holders' together
	OwnTokens     *uint256.Int   `json:"ownTokens"`           // wei that its owner's own shares are worth
	JailedUntil   uint64         `json:"jailedUntil,omitempty"`
	Leaving       bool           `json:"leaving,omitempty"` // or has left
	Tombstoned    bool           `json:"tombstoned,omitempty"`
}

// GetOperators returns the operators of the next block, in the order that certificates index, and the others; or one operator alone.
func (s *Service) GetOperators(ctx context.Context, options *OperatorOptions) (*Operators, error) {
	if options == nil {
		options = new(OperatorOptions)
	}
	var out *Operators
	head, d, err := s.atHead(ctx, options.Proof, func(r state.Reader) (keys []state.Key, err error) {
		out, keys, err = operatorsOf(r, options.Owner)
		return keys, err
	})
	if err != nil {
		return nil, s.coded(ctx, err)
	}
	out.Height, out.Proof = head.Height, d
	return out, nil
}

// operatorsOf reads the operators, or the one with the owner, and names the records that the answer is read from.
func operatorsOf(r state.Reader, only *common.Address) (*Operators, []state.Key, error) {
	set, err := stake.LoadSet(r, stake.Next)
	if err != nil {
		return nil, nil, err
	}
	after, err := stake.LoadSet(r, stake.After)
	if err != nil {
		return nil, nil, err
	}
	out := &Operators{Hash: set.Hash(), NextHash: after.Hash(), Total: set.Total(), Operators: []Operator{}, Others: []Operator{}}
	keys := []state.Key{stake.ChainKey(), stake.SetKey(out.Hash)}
	if out.NextHash != out.Hash {
		keys = append(keys, stake.SetKey(out.NextHash))
	}
	owners := make([]common.Address, 0, len(set.Members))
	for _, m := range set.Members {
		owners = append(owners, m.Owner)
	}
	if only != nil {
		owners = []common.Address{*only}
	} else {
		bonded, err := stake.Bonded(r, maxOperators)
		if err != nil {
			return nil, nil, err
		}
		for _, a := range bonded {
			if !slices.Contains(owners, a) {
				owners = append(owners, a)
			}
		}
	}
	for _, owner := range owners {
		o, found, err := operatorOf(r, owner, set, after)
		if err != nil {
			return nil, nil, err
		}
		keys = append(keys, stake.OperatorKey(owner), stake.DelegationKey(owner, owner))
		switch {
		case !found:
		case o.Power > 0:
			out.Operators = append(out.Operators, o)
		default:
			out.Others = append(out.Others, o)
		}
	}
	return out, keys, nil
}

// operatorOf reads one operator; false if the address owns none.
func operatorOf(r state.Reader, owner common.Address, set, after stake.Set) (Operator, bool, error) {
	record, found, err := stake.LoadOperator(r, owner)
	if err != nil || !found {
		return Operator{}, false, err
	}
	own, _, err := stake.LoadDelegation(r, owner, owner)
	if err != nil {
		return Operator{}, false, err
	}
	worth := own.Worth(record)
	out := Operator{
		Owner: owner, Name: record.Node.Name, PeerID: record.Node.PeerID,
		Addresses: record.Node.Addresses, Consensus: record.Node.Consensus, Key: record.Key, NextKey: record.NextKey, Commission: record.Commission,
		Tokens: &record.Tokens, Shares: &record.Shares, OwnTokens: &worth,
		JailedUntil: record.JailedUntil, Leaving: record.Left, Tombstoned: record.Tombstoned,
	}
	if i := slices.IndexFunc(after.Members, func(m stake.Member) bool { return m.Owner == owner }); i >= 0 {
		out.NextPower = after.Members[i].Power
	}
	if i := slices.IndexFunc(set.Members, func(m stake.Member) bool { return m.Owner == owner }); i >= 0 {
		out.Address, out.Power = set.Members[i].Address, set.Members[i].Power
		return out, true, nil
	}
	out.Address, err = stake.AddressOf(record.Key)
	return out, true, err
}
