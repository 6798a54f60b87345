package store

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/rlp"

	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/node/ledger"
)

// start reads where the store stands, or makes a new database stand at genesis.
func (s *Store) start() error {
	hash := s.genesis.Hash()
	want := append([]byte{formatVersion}, hash[:]...)
	have, err := s.get(metaKey(metaGenesis))
	if errors.Is(err, ErrNotFound) {
		if err = s.create(want, hash); err != nil {
			return fmt.Errorf("write genesis: %w", err)
		}
		have = want
	} else if err != nil {
		return err
	}
	switch {
	case len(have) != len(want) || have[0] != formatVersion:
		return fmt.Errorf("layout version %x, this node understands %d", have[:min(1, len(have))], formatVersion)
	case !bytes.Equal(have, want):
		return fmt.Errorf("it was made with genesis 0x%x, this one is %s: %w", have[1:], hash, ErrGenesis)
	}
	return s.resume()
}

func (s *Store) create(record []byte, hash common.Hash) error {
	effects, err := ledger.Genesis(s.genesis)
	if err != nil {
		return err
	}
	batch := s.db.NewBatch()
	defer batch.Close()
	w := writer{batch: batch}
	w.set(metaKey(metaGenesis), record)
	w.effects(effects, hash)
	if w.err != nil {
		return w.err
	}
	return batch.Commit(pebble.Sync)
}

// resume reads the tip and checks that what it speaks of is there.
func (s *Store) resume() error {
	raw, err := s.get(metaKey(metaHead))
	if err != nil {
		return fmt.Errorf("read head: %w", err)
	}
	var head headRecord
	if err = rlp.DecodeBytes(raw, &head); err != nil {
		return fmt.Errorf("decode head: %w", err)
	}
	s.tip.height, s.tip.hash = head.Height, head.Hash
	s.tip.ledger = ledger.Head{
		Height: head.Height, StateRoot: head.StateRoot, DAHead: head.DAHead, PublishedHeight: head.PublishedHeight,
	}
	if s.tip.ledger.Digests, err = s.digests(head.Height); err != nil {
		return err
	}
	s.tip.root, s.tip.view = s.tip.ledger.Root(), s.view(head.Height)
	if err = s.readSpent(); err != nil {
		return err
	}
	if s.tip.floor, err = s.height(metaFloor, 1); err != nil {
		return fmt.Errorf("read floor: %w", err)
	}
	if s.tip.certified, err = s.height(metaCertified, 0); err != nil {
		return fmt.Errorf("read certified height: %w", err)
	}
	if head.Height > 0 {
		h, err := s.Header(head.Height)
		if err != nil {
			return fmt.Errorf("read newest header: %w", err)
		}
		if h.Hash() != head.Hash {
			return fmt.Errorf("newest header is %s, the head says %s", h.Hash(), head.Hash)
		}
	}
	if err := s.readCursors(); err != nil {
		return err
	}
	return s.catchUp()
}

// catchUp takes over the blocks that are on disk and that the index has lost, or has never heard of, with the power.
func (s *Store) catchUp() error {
	return s.files.scan(s.tip.height+1, func(height uint64, rawHeader, rawBody []byte, at place) error {
		b := Block{Body: rawBody}
		var err error
		if b.Header, err = block.DecodeHeader(rawHeader); err != nil {
			return fmt.Errorf("take over height %d: %w", height, err)
		}
		if b.Contents, err = s.assemble(rawBody); err != nil {
			return fmt.Errorf("take over height %d: %w", height, err)
		}
		if b.Effects, err = ledger.Apply(s.rules, s.Ledger(), ledger.BlockOf(b.Header, b.Contents)); err != nil {
			return fmt.Errorf("take over height %d: %w", height, err)
		}
		if err = s.follows(b); err != nil {
			return fmt.Errorf("take over height %d: %w", height, err)
		}
		return s.write(b, at)
	})
}

// digests reads the spent digests of the last window heights.
func (s *Store) digests(head uint64) ([]common.Hash, error) {
	out := make([]common.Hash, s.window)
	for i := range s.window {
		height := head + 1 + i // less the window
		if height <= s.window {
			continue
		}
		raw, err := s.get(heightKey(prefixDigest, height-s.window))
		if err != nil {
			return nil, fmt.Errorf("read spent digest of height %d: %w", height-s.window, err)
		}
		if len(raw) != common.HashLength {
			return nil, fmt.Errorf("read spent digest of height %d: %d bytes", height-s.window, len(raw))
		}
		out[i] = common.Hash(raw)
	}
	return out, nil
}
