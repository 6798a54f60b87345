package celestia

import (
	"fmt"
	"math"
	"math/bits"
	"sync"
	"time"

	"github.com/celestiaorg/go-square/v3/share"

	"github.com/lockstep-network/lockstep/da"
)

// What Celestia charges, as gas (celestia-app, app version 3 and later).
const (
	gasPerByte  = 8      // of the shares that a blob fills
	gasPerBlob  = 700    // 70 bytes in the transaction, 10 gas each
	gasFixed    = 75_000 // of a PayForBlobs transaction
	micro       = 1_000_000
	calm        = 10 * time.Minute // without a refusal, after which the offer falls again
	mostRaises  = 80               // of the price in one submission: more than from the lowest to the highest that there is
	mostPayment = 1 << 16          // payments that are remembered one by one

	mostGasPrice = 1 << 40 // millionths of a utia: a million utia per gas
)

// Errors of Submit, beside those of [da.Layer] that they wrap.
var (
	// ErrFeeLimit: the network asks more than Config.Fees allows.
	ErrFeeLimit = fmt.Errorf("the network asks more than the configured gas price: %w", da.ErrFeeTooLow)
	// ErrSpendLimit: what was spent in the last hour leaves too little.
	ErrSpendLimit = fmt.Errorf("the limit of what is spent per hour is reached: %w", da.ErrFeeTooLow)
	// ErrFunds: the node's account has too little.
	ErrFunds = fmt.Errorf("the node's account has too little utia: %w", da.ErrFeeTooLow)
)

// GasFor is what a submission of blobs of these lengths uses at most, by Celestia's own estimate.
func GasFor(lengths ...int) uint64 {
	gas := uint64(gasFixed)
	for _, n := range lengths {
		gas += gasPerBlob + uint64(share.SparseSharesNeeded(uint32(n), false))*share.ShareSize*gasPerByte
	}
	return gas
}

// cost is what gas costs in utia at a price in millionths of one, rounded up.
func cost(gas, price uint64) uint64 {
	hi, lo := bits.Mul64(gas, price)
	if hi >= micro {
		return math.MaxUint64
	}
	q, r := bits.Div64(hi, lo, micro)
	if r > 0 {
		q++
	}
	return q
}

// perByte is what a byte costs in wei of the sequencer's ledger, in a large blob, at a gas price in millionths of a utia.
func perByte(price, weiPerUtia uint64) uint64 {
	hi, lo := bits.Mul64(price*gasPerByte*share.ShareSize, weiPerUtia) // at most 2^52 x 2^64
	const unit = share.ContinuationSparseShareContentSize * micro
	if hi >= unit {
		return math.MaxUint64
	}
	q, _ := bits.Div64(hi, lo, unit)
	return q
}

// pricing is the gas price that is offered: it rises when the network refuses it or lets a transaction wait, and falls when all is calm.
type pricing struct {
	limits Fees
	now    func() time.Time

	mu      sync.Mutex // guards price and changed
	price   uint64
	changed time.Time
}

func newPricing(limits Fees) *pricing {
	return &pricing{limits: limits, now: time.Now, price: limits.GasPrice, changed: time.Now()}
}

// offer is the price of the next attempt.
func (p *pricing) offer() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.price > p.limits.GasPrice && p.now().Sub(p.changed) >= calm {
		p.price = max(p.limits.GasPrice, p.price-p.price/8-1)
		p.changed = p.changed.Add(calm)
	}
	return p.price
}

// raise takes note that a price was too low, and says whether a higher one may be offered. required is the least that is known to do, or 0.
func (p *pricing) raise(refused, required uint64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if required > p.limits.MaxGasPrice || refused >= p.limits.MaxGasPrice {
		return false
	}
	if next := max(required, refused+refused/2+1); required == 0 || required <= refused {
		p.price = max(p.price, min(next, p.limits.MaxGasPrice))
	} else {
		p.price = max(p.price, required)
	}
	p.changed = p.now()
	return true
}

// spending bounds what is spent in any hour.
type spending struct {
	limit uint64
	now   func() time.Time

	mu       sync.Mutex // guards the fields below
	reserved uint64     // what is in flight
	paid     []payment  // in the order of their times
	sum      uint64     // of paid
}

type payment struct {
	at   time.Time
	utia uint64
}

// reserve sets aside what a submission costs.
func (s *spending) reserve(utia uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	begin := s.now().Add(-time.Hour)
	for len(s.paid) > 0 && s.paid[0].at.Before(begin) {
		s.sum -= s.paid[0].utia
		s.paid = s.paid[1:]
	}
	if used := s.sum + s.reserved; used > s.limit || utia > s.limit-used {
		return fmt.Errorf("%d utia, after %d of %d: %w", utia, used, s.limit, ErrSpendLimit)
	}
	s.reserved += utia
	return nil
}

// settle turns what was set aside into a payment, or gives it back.
func (s *spending) settle(utia uint64, paid bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reserved -= utia
	if !paid {
		return
	}
	s.sum += utia
	if len(s.paid) >= mostPayment { // the newest takes the next with it: it is remembered for longer
		s.paid[len(s.paid)-1].utia += utia
		s.paid[len(s.paid)-1].at = s.now()
		return
	}
	s.paid = append(s.paid, payment{s.now(), utia})
}
