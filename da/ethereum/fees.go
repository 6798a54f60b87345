package ethereum

import (
	"fmt"
	"math"
	"math/big"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/params"

	"github.com/lockstep-network/lockstep/da"
)

// Errors of Submit, beside those of [da.Layer] that they wrap.
var (
	// ErrFeeLimit: the market asks more than Config.Fees allows.
	ErrFeeLimit = fmt.Errorf("the L1 asks more than the configured limit: %w", da.ErrFeeTooLow)
	// ErrSpendLimit: what was spent in the last hour, or may be by what is in flight, leaves too little.
	ErrSpendLimit = fmt.Errorf("the limit of what is spent per hour is reached: %w", da.ErrFeeTooLow)
	// ErrFunds: an account has too little ether.
	ErrFunds = fmt.Errorf("the account has too little ether: %w", da.ErrFeeTooLow)
	// ErrRejected: the node refuses the transaction, or its dry run fails.
	ErrRejected = fmt.Errorf("the L1 rejects the transaction: %w", da.ErrInvalid)
)

// kind is how a container travels.
type kind int

const (
	blobKind kind = iota
	calldataKind
)

func (k kind) String() string {
	if k == blobKind {
		return "blobs"
	}
	return "calldata"
}

// market is what the L1 asks now, in wei per gas and per blob gas.
type market struct {
	base, tip, blob uint64
	noBlobs         bool // the L1 takes none
}

// fees are what a transaction offers at most, in wei per gas and per blob gas.
type fees struct{ tip, gas, blob uint64 }

// toward gives the fees of a first attempt: room for the base fees to double.
func (m market) toward(limits Fees) fees {
	f := fees{tip: max(m.tip, limits.MinTip), blob: times(max(m.blob, 1), 2)}
	f.gas = plus(times(m.base, 2), f.tip)
	return f
}

// replace gives the fees that a pool takes in the place of others: twice as much for blobs, an eighth more for calldata (a tenth is the rule).
func (f fees) replace(k kind) fees {
	more := func(v uint64) uint64 { return plus(v, v/8+1) }
	if k == blobKind {
		more = func(v uint64) uint64 { return times(v, 2) }
	}
	return fees{more(f.tip), more(f.gas), more(f.blob)}
}

// most takes the higher of each.
func (f fees) most(g fees) fees {
	return fees{max(f.tip, g.tip), max(f.gas, g.gas), max(f.blob, g.blob)}
}

// within says whether fees keep to the limits. Blob fees do not matter to calldata.
func (f fees) within(limits Fees, k kind) bool {
	return f.gas <= limits.MaxGas && (k == calldataKind || f.blob <= limits.MaxBlobGas)
}

// cap lowers fees to the limits; what the market asks at least must fit.
func (f fees) cap(m market, limits Fees, k kind) (fees, error) {
	least := plus(m.base, min(f.tip, limits.MinTip))
	if least > limits.MaxGas || k == blobKind && m.blob > limits.MaxBlobGas {
		return f, fmt.Errorf("%d wei per gas and %d per blob gas: %w", m.base, m.blob, ErrFeeLimit)
	}
	f.gas, f.blob = min(f.gas, limits.MaxGas), min(f.blob, limits.MaxBlobGas)
	f.tip = min(f.tip, f.gas)
	return f, nil
}

// cost is the most that a transaction can cost, in wei.
func (f fees) cost(k kind, gas uint64, blobs int) *big.Int {
	total := product(f.gas, gas)
	if k == blobKind {
		total.Add(total, product(f.blob, uint64(blobs)*params.BlobTxBlobGasPerBlob))
	}
	return total
}

func times(a, b uint64) uint64 {
	if a != 0 && b > math.MaxUint64/a {
		return math.MaxUint64
	}
	return a * b
}

func plus(a, b uint64) uint64 {
	if a > math.MaxUint64-b {
		return math.MaxUint64
	}
	return a + b
}

func product(a, b uint64) *big.Int {
	return new(big.Int).Mul(new(big.Int).SetUint64(a), new(big.Int).SetUint64(b))
}

// calldataGas is what a container costs as calldata, by EIP-7623's floor and the price before it.
func calldataGas(container []byte) uint64 {
	tokens := uint64(0)
	for _, b := range container {
		if b == 0 {
			tokens++
		} else {
			tokens += params.TxTokenPerNonZeroByte
		}
	}
	return params.TxGas + max(tokens*params.TxCostFloorPerToken, tokens*params.TxDataZeroGas)
}

// chooser remembers which way containers go, so that it does not flap between the two.
type chooser struct {
	limits Fees

	mu       sync.Mutex // guards calldata
	calldata bool       // blobs were dear when last looked at
}

// choose says how a container should travel at these prices.
func (c *chooser) choose(m market, container []byte) (kind, error) {
	if c.limits.NoCalldata {
		if m.noBlobs {
			return blobKind, fmt.Errorf("the L1 takes no blobs, and calldata is not allowed: %w", ErrRejected)
		}
		return blobKind, nil
	}
	blobs := product(m.blob, uint64(blobsFor(len(container)))*params.BlobTxBlobGasPerBlob)
	blobs.Add(blobs, product(m.base, params.TxGas))
	calldata := product(m.base, calldataGas(container))
	percent := c.limits.LeavePercent
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.calldata {
		percent = c.limits.ReturnPercent
	}
	blobs.Mul(blobs, big.NewInt(100))
	calldata.Mul(calldata, new(big.Int).SetUint64(percent))
	c.calldata = m.noBlobs || blobs.Cmp(calldata) > 0
	if !c.calldata {
		return blobKind, nil
	}
	if len(container) > maxCalldata {
		return calldataKind, fmt.Errorf("blobs cost too much, and %d bytes do not fit into calldata: %w", len(container), da.ErrTooLarge{Limit: roomFor(maxCalldata, 1)})
	}
	return calldataKind, nil
}

// spending bounds what is spent in any hour.
type spending struct {
	limit *big.Int
	now   func() time.Time

	mu       sync.Mutex // guards the fields below
	reserved *big.Int   // the most that what is in flight may cost
	paid     []payment  // in the order of their times
}

type payment struct {
	at  time.Time
	wei *big.Int
}

func newSpending(limit *big.Int) *spending {
	return &spending{limit: limit, now: time.Now, reserved: new(big.Int)}
}

// last is what was paid in the last hour. The lock is held.
func (s *spending) last() *big.Int {
	begin := s.now().Add(-time.Hour)
	for len(s.paid) > 0 && s.paid[0].at.Before(begin) {
		s.paid = s.paid[1:]
	}
	sum := new(big.Int)
	for _, p := range s.paid {
		sum.Add(sum, p.wei)
	}
	return sum
}

// reserve sets more aside for what a transaction may cost, beside what was set aside for it already.
func (s *spending) reserve(before, cost *big.Int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := s.last()
	sum.Add(sum, s.reserved).Sub(sum, before).Add(sum, cost)
	if sum.Cmp(s.limit) > 0 {
		return fmt.Errorf("%s wei of %s: %w", sum, s.limit, ErrSpendLimit)
	}
	s.reserved.Sub(s.reserved, before).Add(s.reserved, cost)
	return nil
}

// swap changes what is set aside, whatever the limit.
func (s *spending) swap(before, after *big.Int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reserved.Sub(s.reserved, before).Add(s.reserved, after)
}

// settle gives back what was set aside and notes what was paid.
func (s *spending) settle(reserved, paid *big.Int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reserved.Sub(s.reserved, reserved)
	if paid.Sign() > 0 {
		s.paid = append(s.paid, payment{s.now(), paid})
	}
}
