package feed

import (
	"errors"
	"testing"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/feed"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/node/internal/chaintest"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/p2p"
)

// A price is told over real hosts as the ledger has it after the newest block, and rubbish is refused.
func TestServePrices(t *testing.T) {
	n := chaintest.New(t, 1, func(g *genesis.Genesis) { g.Params.LaneShare, g.Params.Damping = 1, 1 })
	s := n.Open(t, t.TempDir())
	server := host(t, "server")
	client := host(t, "client", server)
	if err := server.Handle(PriceProtocol(), PriceLimits(), ServePrices(ledger.NewRules(n.Genesis), s.Ledger)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "connected", func() bool { return client.Connected(server.ID()) })
	ask := func(raw []byte) (price feed.Price, err error) {
		err = client.Request(t.Context(), server.ID(), PriceProtocol(), raw, func(raw []byte) (err error) {
			price, err = feed.DecodePrice(raw)
			return err
		})
		return price, err
	}
	for _, ns := range []namespaces.Namespace{chaintest.Alpha, namespaces.Ledger(), {9: 77}} {
		price, err := ask(feed.PriceRequest{Namespace: ns}.Encode())
		if want := (feed.Price{FeePerByte: n.Genesis.Params.LeastPrice()}); err != nil || price != want {
			t.Errorf("%s: %+v, %v, want %+v", ns, price, err, want)
		}
	}
	n.Commit(t, s)
	if price, err := ask(feed.PriceRequest{Namespace: chaintest.Alpha}.Encode()); err != nil || price.Height != 1 {
		t.Errorf("after a block: %+v, %v", price, err)
	}
	for name, raw := range map[string][]byte{"nothing": {}, "another version": {0xcc, 2, 0x8a, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, "short": {0xc1, 1}} {
		_, err := ask(raw)
		if coded, ok := errors.AsType[*p2p.Error](err); !ok || coded.Code != p2p.CodeBadRequest {
			t.Errorf("%s: %v", name, err)
		}
	}
}
