package ordering

import (
	"bytes"
)

// candidate returns the block that the consensus transactions are, judged now or before at this height, if it says of the past what consensus says now: the same
// bytes may come again with another commit.
func (a *App) candidate(p parent, s slot, txs [][]byte) (*candidate, error) {
	c := a.recall(p, s, txs)
	if c == nil {
		var err error
		if c, err = judge(a.rules, p, s, txs, a.config.Begin()); err != nil {
			return nil, err
		}
		a.remember(c)
	}
	if s.past != nil {
		if err := s.past.agrees(a.rules.ChainID(), c.contents.System); err != nil {
			return nil, invalid("%w", err)
		}
	}
	return c, nil
}

// recall finds a block that was judged, or proposed, in the same slot on the same parent, byte for byte.
func (a *App) recall(p parent, s slot, txs [][]byte) *candidate {
	if len(txs) != 2 {
		return nil
	}
	for _, c := range a.judged {
		same := c.header.ParentHash == p.hash && c.header.Height == s.height && c.header.TimeMS == s.timeMS && c.header.Proposer == s.proposer
		if same && bytes.Equal(c.raw, txs[0]) && bytes.Equal(c.body, txs[1]) {
			return c
		}
	}
	return nil
}

func (a *App) remember(c *candidate) {
	if len(a.judged) == maxJudged {
		a.judged = append(a.judged[:0], a.judged[1:]...)
	}
	a.judged = append(a.judged, c)
}
