package gateway

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/ethereum/go-ethereum/common"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/tx"
)

// Sender names an account of the rollup: its address, left-padded with zeros if it is shorter.
type Sender [32]byte

// Parsed is what the gateway must know of a raw transaction.
type Parsed struct {
	Hash   common.Hash // the rollup's own hash of it, by which results and status are asked
	Sender Sender
	Nonce  uint64 // its place among the sender's
	Price  Price  // what it bids; Parser.Replaces compares
}

// Price is a bid in the rollup's own terms: for the EVM fee cap and tip cap, in wei per gas.
type Price [2]uint64

// Parser reads the rollup's raw transactions. Its methods may be called from any goroutine.
type Parser interface {
	// Parse checks what can be checked at once, the sender's signature too. Its error is the submitter's answer. It is asked once: what it has
	// said of a transaction that was taken stands, also after a restart.
	Parse(raw []byte) (Parsed, error)
	// Replaces says whether a transaction bids enough to take the place of another of equal sender and nonce.
	Replaces(next, old Price) bool
}

// Result is what became of a raw transaction.
type Result int

// The results.
const (
	Unknown Result = iota // the rollup has not seen it
	Landed                // it is in a rollup block
	Skipped               // derivation passed over it
)

// Outcome is a result with where and why.
type Outcome struct {
	Result Result
	Height uint64 // shared height that decided it
	Reason string // why it was skipped: the rollup's own stable code
	Again  bool   // skipped, but the same bytes may land later: nonce too high, block full
}

// State is the rollup as derived so far, at its soft head. Its methods may be called from any goroutine.
type State interface {
	// Nonce is the next nonce of a sender.
	Nonce(sender Sender) (uint64, error)
	// Outcome tells what became of a raw transaction, by the hash that Parser gave it. Landed wins over Skipped, a later skip over an earlier.
	Outcome(hash common.Hash) (Outcome, error)
}

// Config is all that a [Gateway] needs.
type Config struct {
	Dir       string               // folder of the journal, of this gateway alone
	ChainID   string               // the sequencer's network
	Namespace namespaces.Namespace // the rollup's lane
	Key       *ecdsa.PrivateKey    // the payer
	Parser    Parser
	State     State

	// Soft returns the shared height that State has reached, and a channel that is closed when it moves next.
	Soft func() (height uint64, changed <-chan struct{})
	// Announced returns the newest shared height known to exist; an expiry is counted from it. Nil: from Soft.
	Announced func() uint64
	// Publish gossips encoded Txs, in total at most feed.MaxBatchSize. An error (there is no peer, say) means: try again soon.
	Publish func(ctx context.Context, txs [][]byte) error

	// Price returns the newest known price of a byte in wei; 0 while it is not known. Nil: it never is. A Tx accepts twice the price, and is signed anew
	// when the price passes that.
	Price           func() uint64
	FirstFeePerByte uint64 // what a Tx accepts while the price is not known, wei per byte of weight; MaxFeePerByte if 0
	MaxFeePerByte   uint64 // the most that a Tx of this gateway ever accepts, wei per byte of weight; a tip comes on top

	Tip         uint64        // wei per byte of weight, the least tip that a Tx of this gateway offers
	TipSteps    uint64        // room above Tip that keeps this gateway's Txs in their order; 65,536 if 0: 0.007 % of a fee of 1 gwei
	ExpiryAhead uint64        // heights that an expiry lies ahead; 128 if 0, at most the network's window
	Linger      time.Duration // how long the first transaction of a batch waits for others, four times as long when busy (see [Linger]); 5 ms if 0
	Republish   time.Duration // pause between two publications of the same Tx; 10 s if 0
	Lifetime    time.Duration // how long a transaction is kept that never gets a result; 3 h if 0

	MaxLegs    int // legs of one Tx; tx.MaxLegs if 0
	MaxTxBytes int // bytes of one encoded Tx; tx.MaxSize if 0
	MaxRaw     int // bytes of one raw transaction; tx.MaxLegData if 0
	Pool       PoolLimits

	Registry prometheus.Registerer // may be nil
	Log      *slog.Logger          // slog.Default if nil

	fs vfs.FS // where the journal is; the disk if nil. Tests crash it
}

// PoolLimits bound what a gateway holds. Zero values take the defaults.
type PoolLimits struct {
	Count     int // transactions in all; 65,536
	Bytes     int // bytes of them in all, 512 more counted for each; 256 MiB
	PerSender int // transactions of one sender; 4,096
	Gapped    int // transactions in all that wait for an earlier nonce; 4,096
	Txs       int // Txs published and undecided; 1,024
}

// Status is what a gateway knows of a raw transaction.
type Status struct {
	Stage  Stage
	Tx     common.Hash // id of the Tx that carries it; zero unless Sent
	Expiry uint64      // last shared height that may include that Tx; zero unless Sent
	Reason string      // why it was dropped
}

// Stage is how far a raw transaction has come.
type Stage string

// The stages.
const (
	StageUnknown Stage = "unknown" // never seen, or forgotten
	StageGapped  Stage = "gapped"  // waits for an earlier nonce
	StageReady   Stage = "ready"   // waits to be wrapped
	StageSent    Stage = "sent"    // in a Tx that is journaled and published
	StageLanded  Stage = "landed"  // in a rollup block
	StageDropped Stage = "dropped" // skipped for good, replaced, or too old: see Reason
)

// Errors of Submit, to be told apart with errors.Is.
var (
	ErrKnown       = errors.New("already known")
	ErrNonceTooLow = errors.New("nonce too low")
	ErrUnderpriced = errors.New("replacement transaction underpriced")
	ErrSent        = errors.New("a transaction of this nonce is on its way and cannot be replaced any more")
	ErrFull        = errors.New("gateway is full, try again later")
	ErrTooLarge    = errors.New("transaction too large")
	ErrClosed      = errors.New("gateway is closed")
)

func (c Config) withDefaults() Config {
	count := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	wait := func(v *time.Duration, d time.Duration) {
		if *v == 0 {
			*v = d
		}
	}
	wait(&c.Linger, 5*time.Millisecond)
	wait(&c.Republish, 10*time.Second)
	wait(&c.Lifetime, 3*time.Hour)
	count(&c.MaxLegs, tx.MaxLegs)
	count(&c.MaxTxBytes, tx.MaxSize)
	count(&c.MaxRaw, tx.MaxLegData)
	count(&c.Pool.Count, 65_536)
	count(&c.Pool.Bytes, 256<<20)
	count(&c.Pool.PerSender, 4_096)
	count(&c.Pool.Gapped, 4_096)
	count(&c.Pool.Txs, 1_024)
	if c.TipSteps == 0 {
		c.TipSteps = 65_536
	}
	if c.ExpiryAhead == 0 {
		c.ExpiryAhead = 128
	}
	if c.FirstFeePerByte == 0 {
		c.FirstFeePerByte = c.MaxFeePerByte
	}
	if c.Price == nil {
		c.Price = func() uint64 { return 0 }
	}
	if c.Announced == nil && c.Soft != nil {
		soft := c.Soft
		c.Announced = func() uint64 { h, _ := soft(); return h }
	}
	if c.Registry == nil {
		c.Registry = prometheus.NewRegistry()
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return c
}

// Validate says what is missing.
func (c Config) Validate() error {
	switch {
	case c.Dir == "":
		return errors.New("gateway: no folder for the journal")
	case c.ChainID == "" || len(c.ChainID) > tx.MaxChainID:
		return fmt.Errorf("gateway: chain id of %d bytes, want 1 to %d", len(c.ChainID), tx.MaxChainID)
	case c.Key == nil:
		return errors.New("gateway: no key of a payer")
	case c.Parser == nil || c.State == nil:
		return errors.New("gateway: needs a parser and a state")
	case c.Soft == nil || c.Publish == nil:
		return errors.New("gateway: needs the soft head and a way to publish")
	case c.FirstFeePerByte > c.MaxFeePerByte:
		return fmt.Errorf("gateway: a first fee of %d above the maximum of %d, wei per byte", c.FirstFeePerByte, c.MaxFeePerByte)
	case c.MaxFeePerByte == 0 || c.Tip > math.MaxUint64-c.TipSteps:
		return fmt.Errorf("gateway: maximum fee of %d, tip of %d and %d steps, wei per byte: out of range", c.MaxFeePerByte, c.Tip, c.TipSteps)
	case c.MaxLegs < 1 || c.MaxLegs > tx.MaxLegs:
		return fmt.Errorf("gateway: %d legs, want 1 to %d", c.MaxLegs, tx.MaxLegs)
	case c.MaxRaw < 1 || c.MaxRaw > tx.MaxLegData || c.MaxTxBytes > tx.MaxSize || c.MaxTxBytes < c.MaxRaw+txOverhead+legOverhead:
		return fmt.Errorf("gateway: raw transactions of %d bytes in Txs of %d do not fit", c.MaxRaw, c.MaxTxBytes)
	}
	if err := c.Namespace.ValidateForRollup(); err != nil {
		return fmt.Errorf("gateway: %w", err)
	}
	return nil
}

// txOverhead is what an encoded Tx has beyond its legs at most, in bytes; legOverhead what a leg has beyond its data.
const (
	txOverhead  = 256
	legOverhead = 24
)
