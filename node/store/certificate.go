package store

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/lockstep-network/lockstep/namespaces/cert"
)

// SetCertificate keeps a certificate, verified by the caller, of a header that is in the store. The first one of a height stays. The certified
// height moves to it when every height up to it is covered: at once, unless a change of operators below it is not certified yet.
func (s *Store) SetCertificate(c cert.Certificate) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.work.Done()
	s.commitMu.Lock()
	defer s.commitMu.Unlock()
	h, err := s.Header(c.Height)
	if err != nil {
		return fmt.Errorf("set certificate: %w", err)
	}
	if h.Hash() != c.HeaderHash {
		return fmt.Errorf("set certificate of height %d: it is for %s, the header is %s: %w",
			c.Height, c.HeaderHash, h.Hash(), cert.ErrUncertified)
	}
	if _, err = s.Certificate(c.Height); err == nil {
		return nil
	} else if !errors.Is(err, ErrNotFound) {
		return err
	}
	raw := c.Encode()
	certified, err := s.reach(c.Height)
	if err != nil {
		return fmt.Errorf("set certificate of height %d: %w", c.Height, err)
	}
	batch := s.db.NewBatch()
	defer batch.Close()
	w := writer{batch: batch}
	w.set(heightKey(prefixCertificate, c.Height), raw)
	w.set(metaKey(metaCertified), encodeHeight(certified))
	if w.err == nil {
		w.err = batch.Commit(pebble.NoSync) // see the package's doc
	}
	if w.err != nil {
		return fmt.Errorf("set certificate of height %d: %w", c.Height, w.err)
	}
	s.move(func(t *tip) { t.certified = certified })
	return nil
}

// reach is the certified height once a certificate stands at added as well.
func (s *Store) reach(added uint64) (uint64, error) {
	certified := s.Certified()
	for {
		next, err := s.nextCertificate(certified+1, added)
		if err != nil || next == 0 || next-certified > cert.MaxRun {
			return certified, err
		}
		for height := certified + 1; height < next; height++ {
			h, err := s.Header(height)
			if err != nil {
				return 0, err
			}
			if h.NextOperatorsHash != h.OperatorsHash {
				return certified, nil // this one needs its own set's certificate first
			}
		}
		certified = next
	}
}

// nextCertificate is the lowest height from a height on that is added or has a certificate; 0 if there is none.
func (s *Store) nextCertificate(from, added uint64) (next uint64, err error) {
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: heightKey(prefixCertificate, from), UpperBound: key(prefixCertificate + 1)})
	if err != nil {
		return 0, err
	}
	if added >= from {
		next = added
	}
	if it.First() {
		height, err := decodeHeight(it.Key()[1:])
		if err != nil {
			return 0, errors.Join(err, it.Close())
		}
		if next == 0 || height < next {
			next = height
		}
	}
	return next, it.Close()
}

// Certificate reads the certificate of this very height; [ErrNotFound] if another one covers it or none does.
func (s *Store) Certificate(height uint64) (cert.Certificate, error) {
	raw, err := s.value(prefixCertificate, height)
	if err != nil {
		return cert.Certificate{}, fmt.Errorf("read certificate of height %d: %w", height, err)
	}
	return cert.Decode(raw)
}

// Run reads consecutive headers from a height with the certificate of the last: the longest run that ends at or below to, or, if no
// certificate stands there, the shortest one that ends above it. Run(h, h) is so the shortest proof of h. A run never has more than
// [cert.MaxRun] headers and never crosses a change of operators. [ErrNotYet] if no certificate covers from.
func (s *Store) Run(from, to uint64) (cert.Run, error) {
	if from == 0 || to < from {
		return cert.Run{}, fmt.Errorf("read run: heights %d to %d are no range", from, to)
	}
	if err := s.bounds(from); err != nil {
		return cert.Run{}, fmt.Errorf("read run: %w", err)
	}
	certified := s.Certified()
	var run cert.Run
	whole := 0 // headers of the run up to its last certificate
	for height := from; height <= certified && height-from < cert.MaxRun; height++ {
		if height > to && whole > 0 {
			break
		}
		h, err := s.Header(height)
		if err != nil {
			return cert.Run{}, fmt.Errorf("read run: %w", err)
		}
		run.Headers = append(run.Headers, h)
		c, err := s.Certificate(height)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return cert.Run{}, fmt.Errorf("read run: %w", err)
		}
		if err == nil {
			run.Certificate, whole = c, len(run.Headers)
		}
		if h.NextOperatorsHash != h.OperatorsHash {
			break
		}
	}
	if whole == 0 {
		return cert.Run{}, fmt.Errorf("read run: no certificate covers height %d: %w", from, ErrNotYet)
	}
	run.Headers = run.Headers[:whole]
	return run, nil
}
