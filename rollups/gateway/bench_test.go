package gateway

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces/tx"
)

// sink includes every Tx at once: one block for each publication, without executing.
type sink struct {
	*fakeRollup
	raws int
}

func (s *sink) publish(_ context.Context, txs [][]byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.height++
	for _, b := range txs {
		t, err := tx.Decode(b)
		if err != nil {
			return err
		}
		for _, l := range t.Legs() {
			p, err := fakeParser{}.Parse(l.Data)
			if err != nil {
				return err
			}
			s.nonces[p.Sender] = max(s.nonces[p.Sender], p.Nonce+1)
			s.outcomes[p.Hash] = Outcome{Result: Landed, Height: s.height}
			s.raws++
		}
	}
	close(s.changed)
	s.changed = make(chan struct{})
	return nil
}

// BenchmarkWrap measures raw transactions of 250 bytes from Submit to a journaled (on disk), published and settled Tx, with 256 submitters, a sender each,
// that wait for durability at every eighth. Run it with -cpu 1 for one core. The fake parser recovers no signature: an EVM's costs 35 us more each, and
// runs on the submitters' cores.
func BenchmarkWrap(b *testing.B) {
	r := &sink{fakeRollup: newFakeRollup()}
	r.outcomes = make(map[common.Hash]Outcome, b.N)
	cfg := config(b, r.fakeRollup)
	cfg.Publish, cfg.Linger, cfg.Pool.Count = r.publish, 5*time.Millisecond, 1<<20
	g := start(b, cfg)
	const submitters = 256
	payload := make([]byte, 250-17)
	b.ResetTimer()
	var work sync.WaitGroup
	for s := range submitters {
		work.Go(func() {
			for n := range uint64((b.N + submitters - 1 - s) / submitters) {
				wait, _, err := g.accept(raw(byte(s), n, 1, payload...))
				if err != nil {
					b.Error(err)
					return
				}
				if n%8 == 7 {
					<-wait.done
				}
			}
		})
	}
	work.Wait()
	until(b, "settling", func() bool { return g.Stats().Transactions == 0 })
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "raw/s")
	b.ReportMetric(float64(r.raws), "wrapped")
}
