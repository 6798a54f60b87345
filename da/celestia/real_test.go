package celestia_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/da/celestia"
	"github.com/lockstep-network/lockstep/namespaces"
)

// TestRealNode runs against a celestia-node with a funded account. It spends some 0.01 TIA at 0.004 utia per gas.
func TestRealNode(t *testing.T) {
	url, secret := os.Getenv("LOCKSTEP_CELESTIA_URL"), os.Getenv("LOCKSTEP_DA_TOKEN")
	if url == "" || secret == "" {
		t.Skip("set LOCKSTEP_CELESTIA_URL=http://host:26658 and LOCKSTEP_DA_TOKEN (`celestia bridge auth write`) to test against a real node")
	}
	l := open(t, celestia.Config{URL: strings.TrimPrefix(url, "celestia+"), Token: celestia.Token(secret), Log: quiet()})
	funds, err := l.Balance(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	before, err := l.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("head %d, hash %s, %d utia", before.Height, before.Hash, funds)

	var a, b namespaces.Namespace
	for i, at := range time.Now().AppendFormat(nil, "150405.00") {
		a[i], b[i] = at, at
	}
	a[9], b[9] = 1, 2
	large := strings.Repeat("lockstep", 25_000) // a few rows of shares
	began := time.Now()
	height := submit(t, l, slices.Concat(blobs(b, "b1"), blobs(a, "a1", large), blobs(b, "b2"), blobs(a, "a1", "a2"))...)
	t.Logf("included and proven at height %d after %s", height, time.Since(began))
	want(t, l, height, a, "a1", large, "a1", "a2")
	want(t, l, height, b, "b1", "b2")
	want(t, l, height, namespaces.Namespace{0: 0xff, 5: a[5], 9: 3})

	_, err = l.Read(t.Context(), height+1_000_000, a)
	wantErr(t, err, da.ErrNotYet)
	if after, err := l.Head(t.Context()); err != nil || after.Height < height || after.Hash == before.Hash {
		t.Errorf("head %+v after height %d: %v", after, height, err)
	}
	if left, err := l.Balance(t.Context()); err != nil || left >= funds {
		t.Errorf("%d utia, %d before: %v", left, funds, err)
	} else {
		t.Logf("paid %d utia for %d bytes, %d gas", funds-left, len(large)+10, celestia.GasFor(2, 2, len(large), 2, 2, 2))
	}
	wrong := open(t, celestia.Config{URL: strings.TrimPrefix(url, "celestia+"), Token: "eyJ.wrong.token", Log: quiet()})
	if _, err := wrong.Read(t.Context(), height, a); !errors.Is(err, celestia.ErrToken) {
		t.Logf("the node does not look at tokens: %v", err)
	}
}
