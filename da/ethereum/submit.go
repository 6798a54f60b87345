package ethereum

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/rpc"

	"github.com/lockstep-network/lockstep/da"
)

// sender makes transactions of submissions and brings each into a block. Its rules, which others paid to learn:
//
//   - An account has one transaction in flight, so that no nonce ever waits for another; more accounts send more at once.
//   - What is in flight keeps its nonce until a receipt, or another transaction at that nonce, settles it, also across calls of Submit: a
//     submission whose outcome was unknown and that comes again is waited for, another one replaces it.
//   - Blob and calldata transactions of an account are never in flight together: pools refuse that. Who wants the other kind takes another account.
//   - A transaction is sent again as it is while it is not included (pools drop), and with higher fees after a while.
type sender struct {
	cfg      Config
	node     *node
	prover   *prover
	chooser  *chooser
	spending *spending

	mu      sync.Mutex // guards the fields below
	free    []*account // who is nobody's now; the one longest free first
	wake    chan struct{}
	chainID *big.Int // nil until the node told it
}

func newSender(cfg Config, n *node) *sender {
	s := &sender{
		cfg: cfg, node: n, prover: newProver(), chooser: &chooser{limits: cfg.Fees}, spending: newSpending(cfg.Fees.SpendPerHour),
		wake: make(chan struct{}),
	}
	for _, a := range cfg.Accounts {
		s.free = append(s.free, &account{Account: a})
	}
	return s
}

// Submit implements [da.Layer]. Beside its errors there are [ErrFeeLimit], [ErrSpendLimit], [ErrFunds] and [ErrRejected]; after each of them
// nothing was included.
func (s *sender) Submit(ctx context.Context, blobs []da.Blob) (uint64, error) {
	if err := da.Validate(blobs); err != nil {
		return 0, err
	}
	if len(s.cfg.Accounts) == 0 {
		return 0, fmt.Errorf("submit to L1: no account that pays: %w", da.ErrInvalid)
	}
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("submit to L1: %w", err)
	}
	container, err := encodeContainer(blobs, s.cfg.Blobs*blobBytes)
	if err != nil {
		return 0, fmt.Errorf("submit to L1: %w", err)
	}
	limited, cancel := context.WithTimeout(ctx, s.cfg.Timing.Patience)
	defer cancel()
	height, err := s.submit(limited, newPayload(container))
	switch {
	case err == nil:
		return height, nil
	case ctx.Err() != nil:
		return 0, fmt.Errorf("submit to L1: %w", ctx.Err())
	case limited.Err() != nil:
		return 0, fmt.Errorf("submit to L1: not included within %s: %w", s.cfg.Timing.Patience, da.ErrUnavailable)
	}
	return 0, fmt.Errorf("submit to L1: %w", err)
}

func (s *sender) submit(ctx context.Context, load *payload) (uint64, error) {
	m, err := s.market(ctx)
	if err != nil {
		return 0, err
	}
	k, err := s.chooser.choose(m, load.container)
	if err != nil {
		return 0, err
	}
	if k == blobKind {
		if err := s.prover.prove(ctx, load); err != nil {
			return 0, err
		}
	}
	a, err := s.take(ctx, load.digest, k)
	if err != nil {
		return 0, err
	}
	defer func() { s.put(a) }()
	for {
		height, err := s.drive(ctx, a, load, k)
		switch {
		case errors.Is(err, errDear): // the blob transaction stays in flight; what it carries goes another way besides
			if other := s.takeIdle(); other != nil {
				s.put(a)
				a, k = other, calldataKind
			}
		case errors.Is(err, errNoBlobs):
			k = calldataKind
			if len(load.container) > maxCalldata {
				return 0, fmt.Errorf("the L1 takes no blobs: %w", da.ErrTooLarge{Limit: roomFor(maxCalldata, 1)})
			}
		default:
			return height, err
		}
	}
}

// take waits for an account: the one that has this very submission in flight, or none, or one of the same kind, in this order.
func (s *sender) take(ctx context.Context, digest common.Hash, k kind) (*account, error) {
	rank := func(a *account) int {
		switch f := a.flight; {
		case f != nil && f.load.digest == digest:
			return 0
		case f == nil:
			return 1
		case f.kind == k:
			return 2
		}
		return 3
	}
	for {
		s.mu.Lock()
		best := -1
		for i, a := range s.free {
			if best < 0 || rank(a) < rank(s.free[best]) {
				best = i
			}
		}
		wake := s.wake
		a := s.remove(best)
		s.mu.Unlock()
		if a != nil {
			return a, nil
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// takeIdle takes an account that has nothing in flight; nil if there is none.
func (s *sender) takeIdle() *account {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.remove(s.idle())
}

// idle finds an account that has nothing in flight; -1 if there is none. The lock is held.
func (s *sender) idle() int {
	for i, a := range s.free {
		if a.flight == nil {
			return i
		}
	}
	return -1
}

// remove takes an account out of those that are free. The lock is held.
func (s *sender) remove(i int) *account {
	if i < 0 {
		return nil
	}
	a := s.free[i]
	s.free = append(s.free[:i:i], s.free[i+1:]...)
	return a
}

func (s *sender) put(a *account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free = append(s.free, a)
	close(s.wake)
	s.wake = make(chan struct{})
}

// market asks for prices.
func (s *sender) market(ctx context.Context) (market, error) {
	var latest *header
	var blob, tip hexutil.Big
	elems := []rpc.BatchElem{
		{Method: "eth_getBlockByNumber", Args: []any{"latest", false}, Result: &latest},
		{Method: "eth_blobBaseFee", Result: &blob},
		{Method: "eth_maxPriorityFeePerGas", Result: &tip},
	}
	if err := s.node.batch(ctx, elems); err != nil {
		return market{}, fmt.Errorf("ask for prices: %w", err)
	}
	if err := elems[0].Error; err != nil {
		return market{}, fmt.Errorf("ask for prices: %w", unavailable(err))
	}
	if latest == nil || latest.BaseFeePerGas == nil {
		return market{}, fmt.Errorf("ask for prices: the latest block has no base fee: %w", da.ErrUnavailable)
	}
	m := market{base: saturated(latest.BaseFeePerGas), tip: saturated(&tip), blob: saturated(&blob)}
	if err := elems[1].Error; err != nil {
		var refusal rpc.Error
		if !errors.As(err, &refusal) || refusal.ErrorCode() != codeMethodNotFound {
			return market{}, fmt.Errorf("ask for prices: %w", unavailable(err))
		}
		m.noBlobs = true
	}
	if elems[2].Error != nil { // the configured least serves
		m.tip = 0
	}
	return m, nil
}

func saturated(b *hexutil.Big) uint64 {
	if v := b.ToInt(); v.IsUint64() {
		return v.Uint64()
	}
	return 1<<64 - 1
}

// chain returns the chain's id, and sees to it that it is the configured one.
func (s *sender) network(ctx context.Context) (*big.Int, error) {
	s.mu.Lock()
	id := s.chainID
	s.mu.Unlock()
	if id != nil {
		return id, nil
	}
	var answer hexutil.Big
	if err := s.node.call(ctx, &answer, "eth_chainId"); err != nil {
		return nil, fmt.Errorf("ask for the chain: %w", unavailable(err))
	}
	id = answer.ToInt()
	if want := s.cfg.ChainID; want != 0 && id.Cmp(new(big.Int).SetUint64(want)) != 0 {
		return nil, fmt.Errorf("the node is on chain %s, configured is %d: %w", id, want, ErrRejected)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.chainID = id
	return id, nil
}

// Costs tells what is spent, in wei.
type Costs struct {
	LastHour *big.Int // paid for what was included
	InFlight *big.Int // the most that what is in flight may cost
}

// Costs tells what was spent in the last hour.
func (s *sender) Costs() Costs {
	s.spending.mu.Lock()
	defer s.spending.mu.Unlock()
	return Costs{LastHour: s.spending.last(), InFlight: new(big.Int).Set(s.spending.reserved)}
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
