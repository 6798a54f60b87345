package verify

import (
	"crypto/sha256"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/ethereum/go-ethereum/common"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/lockstep-network/lockstep/namespaces/tx"
)

// What the checker remembers at most: twice the larger of a full block and what arrives in a few blocks' time.
const (
	maxVerifiedBytes = 64 << 20
	maxVerifiedCount = 100_000
)

// Checker decodes transactions and verifies their signatures in parallel, and remembers the verified ones under sha256 of their whole
// encoding: under the id, somebody else's bad signature would be taken for checked. It is bounded, and safe for concurrent use.
type Checker struct {
	slots chan struct{} // workers of all Check calls together, so that gossip leaves room for a proposal

	checked, known prometheus.Counter

	mu       sync.Mutex // guards what follows: two generations, the older one is forgotten as a whole
	now, old generation
}

type generation struct {
	txs   map[common.Hash]tx.Verified
	bytes int
}

// New makes an empty checker. Metrics may be nil.
func New(metrics prometheus.Registerer) *Checker {
	c := &Checker{
		slots:   make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2)), // half the cores: a flood of gossip must not stop consensus
		checked: prometheus.NewCounter(prometheus.CounterOpts{Name: "lockstep_signatures_checked_total", Help: "Signatures recovered."}),
		known:   prometheus.NewCounter(prometheus.CounterOpts{Name: "lockstep_signatures_known_total", Help: "Signatures remembered."}),
		now:     generation{txs: make(map[common.Hash]tx.Verified)},
	}
	if metrics != nil {
		metrics.MustRegister(c.checked, c.known)
	}
	return c
}

// nameOf names an encoding. sha256, because processors have it built in: a transaction of a thousand legs is named in a sixth of keccak's time.
func nameOf(raw []byte) common.Hash { return sha256.Sum256(raw) }

// Lookup returns the verified transaction with this very encoding, if it is remembered.
func (c *Checker) Lookup(raw []byte) (tx.Verified, bool) { return c.lookup(nameOf(raw)) }

func (c *Checker) lookup(key common.Hash) (tx.Verified, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t, ok := c.now.txs[key]; ok {
		return t, true
	}
	t, ok := c.old.txs[key]
	if ok {
		c.put(key, t)
	}
	return t, ok
}

func (c *Checker) remember(key common.Hash, t tx.Verified) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.put(key, t)
}

// put adds to the new generation, and begins another when it is half of what may be remembered. mu is held.
func (c *Checker) put(key common.Hash, t tx.Verified) {
	if _, there := c.now.txs[key]; there {
		return
	}
	if c.now.bytes+len(t.Raw()) > maxVerifiedBytes/2 || len(c.now.txs) >= maxVerifiedCount/2 {
		c.old, c.now = c.now, generation{txs: make(map[common.Hash]tx.Verified)}
	}
	c.now.txs[key] = t
	c.now.bytes += len(t.Raw())
}

// Check decodes and verifies encodings, in parallel: errs[i] is nil or a [*tx.Reject]. It copies what it keeps.
func (c *Checker) Check(raws [][]byte) (txs []tx.Verified, errs []error) {
	txs, errs = make([]tx.Verified, len(raws)), make([]error, len(raws))
	parallel(len(raws), c.slots, func(i int) { txs[i], errs[i] = c.check(raws[i]) })
	return txs, errs
}

func (c *Checker) check(raw []byte) (tx.Verified, error) {
	o, err := c.openOne(raw)
	if err != nil {
		return tx.Verified{}, err
	}
	if o.verified {
		return tx.Verified{Tx: o.Tx}, nil
	}
	return c.verify(o.key, o.Tx)
}

func (c *Checker) verify(key common.Hash, t *tx.Tx) (tx.Verified, error) {
	c.checked.Inc()
	v, err := t.Verify()
	if err != nil {
		return tx.Verified{}, err
	}
	c.remember(key, v)
	return v, nil
}

// chunk is how many signatures a worker checks in a row: about a millisecond's.
const chunk = 16

// parallel calls do for 0 to n-1, in as many goroutines as there are slots.
func parallel(n int, slots chan struct{}, do func(int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	work := func() {
		for {
			from := int(next.Add(chunk)) - chunk
			if from >= n {
				return
			}
			slots <- struct{}{}
			for i := from; i < min(from+chunk, n); i++ {
				do(i)
			}
			<-slots
		}
	}
	for range min(cap(slots), (n+chunk-1)/chunk) - 1 {
		wg.Go(work)
	}
	work()
	wg.Wait()
}
