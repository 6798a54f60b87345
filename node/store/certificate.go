package store

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/lockstep-network/lockstep/namespaces/block"
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

// reach is the certified height once a certificate stands at added as well: a certificate covers all below it, however many, down to the last
// change of operators, whose header needs its own set's.
func (s *Store) reach(added uint64) (uint64, error) {
	certified := s.Certified()
	for {
		next, err := s.nextCertificate(certified + 1)
		if err != nil {
			return 0, err
		}
		if added > certified && (next == 0 || added < next) {
			next = added
		}
		if next == 0 {
			return certified, nil
		}
		change, err := s.first(prefixChange, certified+1)
		if err != nil {
			return 0, err
		}
		if change != 0 && change < next {
			return certified, nil
		}
		certified = next
	}
}

// nextCertificate is the lowest height from a height on that has a certificate; 0 if there is none.
func (s *Store) nextCertificate(from uint64) (uint64, error) { return s.first(prefixCertificate, from) }

// first is the lowest height from a height on that has a key under the prefix; 0 if there is none.
func (s *Store) first(prefix byte, from uint64) (height uint64, err error) {
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: heightKey(prefix, from), UpperBound: key(prefix + 1)})
	if err != nil {
		return 0, err
	}
	if it.First() {
		height, err = decodeHeight(it.Key()[1:])
	}
	return height, errors.Join(err, it.Error(), it.Close())
}

// NextChange is the lowest height from a height on whose header announces other operators; 0 if there is none.
func (s *Store) NextChange(from uint64) (uint64, error) {
	if err := s.enter(); err != nil {
		return 0, err
	}
	defer s.work.Done()
	return s.first(prefixChange, from)
}

// lastCertificate is the highest height in a range that has a certificate; 0 if there is none.
func (s *Store) lastCertificate(from, to uint64) (height uint64, err error) {
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: heightKey(prefixCertificate, from), UpperBound: heightKey(prefixCertificate, to+1)})
	if err != nil {
		return 0, err
	}
	if it.Last() {
		height, err = decodeHeight(it.Key()[1:])
	}
	return height, errors.Join(err, it.Error(), it.Close())
}

// Certificate reads the certificate of this very height; [ErrNotFound] if another one covers it or none does.
func (s *Store) Certificate(height uint64) (cert.Certificate, error) {
	raw, err := s.value(prefixCertificate, height)
	if err != nil {
		return cert.Certificate{}, fmt.Errorf("read certificate of height %d: %w", height, err)
	}
	return cert.Decode(raw)
}

// MaxRun bounds the headers of one [Store.Run], so that a caller never holds more. Longer runs are read in pieces.
const MaxRun = 16 * cert.MaxPiece

// shortRun is up to how many headers a piece is given whole, to its certificate, although it was asked to end before.
const shortRun = 4 * cert.MarkEvery

// Run reads consecutive headers from a height with the certificate of the last: the longest run that ends at or below to, or, if no
// certificate stands there, the shortest one that ends above it. Run(h, h) is so the shortest proof of h. A run never crosses a change of
// operators. [ErrNotYet] if no certificate covers from; [ErrLong] if it has more than [MaxRun] headers.
func (s *Store) Run(from, to uint64) (cert.Run, error) {
	end, err := s.end(from, to)
	if err != nil {
		return cert.Run{}, fmt.Errorf("read run: %w", err)
	}
	if end-from >= MaxRun {
		return cert.Run{}, fmt.Errorf("read run: the certificate of height %d covers height %d: %w", end, from, ErrLong)
	}
	return s.readRun(from, end, true)
}

// Piece reads what one message carries of the run that covers a height: the run as [Store.Run] does, if it ends at or below to or is short; else
// the headers up to the last mark (a multiple of [cert.MarkEvery]) at or below to, or to the first one, with a bare certificate. There are at
// most [cert.MaxPiece].
func (s *Store) Piece(from, to uint64) (cert.Run, error) {
	to = min(to, from+cert.MaxPiece-cert.MarkEvery)
	end, err := s.end(from, to)
	if err != nil {
		return cert.Run{}, fmt.Errorf("read piece of a run: %w", err)
	}
	if end <= to || end-from < shortRun {
		return s.readRun(from, end, true)
	}
	return s.readRun(from, max(to/cert.MarkEvery*cert.MarkEvery, cert.MarkAfter(from)), false)
}

// end is the height of the certificate with which a run ends.
func (s *Store) end(from, to uint64) (uint64, error) {
	if from == 0 || to < from {
		return 0, fmt.Errorf("heights %d to %d are no range", from, to)
	}
	if err := s.enter(); err != nil {
		return 0, err
	}
	defer s.work.Done()
	if err := s.bounds(from); err != nil {
		return 0, err
	}
	certified := s.Certified()
	to = min(to, certified)
	change, err := s.first(prefixChange, from)
	if err != nil {
		return 0, err
	}
	if change != 0 {
		to = min(to, change)
	}
	end := uint64(0)
	if from <= certified {
		end, err = s.lastCertificate(from, to)
	}
	if err == nil && from <= certified && end == 0 {
		end, err = s.nextCertificate(to + 1)
	}
	if err == nil && (end == 0 || end > certified) {
		err = fmt.Errorf("no certificate covers height %d: %w", from, ErrNotYet)
	}
	return end, err
}

func (s *Store) readRun(from, end uint64, certified bool) (run cert.Run, err error) {
	if run.Headers, err = s.Headers(from, end); err != nil {
		return run, err
	}
	if !certified {
		run.Certificate = cert.Bare(run.Headers[len(run.Headers)-1])
		return run, nil
	}
	run.Certificate, err = s.Certificate(end)
	return run, err
}

// Headers reads the headers of a range of heights.
func (s *Store) Headers(from, to uint64) ([]block.Header, error) {
	out := make([]block.Header, 0, to-from+1)
	for height := from; height <= to; height++ {
		h, err := s.Header(height)
		if err != nil {
			return nil, err
		}
		out = append(out, h)
	}
	return out, nil
}

// Anchor is the lowest height, from a certified one on, that has a certificate: it covers all from there. [ErrNotYet] if there is none.
func (s *Store) Anchor(from uint64) (uint64, error) {
	end, err := s.end(from, from)
	if err != nil {
		return 0, fmt.Errorf("find certificate: %w", err)
	}
	return end, nil
}
