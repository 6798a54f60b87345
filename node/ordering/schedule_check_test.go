package ordering

import (
	"bytes"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/ledger/stake"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

// check holds the finished chain against what a reader may rely on, by rules written down here a second time.
func (s *schedule) check() {
	for _, o := range s.operators[1:] {
		if o.store.hash != s.operators[0].store.hash || o.store.Head.Root() != s.operators[0].store.Head.Root() {
			s.fatalf("two operators end differently")
		}
	}
	chain := s.operators[0].store
	validators := newValidators(s)
	ids, spentAt, parent := map[common.Hash]bool{}, map[ledger.Pair]uint64{}, s.genesis.Hash()
	for i, b := range chain.blocks {
		h := b.Header
		if h.ParentHash != parent || h.Height != uint64(i+1) || h.Hash() != crypto.Keccak256Hash(s.chain[i].txs[0]) ||
			h.TimeMS != s.chain[i].s.timeMS || h.Proposer != s.chain[i].s.proposer {
			s.fatalf("header %d does not follow", i+1)
		}
		if i > 0 && !bytes.Equal(h.LedgerRoot[:], s.chain[i-1].hash) {
			s.fatalf("header %d: its ledger root is not the application hash before it", i+1)
		}
		if h.DataRoot != b.Contents.Table.Root() || h.TxRoot != b.Contents.IDs.Root() || h.OperatorsHash != validators.hash(i) ||
			h.NextOperatorsHash != validators.hash(i+1) || h.ChainID != s.genesis.ChainID {
			s.fatalf("header %d does not fit its block", i+1)
		}
		validators.after(s, s.chain[i].updates)
		parent = h.Hash()
		for _, t := range b.Contents.Txs {
			s.stats.txs++
			s.checkTx(t, h.Height, ids, spentAt)
		}
		s.checkOrder(b.Contents)
	}
	var total, want uint256.Int
	for k := range chain.Records {
		if k.Kind() == state.Account {
			b := chain.Balance(common.BytesToAddress(k.ID()))
			total.Add(&total, &b)
		}
	}
	for _, b := range s.genesis.Balances {
		want.Add(&want, b.Amount)
	}
	pots, err := stake.LoadPots(chain)
	if err != nil {
		s.fatalf("%v", err)
	}
	held := pots.Sum()
	total.Add(&total, &held)
	total.Add(&total, &pots.Burned)
	want.AddUint64(&want, testOperators*10*s.genesis.Params.PowerUnit)
	if total != want {
		s.fatalf("balances and stakes add up to %s of %s", total.Dec(), want.Dec())
	}
}

func (s *schedule) checkTx(t *tx.Tx, height uint64, ids map[common.Hash]bool, spentAt map[ledger.Pair]uint64) {
	pair := ledger.Pair{Payer: t.Payer(), Salt: t.Salt()}
	at, spent := spentAt[pair]
	switch {
	case ids[t.ID()]:
		s.fatalf("%s stands in two blocks", t.ID())
	case spent && height <= at+s.genesis.Params.ExpiryWindow:
		s.fatalf("salt %d of %s is spent at heights %d and %d", pair.Salt, pair.Payer, at, height)
	case t.Expiry() < height || t.Expiry() > height+s.genesis.Params.ExpiryWindow:
		s.fatalf("%s with expiry %d stands at height %d", t.ID(), t.Expiry(), height)
	case t.ChainID() != s.genesis.ChainID || t.MaxFeePerByte() < 2:
		s.fatalf("%s should not stand anywhere", t.ID())
	}
	if s.chance(20) { // costly: a sample
		if _, err := t.Verify(); err != nil {
			s.fatalf("%v", err)
		}
	}
	ids[t.ID()], spentAt[pair] = true, height
}

func (s *schedule) checkOrder(c *block.Contents) {
	if !slices.IsSortedFunc(c.Txs, func(a, b *tx.Tx) int {
		switch {
		case a.Spans() != b.Spans():
			return map[bool]int{true: -1, false: 1}[a.Spans()]
		case a.Spans():
			return int(b.Tip()) - int(a.Tip())
		}
		if n := a.Namespace().Compare(b.Namespace()); n != 0 || a.Namespace() == testNamespace(1) {
			return n
		}
		return int(b.Tip()) - int(a.Tip())
	}) {
		s.fatalf("the transactions are out of order")
	}
}
