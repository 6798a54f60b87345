package rollups

import (
	"math/rand/v2"
	"testing"

	"github.com/lockstep-network/lockstep/da/datest"
)

// TestFirmGoesBackWithTheLayer: a reorganisation of the DA layer takes a batch back. Firm goes back with it, soft and final do not, and the batch
// is firm again when it stands elsewhere; whether the node saw the reorganisation or was away.
func TestFirmGoesBackWithTheLayer(t *testing.T) {
	layer := datest.NewForked(12)
	s := NewSequencer(5, 30, func(rng *rand.Rand, _ uint64) []byte { return []byte{byte(rng.UintN(256))} })
	cfg := config(t, newFakeExecutor())
	cfg.Genesis, cfg.Source = s.Genesis(), SourceDA
	cfg.DA = FromDA(layer, mine(), 0, cfg.Log)
	first, last := s.chain.covered(10), s.chain.covered(20)
	s.Publish(t, layer, 1, first)
	below := layer.Height()
	s.Publish(t, layer, first+1, last)
	d := start(t, cfg)
	d.until("both batches", func(h Heads) bool { return h.Firm.Height == last })
	output := anywhere(d.Status().Soft)

	layer.Reorg(layer.Height()-below, nil)
	d.until("firm to go back", func(h Heads) bool { return h.Firm.Height == first })
	if h := d.Status(); anywhere(h.Soft) != output || h.Final.Height > first {
		t.Errorf("soft is %+v, want %+v; final is %d", h.Soft, output, h.Final.Height)
	}
	s.Publish(t, layer, first+1, last)
	d.until("the batch posted anew", func(h Heads) bool { return h.Firm.Height == last })

	if err := d.end(); err != nil {
		t.Fatal(err)
	}
	layer.Reorg(layer.Height()-below, nil, nil, nil) // while the node is away
	d = start(t, cfg)
	d.until("firm to be what stands", func(h Heads) bool { return h.Firm.Height == first })
	if h := d.Status(); anywhere(h.Soft) != output {
		t.Errorf("after a restart soft is %+v, want %+v", h.Soft, output)
	}
	s.Publish(t, layer, first+1, last)
	layer.Advance(15)
	d.until("all to be final", func(h Heads) bool { return h.Final.Height == last })
	if h := d.Status(); anywhere(h.Final) != output || anywhere(h.Firm) != output {
		t.Errorf("final is %+v, want %+v", h.Final, output)
	}
}

// anywhere is a head without where its copy stands.
func anywhere(h Head) Head {
	h.DAHeight = 0
	return h
}
