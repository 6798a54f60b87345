package ethereum

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net/url"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/params"
)

// Account pays for submissions. While a layer has it, nobody else may send from it: the layer owns its nonces.
type Account struct {
	Address common.Address
	Sign    func(ctx context.Context, chainID *big.Int, tx types.TxData) (*types.Transaction, error)
}

// KeyAccount is the account of a key in memory.
func KeyAccount(key *ecdsa.PrivateKey) Account {
	return Account{
		Address: crypto.PubkeyToAddress(key.PublicKey),
		Sign: func(_ context.Context, chainID *big.Int, tx types.TxData) (*types.Transaction, error) {
			return types.SignNewTx(key, types.LatestSignerForChainID(chainID), tx)
		},
	}
}

// Config is what a layer needs. Zero values take the defaults named here.
type Config struct {
	RPC     string         // URL of an execution node's JSON-RPC, http or https. Trusted for what stands in which block, as one's own node is
	Beacons []string       // URLs of beacon nodes' APIs, in order of preference. Not trusted. None: containers in calldata alone can be read
	Inbox   common.Address // whereto containers are sent; anybody may send there
	ChainID uint64         // refuse to send on another chain; 0: whatever the node says

	Accounts      []Account // who pay, each with one transaction in flight; none: Submit is refused
	Blobs         int       // of one transaction, 1 to 6; 6
	Confirmations uint64    // blocks in which, and on which, a submission stands before it counts as included; 1
	Fees          Fees
	Retention     time.Duration // age at which beacon nodes may have pruned a blob; 18 days
	Timing        Timing
	Log           *slog.Logger // slog.Default if nil
}

// Fees bound what is paid, in wei. Zero values take the defaults named here.
type Fees struct {
	MinTip       uint64   // per gas, to the block's proposer; 1 gwei
	MaxGas       uint64   // per gas; 300 gwei
	MaxBlobGas   uint64   // per blob gas; 300 gwei
	SpendPerHour *big.Int // by all accounts together since Open; 1 ether

	NoCalldata bool // never send containers in calldata
	// While blobs cost more than LeavePercent of the same container in calldata (100), what fits goes there, until blobs cost less than
	// ReturnPercent of it again (80).
	LeavePercent, ReturnPercent uint64
}

// Timing is how often and how long. Zero values take the defaults named here.
type Timing struct {
	Poll     time.Duration // between two looks for a receipt; 2 s
	Resend   time.Duration // after which a transaction that is not included is sent again as it is; 12 s
	Bump     time.Duration // after which its fees are raised; 48 s
	Patience time.Duration // after which Submit ends with an unknown outcome; 10 min
	Request  time.Duration // how long one request may take; 20 s
}

func (c Config) withDefaults() Config {
	number := func(v *uint64, d uint64) {
		if *v == 0 {
			*v = d
		}
	}
	wait := func(v *time.Duration, d time.Duration) {
		if *v == 0 {
			*v = d
		}
	}
	if c.Blobs == 0 {
		c.Blobs = maxBlobs
	}
	number(&c.Confirmations, 1)
	number(&c.Fees.MinTip, params.GWei)
	number(&c.Fees.MaxGas, 300*params.GWei)
	number(&c.Fees.MaxBlobGas, 300*params.GWei)
	number(&c.Fees.LeavePercent, 100)
	number(&c.Fees.ReturnPercent, min(80, c.Fees.LeavePercent))
	if c.Fees.SpendPerHour == nil {
		c.Fees.SpendPerHour = big.NewInt(params.Ether)
	}
	wait(&c.Retention, 18*24*time.Hour)
	wait(&c.Timing.Poll, 2*time.Second)
	wait(&c.Timing.Resend, 12*time.Second)
	wait(&c.Timing.Bump, 48*time.Second)
	wait(&c.Timing.Patience, 10*time.Minute)
	wait(&c.Timing.Request, 20*time.Second)
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return c
}

// Validate says what is wrong with a configuration, and does not show secrets that a URL may hold.
func (c Config) Validate() error {
	whole := c.withDefaults()
	for _, raw := range append([]string{c.RPC}, c.Beacons...) {
		u, err := url.Parse(raw)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return errors.New("ethereum DA: a URL of the execution node or of a beacon node is not http://host:port or https://host:port")
		}
	}
	seen := make(map[common.Address]bool)
	for _, a := range c.Accounts {
		if a.Sign == nil || seen[a.Address] {
			return fmt.Errorf("ethereum DA: account %s cannot sign, or is given twice", a.Address)
		}
		seen[a.Address] = true
	}
	switch t := whole.Timing; {
	case c.Inbox == common.Address{}:
		return errors.New("ethereum DA: no inbox address")
	case whole.Blobs < 1 || whole.Blobs > maxBlobs:
		return fmt.Errorf("ethereum DA: %d blobs in a transaction, want 1 to %d", c.Blobs, maxBlobs)
	case min(c.Retention, t.Poll, t.Resend, t.Bump, t.Patience, t.Request) < 0:
		return errors.New("ethereum DA: a duration is negative")
	}
	return whole.Fees.validate()
}

func (f Fees) validate() error {
	switch {
	case f.MinTip > f.MaxGas:
		return fmt.Errorf("ethereum DA: the least tip, %d wei, is above the most that is paid per gas, %d wei", f.MinTip, f.MaxGas)
	case f.SpendPerHour.Sign() < 0:
		return errors.New("ethereum DA: the limit of what is spent per hour is negative")
	case f.ReturnPercent > f.LeavePercent:
		return fmt.Errorf("ethereum DA: returning to blobs at %d %% of calldata's cost, above the %d %% at which they are left", f.ReturnPercent, f.LeavePercent)
	}
	return nil
}
