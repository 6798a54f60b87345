package evm

import (
	"fmt"
	"math/big"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
)

const (
	// MaxEntryBytes is the longest entry that can be a transaction: the sequencer's bound
	// of a leg, and go-ethereum's of a pooled transaction.
	MaxEntryBytes = 128 << 10

	// preparedBytes bounds what is decoded ahead of execution, in bytes of entries plus
	// preparedOverhead each: a few full shared blocks.
	preparedBytes    = 64 << 20
	preparedOverhead = 512
)

// entry is an entry looked at without any state: a transaction with its sender, or a
// refusal.
type entry struct {
	once   sync.Once
	hash   common.Hash
	tx     *types.Transaction // nil if refused
	sender common.Address
	reason Reason // why it was refused
	text   string
}

// decode fills e from raw: the checks that need no state, cheapest first.
func (e *entry) decode(raw []byte, chainID *big.Int, signer types.Signer) {
	e.hash = crypto.Keccak256Hash(raw)
	if e.reason, e.text = precheck(raw); e.reason != "" {
		return
	}
	tx := new(types.Transaction)
	if err := tx.UnmarshalBinary(raw); err != nil {
		e.refuse(Malformed, err.Error())
		return
	}
	if !tx.Protected() {
		e.refuse(Unprotected, "the signature names no chain id (EIP-155)")
		return
	}
	if id := tx.ChainId(); id.Cmp(chainID) != 0 {
		e.refuse(WrongChainID, fmt.Sprintf("signed for chain %s, this is chain %s", id, chainID))
		return
	}
	if tooLarge(tx) {
		e.refuse(ValueTooLarge, "value or fee above 2^256-1")
		return
	}
	sender, err := types.Sender(signer, tx)
	if err != nil {
		e.refuse(BadSignature, err.Error())
		return
	}
	e.tx, e.sender = tx, sender
}

func (e *entry) refuse(reason Reason, text string) {
	e.reason, e.text = reason, clip(text)
}

// precheck refuses by length and type byte, before anything is allocated.
func precheck(raw []byte) (Reason, string) {
	switch {
	case len(raw) > MaxEntryBytes:
		return TooLarge, fmt.Sprintf("%d bytes, limit %d", len(raw), MaxEntryBytes)
	case len(raw) == 0:
		return Malformed, "empty"
	case raw[0] >= 0xc0:
		return "", "" // legacy: an RLP list
	case raw[0] >= 0x80:
		return Malformed, "neither an RLP list nor a transaction type"
	case raw[0] == types.AccessListTxType, raw[0] == types.DynamicFeeTxType, raw[0] == types.SetCodeTxType:
		return "", ""
	case raw[0] == types.BlobTxType:
		return UnsupportedType, "blob transactions have no place on a rollup"
	default:
		return UnsupportedType, fmt.Sprintf("transaction type %d", raw[0])
	}
}

// tooLarge reports whether an amount does not fit the EVM's word.
func tooLarge(tx *types.Transaction) bool {
	for _, amount := range []*big.Int{tx.Value(), tx.GasPrice(), tx.GasFeeCap(), tx.GasTipCap()} {
		if amount.BitLen() > 256 {
			return true
		}
	}
	return false
}

// preparer decodes entries and recovers their senders once, on all cores, and remembers
// the result until it is executed or displaced by newer ones.
type preparer struct {
	chainID *big.Int
	signer  types.Signer

	mu    sync.Mutex
	young map[string]*entry // guarded by mu; entries by their bytes
	old   map[string]*entry // guarded by mu; the generation before
	bytes int               // guarded by mu; size of young
}

func newPreparer(chainID *big.Int, signer types.Signer) *preparer {
	return &preparer{chainID: chainID, signer: signer, young: map[string]*entry{}}
}

// prepare returns the decoded form of each of raws. It may run in several goroutines, on
// the same entries too: each is decoded once.
func (p *preparer) prepare(raws [][]byte) []*entry {
	entries := make([]*entry, len(raws))
	p.mu.Lock()
	for i, raw := range raws {
		entries[i] = p.get(raw)
	}
	p.mu.Unlock()

	parallel(len(raws), func(i int) {
		entries[i].once.Do(func() { entries[i].decode(raws[i], p.chainID, p.signer) })
	})
	return entries
}

// get finds or makes the entry of raw. The caller holds mu.
func (p *preparer) get(raw []byte) *entry {
	if e := p.young[string(raw)]; e != nil {
		return e
	}
	e := p.old[string(raw)]
	if e == nil {
		e = new(entry)
	}
	if len(raw) > MaxEntryBytes {
		return e // refused at a glance, not worth remembering
	}
	size := len(raw) + preparedOverhead
	if p.bytes+size > preparedBytes/2 {
		p.old, p.young, p.bytes = p.young, map[string]*entry{}, 0
	}
	p.young[string(raw)] = e
	p.bytes += size
	return e
}

// forget drops entries that were executed.
func (p *preparer) forget(raws [][]byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, raw := range raws {
		if _, ok := p.young[string(raw)]; ok {
			delete(p.young, string(raw))
			p.bytes -= len(raw) + preparedOverhead
		}
		delete(p.old, string(raw))
	}
}

// recoverSenders fills the transactions' sender caches on all cores. Failures show again
// where the sender is used.
func recoverSenders(signer types.Signer, txs types.Transactions) {
	parallel(len(txs), func(i int) { _, _ = types.Sender(signer, txs[i]) })
}

// parallel calls work for each index below n, on as many cores as n is worth.
func parallel(n int, work func(i int)) {
	const alone = 8 // fewer are not worth a goroutine, about 0.3 ms of recovery
	workers := min(runtime.GOMAXPROCS(0), (n+alone-1)/alone)
	var next atomic.Int64
	run := func() {
		for {
			i := int(next.Add(1)) - 1
			if i >= n {
				return
			}
			work(i)
		}
	}
	var wg sync.WaitGroup
	for range workers - 1 {
		wg.Go(run)
	}
	run()
	wg.Wait()
}
