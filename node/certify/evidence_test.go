package certify

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/feed"
	"github.com/lockstep-network/lockstep/node/internal/chaintest"
)

// Whoever knows the operators alone sees from the file that both headers are certified: also where the known one has no certificate of its own,
// because a later one covers it, and where both became certified at one moment.
func TestEvidenceProvesBothSides(t *testing.T) {
	n := chaintest.New(t, 1, nil)
	var hs []block.Header
	var before *block.Header
	for range 6 {
		h := header(n, before, n.Set)
		hs, before = append(hs, h), &h
	}
	for name, test := range map[string]struct {
		height    uint64 // of the conflict; height 5 has a certificate, which covers 1 to 4
		sameRound bool   // the rival, and the known one, by votes at one moment
		above     int
	}{"inside a spell": {3, false, 2}, "at a certificate": {5, false, 0}, "both at once": {6, true, 0}} {
		t.Run(name, func(t *testing.T) {
			m := newMemory(n.Set)
			for _, h := range hs {
				m.commit(h, nil)
			}
			c, _, _ := collectorOn(t, m, common.Address{})
			for k := range 3 {
				c.Observe(chaintest.Sign(t, n.Keys[k], 5, 0, hs[4].Hash()))
			}
			if err := c.step(t.Context()); err != nil || m.Certified() != 5 {
				t.Fatalf("certified to %d: %v", m.Certified(), err)
			}
			rival := hs[test.height-1]
			rival.TimeMS++
			if test.sameRound {
				for k := range 3 {
					c.Observe(chaintest.Sign(t, n.Keys[k], test.height, 1, rival.Hash()))
					c.Observe(chaintest.Sign(t, n.Keys[k], test.height, 0, hs[test.height-1].Hash()))
				}
			} else if err := c.Announcement(feed.Announcement{Header: rival, Certificate: n.Certificate(t, rival, 0, 1, 3)}); err != nil {
				t.Fatal(err)
			}
			var conflict *cert.ErrConflict
			if err := c.step(t.Context()); !errors.As(err, &conflict) {
				t.Fatalf("want a conflict, got %v", err)
			}
			thirdParty(t, n, c.cfg.Evidence, test.height, test.above)
		})
	}
}

// thirdParty reads the evidence as somebody does who has nothing else but the operators.
func thirdParty(t *testing.T, n *chaintest.Network, dir string, height uint64, above int) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "conflict.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Height                                    uint64
		Known, KnownCertificate, RivalCertificate hexutil.Bytes
		KnownAbove                                []hexutil.Bytes
		RivalHash                                 common.Hash
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	if file.Height != height || len(file.KnownAbove) != above {
		t.Fatalf("height %d, %d headers above; want %d and %d", file.Height, len(file.KnownAbove), height, above)
	}
	var known cert.Run
	for _, raw := range append([]hexutil.Bytes{file.Known}, file.KnownAbove...) {
		h, err := block.DecodeHeader(raw)
		if err != nil {
			t.Fatal(err)
		}
		known.Headers = append(known.Headers, h)
	}
	if known.Certificate, err = cert.Decode(file.KnownCertificate); err != nil {
		t.Fatal(err)
	}
	first := known.Headers[0]
	if _, err := (cert.Trust{ChainID: chaintest.ChainID, Height: height - 1, Hash: first.ParentHash, Set: n.Set}).Advance(known); err != nil {
		t.Errorf("the known side: %v", err)
	}
	rival, err := cert.Decode(file.RivalCertificate)
	if err == nil {
		err = rival.Verify(chaintest.ChainID, n.Set)
	}
	if err != nil || rival.Height != height || rival.HeaderHash != file.RivalHash || rival.HeaderHash == first.Hash() {
		t.Errorf("the other side: certificate of height %d in %s: %v", rival.Height, rival.HeaderHash, err)
	}
}
