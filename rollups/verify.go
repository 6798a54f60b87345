package rollups

import (
	"errors"
	"fmt"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/feed"
)

// verify turns a run of steps, the last of which has a certificate or is a mark, into blocks: the chain and the certificate by
// [cert.Trust.Advance], or [cert.Trust.Along], each lane by its proof. Any error but a [*cert.ErrConflict] is the fault of whoever sent the steps.
func verify(trust cert.Trust, marks *cert.Marks, ns namespaces.Namespace, steps []feed.Step) ([]Block, cert.Trust, error) {
	last := steps[len(steps)-1]
	run := &cert.Run{Certificate: cert.Bare(last.Header), Next: last.Next}
	if last.Certificate != nil {
		run.Certificate = *last.Certificate
	}
	for i := range steps {
		run.Headers = append(run.Headers, steps[i].Header)
	}
	var next cert.Trust
	var err error
	if run.Piece() {
		next, err = trust.Along(marks, run.Headers)
	} else {
		next, err = trust.Advance(*run)
	}
	if err != nil {
		if conflict := contradicts(trust, marks, *run); conflict != nil {
			return nil, trust, conflict
		}
		return nil, trust, err
	}
	blocks := make([]Block, len(steps))
	for i := range steps {
		l, err := laneOf(&steps[i], ns)
		if err != nil {
			return nil, trust, fmt.Errorf("height %d: %w", steps[i].Header.Height, err)
		}
		if err := l.Verify(steps[i].Header.DataRoot); err != nil {
			return nil, trust, fmt.Errorf("height %d: %w", steps[i].Header.Height, err)
		}
		blocks[i] = Block{Header: steps[i].Header, Hash: steps[i].Header.Hash(), Lane: l.Data, Run: run}
	}
	blocks[len(blocks)-1].Trust = &next
	return blocks, next, nil
}

// laneOf returns the one lane that was asked for.
func laneOf(s *feed.Step, ns namespaces.Namespace) (feed.Lane, error) {
	if len(s.Lanes) != 1 || s.Lanes[0].Namespace != ns {
		return feed.Lane{}, errors.New("want the one lane that was asked for")
	}
	return s.Lanes[0], nil
}

// contradicts says whether a run that does not follow the trust proves that two headers are certified at its height: the trusted set has
// signed a header, or the marks name one, whose ancestors, all shown, begin on another parent.
func contradicts(trust cert.Trust, marks *cert.Marks, run cert.Run) *cert.ErrConflict {
	first, last := run.Headers[0], run.Headers[len(run.Headers)-1]
	if trust.Height == 0 || first.Height != trust.Height+1 || first.ParentHash == trust.Hash {
		return nil
	}
	for i := 1; i < len(run.Headers); i++ {
		if run.Headers[i].ParentHash != run.Headers[i-1].Hash() || run.Headers[i].Height != run.Headers[i-1].Height+1 {
			return nil
		}
	}
	c := run.Certificate
	if c.HeaderHash != last.Hash() || c.Height != last.Height || marks.Certifies(trust, c) != nil {
		return nil
	}
	return &cert.ErrConflict{Height: trust.Height, Known: trust.Hash, Run: run}
}
