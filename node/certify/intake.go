package certify

import (
	"fmt"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/feed"
)

// Observe takes a vote that this node's own consensus has seen: stored with a decision, or late. A faulty operator's junk is passed over.
func (c *Collector) Observe(v feed.Vote) {
	c.mu.Lock()
	o := c.tally.at(v.Height)
	wanted := c.rival == nil && o != nil && !o.has(v.Vote)
	c.mu.Unlock()
	if !wanted || v.Check(c.cfg.ChainID, v.Height) != nil {
		return
	}
	c.add(v)
}

// Vote takes a vote from gossip. Nil says that it is new and its operator's. An error wraps [ErrInvalid] (no honest peer passes it on),
// [ErrKnown] or [ErrFar]. The work for one operator at one height is bounded; a forged signature is never the operator's fault.
func (c *Collector) Vote(v feed.Vote) error {
	c.mu.Lock()
	err := c.frozen()
	if err == nil {
		err = c.tally.admit(v)
	}
	c.mu.Unlock()
	if err != nil {
		return err
	}
	if err := v.Check(c.cfg.ChainID, v.Height); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	c.mu.Lock()
	c.tally.count(v)
	c.mu.Unlock()
	if !c.add(v) {
		return fmt.Errorf("vote of %s at height %d: %w", v.Operator, v.Height, ErrKnown)
	}
	return nil
}

func (c *Collector) add(v feed.Vote) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.tally.add(v) {
		return false
	}
	c.poke()
	return true
}

// Announcement takes a certified header from gossip. Nil says that it is new and certified by the operators that this node trusts. An error
// wraps [ErrInvalid], [ErrKnown] or [ErrFar].
func (c *Collector) Announcement(a feed.Announcement) error {
	h := a.Header.Height
	if a.Header.ChainID != c.cfg.ChainID {
		return fmt.Errorf("header of chain %q: %w", a.Header.ChainID, ErrInvalid)
	}
	set, known, err := c.judge(a)
	if err != nil {
		return err
	}
	if err := a.Certificate.Verify(c.cfg.ChainID, set); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if known != (common.Hash{}) && known != a.Certificate.HeaderHash {
		c.rival = &rival{height: h, known: known, certificate: a.Certificate, header: &a.Header}
		c.poke()
		return nil
	}
	if _, twice := c.pending[h]; twice || h <= c.tally.certified {
		return fmt.Errorf("header %d: %w", h, ErrKnown)
	}
	c.pending[h] = a
	c.heard = max(c.heard, h)
	c.tally.touch(h)
	c.poke()
	return nil
}

// judge says which operators must have signed an announced header, and which header is known at its height if one is; or why it need not be
// looked at.
func (c *Collector) judge(a feed.Announcement) (set cert.Set, known common.Hash, err error) {
	set, known, read, err := c.remember(a)
	if !read || err != nil {
		return set, known, err
	}
	// Without the lock: anyone can announce an old height, and the disk must not hold up votes. What is committed does not change.
	header, err := c.chain.Header(a.Header.Height)
	if err != nil {
		return set, known, fmt.Errorf("header %d: %w: %w", a.Header.Height, ErrFar, err)
	}
	known = header.Hash()
	if set, err = c.cfg.Set(header.OperatorsHash); err != nil {
		return set, known, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if known == a.Certificate.HeaderHash && header.Height <= c.tally.certified {
		return set, known, fmt.Errorf("header %d: %w", header.Height, ErrKnown)
	}
	return set, known, nil
}

// remember is judge for what is in memory; read says that the committed header must be read.
func (c *Collector) remember(a feed.Announcement) (set cert.Set, known common.Hash, read bool, err error) {
	h := a.Header.Height
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.frozen(); err != nil {
		return set, known, false, err
	}
	if h <= c.tally.certified {
		return set, known, true, nil
	}
	if _, twice := c.pending[h]; twice {
		return set, known, false, fmt.Errorf("header %d: %w", h, ErrKnown)
	}
	if o := c.tally.open[h]; o != nil && o.header != nil {
		return o.set, *o.header, false, nil
	}
	switch {
	case h <= c.tally.head: // below the window: its certificate covers what is older all the same
		return set, known, true, nil
	case h > c.tally.head+ahead:
		return set, known, false, fmt.Errorf("header %d, this node is at %d: %w", h, c.tally.head, ErrFar)
	case a.Header.OperatorsHash != c.tally.next.Hash():
		return set, known, false, fmt.Errorf("header %d is certified by other operators than those after %d: %w", h, c.tally.head, ErrFar)
	}
	return c.tally.next, known, false, nil
}

// frozen says why nothing is taken any more. The caller holds mu.
func (c *Collector) frozen() error {
	if c.rival == nil {
		return nil
	}
	return fmt.Errorf("two certified headers at height %d: %w", c.rival.height, ErrFar)
}
