package rollups

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/forced"
)

// Source says where blocks are taken from.
type Source string

// The three ways to follow.
const (
	SourceBoth Source = "both" // soft from peers, compared with and backed by the DA layer
	SourceP2P  Source = "p2p"  // soft from peers only; firm and final stay at genesis
	SourceDA   Source = "da"   // from the DA layer and the genesis alone; soft is firm
)

// Config is all that a [Driver] needs.
type Config struct {
	Dir       string               // folder of the heads record and of evidence; of this driver alone
	Namespace namespaces.Namespace // the rollup's lane
	Genesis   cert.Trust           // what is trusted at the start: genesis.Genesis.Trust
	Executor  Executor
	Prepare   func(entries [][]byte) // work ahead of execution, such as recovering senders; any goroutine; nil for none
	Source    Source                 // SourceBoth if empty
	Peers     Peers                  // needed unless Source is SourceDA
	Announced Announcements          // may be nil: then only time tells a silent peer
	DA        Firm                   // needed unless Source is SourceP2P
	Rule      forced.Rule            // of the forced way in, as the genesis has it; zero: there is none
	Forced    Forced                 // what came by it; nil for a node without a DA layer, which stops where it would matter
	Limits    Limits                 // zero values take the defaults
	Registry  prometheus.Registerer  // may be nil
	Log       *slog.Logger           // slog.Default if nil

	fs vfs.FS // where the heads record is; the disk if nil. Tests crash it
}

// Limits bound what a driver holds in memory and how long it waits. Zero values take the defaults named here.
type Limits struct {
	LookaheadBlocks int           // blocks verified but not executed, per source; 256
	LookaheadBytes  int           // bytes of their lanes, per source; 64 MiB. One block always fits
	RunBytes        int           // bytes of lanes of a run that is not certified yet; 128 MiB
	Silence         time.Duration // a stream without a step for so long is left; 10 s, twenty blocks of an idle chain
	Withheld        time.Duration // a stream that lags a proven header for so long is left and charged; 3 s
	BackoffMin      time.Duration // first pause after a temporary error; 100 ms
	BackoffMax      time.Duration // last pause after a temporary error; 10 s
	FinalityPoll    time.Duration // pause between two looks at the DA layer's finality; 1 s
}

func (l Limits) withDefaults() Limits {
	def := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	wait := func(v *time.Duration, d time.Duration) {
		if *v == 0 {
			*v = d
		}
	}
	def(&l.LookaheadBlocks, 256)
	def(&l.LookaheadBytes, 64<<20)
	def(&l.RunBytes, 128<<20)
	wait(&l.Silence, 10*time.Second)
	wait(&l.Withheld, 3*time.Second)
	wait(&l.BackoffMin, 100*time.Millisecond)
	wait(&l.BackoffMax, 10*time.Second)
	wait(&l.FinalityPoll, time.Second)
	return l
}

// Validate says what is missing.
func (c Config) Validate() error {
	switch {
	case c.Dir == "":
		return errors.New("rollup driver: no folder for the heads record")
	case c.Genesis.ChainID == "" || c.Genesis.Height != 0:
		return errors.New("rollup driver: the trust to start from must be the genesis")
	case c.Executor == nil:
		return errors.New("rollup driver: no executor")
	case c.Source != SourceBoth && c.Source != SourceP2P && c.Source != SourceDA:
		return fmt.Errorf("rollup driver: source %q, want %q, %q or %q", c.Source, SourceBoth, SourceP2P, SourceDA)
	case c.Source != SourceDA && c.Peers == nil:
		return fmt.Errorf("rollup driver: source %q needs peers", c.Source)
	case c.Source != SourceP2P && c.DA == nil:
		return fmt.Errorf("rollup driver: source %q needs a DA layer", c.Source)
	}
	if err := c.Namespace.ValidateForRollup(); err != nil {
		return fmt.Errorf("rollup driver: %w", err)
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.Source == "" {
		c.Source = SourceBoth
	}
	if c.Prepare == nil {
		c.Prepare = func([][]byte) {}
	}
	if c.Registry == nil {
		c.Registry = prometheus.NewRegistry()
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	c.Limits = c.Limits.withDefaults()
	return c
}
