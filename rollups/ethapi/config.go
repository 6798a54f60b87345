package ethapi

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/lockstep-network/lockstep/rollups"
	"github.com/lockstep-network/lockstep/rollups/evm"
	"github.com/lockstep-network/lockstep/rollups/gateway"
)

// Heads tells how far the node has derived; *rollups.Driver does.
type Heads interface {
	// Heads returns rollup block numbers: the tags latest, safe and finalized.
	Heads() (soft, firm, final uint64)
	// Status returns the same with shared heights.
	Status() rollups.Heads
}

// Gateway is the way of transactions into the rollup's lane; *gateway.Gateway is one.
type Gateway interface {
	// Submit returns the hash of a raw transaction when it is durable.
	Submit(ctx context.Context, raw []byte) (common.Hash, error)
	// Status tells how far a raw transaction has come.
	Status(hash common.Hash) gateway.Status
	// Subscribe returns hashes as transactions become durable; the channel is closed by cancel, and when the gateway ends.
	Subscribe(buffer int) (hashes <-chan common.Hash, cancel func())
	waiting
}

// waiting is what the gateway holds without a result.
type waiting interface {
	// Pending returns a raw transaction that has no result yet.
	Pending(hash common.Hash) (raw []byte, ok bool)
	// PendingList returns up to limit such transactions, each sender's in the order of nonces.
	PendingList(limit int) [][]byte
	// PendingNonce is a sender's next nonce after all that is on its way without a gap.
	PendingNonce(sender gateway.Sender) (uint64, error)
}

// Config is what a Server needs.
type Config struct {
	Chain     *evm.Chain
	Gateway   Gateway       // nil: a read-only node, eth_sendRawTransaction is refused
	Heads     Heads         // where the tags point
	Announced func() uint64 // newest shared height known to exist, for eth_syncing; nil: the node never says that it is behind
	Peers     func() int    // connected peers, for net_peerCount; nil for none

	Listen  string   // host:port of HTTP and WebSocket
	Origins []string // of web pages that are let in, "*" for all; none by default. Wallets in a browser's extension are let in always
	Version string   // of the software, for web3_clientVersion
	Limits  Limits   // zero values take the defaults

	Registry prometheus.Registerer // may be nil
	Log      *slog.Logger          // slog.Default if nil
}

// Validate says what is missing.
func (c Config) Validate() error {
	switch {
	case c.Chain == nil:
		return errors.New("ethapi: no chain")
	case c.Heads == nil:
		return errors.New("ethapi: no heads")
	}
	return nil
}

// Limits bound what clients may take. Zero values take the defaults named here.
type Limits struct {
	Connections int           // at once, one more is closed; 1,024
	Body        int           // bytes of one request, or batch; 5 MiB, as much as go-ethereum takes
	Batch       int           // requests in a batch; 1,000
	Response    int           // bytes of the answers of a batch, and of the logs in one answer; 25 MB
	Calls       int           // calls, estimates, proofs and log searches at work at once, others wait; 16
	Waiters     int           // requests that wait for a receipt at once, others are answered at once; 1,024
	CallGas     uint64        // gas of eth_call; 50,000,000
	CallTime    time.Duration // of a call, an estimate or a log search, waiting included; 5 s

	LogBlocks    uint64 // blocks that one log search may span; 100,000
	Logs         int    // logs in one answer; 10,000
	LogAddresses int    // addresses, and topics of one position, in one log search; 1,000

	Filters                    int           // at once; 1,024
	FilterLife                 time.Duration // a filter not asked for so long is forgotten; 5 min
	Subscriptions              int           // at once; 4,096
	SubscriptionsPerConnection int           // 128
}

func (l Limits) withDefaults() Limits {
	or(&l.Connections, 1024)
	or(&l.Body, 5<<20)
	or(&l.Batch, 1000)
	or(&l.Response, 25_000_000)
	or(&l.Calls, 16)
	or(&l.Waiters, 1024)
	or(&l.CallGas, 50_000_000)
	or(&l.CallTime, 5*time.Second)
	or(&l.LogBlocks, 100_000)
	or(&l.Logs, 10_000)
	or(&l.LogAddresses, 1000)
	or(&l.Filters, 1024)
	or(&l.FilterLife, 5*time.Minute)
	or(&l.Subscriptions, 4096)
	or(&l.SubscriptionsPerConnection, 128)
	return l
}

func or[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func (c Config) withDefaults() Config {
	c.Limits = c.Limits.withDefaults()
	if c.Announced == nil {
		c.Announced = func() uint64 { return 0 }
	}
	if c.Peers == nil {
		c.Peers = func() int { return 0 }
	}
	or(&c.Version, "dev")
	if c.Registry == nil {
		c.Registry = prometheus.NewRegistry()
	}
	or(&c.Log, slog.Default())
	return c
}
