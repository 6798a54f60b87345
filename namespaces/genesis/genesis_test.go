package genesis

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/holiman/uint256"
	libp2pcrypto "github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/lockstep-network/lockstep/internal/golden"
	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
)

func sample(t testing.TB) *Genesis {
	t.Helper()
	g := &Genesis{Version: Version, ChainID: "lockstep-test", TimeMS: 1_700_000_000_000, Params: DefaultParams()}
	for i := range 4 {
		key, err := crypto.ToECDSA(crypto.Keccak256(fmt.Appendf(nil, "operator %d", i)))
		if err != nil {
			t.Fatal(err)
		}
		g.Operators = append(g.Operators, Operator{
			Name: fmt.Sprintf("operator-%d", i), Address: crypto.PubkeyToAddress(key.PublicKey),
			PublicKey: crypto.CompressPubkey(&key.PublicKey), Power: 10, PeerID: peerID(t, i), Addresses: []string{"/ip4/127.0.0.1/tcp/1"},
		})
	}
	g.Namespaces = []Namespace{{namespaces.Namespace{0: 1}, "first", block.ByTip, common.Address{7}}, {namespaces.Namespace{0: 2}, "second", block.ByProposer, common.Address{}}}
	g.Balances = []Balance{{common.Address{1}, uint256.NewInt(1e18)}, {common.Address{2}, uint256.NewInt(2)}}
	return g
}

func peerID(t testing.TB, i int) string {
	t.Helper()
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{byte(i)}, ed25519.SeedSize))
	public, err := libp2pcrypto.UnmarshalEd25519PublicKey(key.Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	id, err := peer.IDFromPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return id.String()
}

func TestGoldenGenesis(t *testing.T) {
	g := sample(t)
	golden.Check(t, "genesis", map[string]any{"document": g, "hash": g.Hash()})
}

func TestDocument(t *testing.T) {
	g := sample(t)
	raw, err := g.Encode()
	if err != nil {
		t.Fatal(err)
	}
	back, err := Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	if back.Hash() != g.Hash() {
		t.Error("the hash does not survive the document")
	}
	back.Operators[0].Addresses = []string{"/ip4/10.0.0.1/tcp/2"}
	if back.Hash() != g.Hash() {
		t.Error("an operator that moves changes the genesis hash")
	}
	back.Balances[0].Amount = uint256.NewInt(7)
	if back.Hash() == g.Hash() {
		t.Error("a balance is not under the hash")
	}
	if !g.Registered(namespaces.Namespace{0: 2}) || g.Registered(namespaces.Namespace{0: 3}) || g.Rule(namespaces.Namespace{0: 2}) != block.ByProposer {
		t.Error("namespaces are not looked up")
	}
	if trust, err := g.Trust(); err != nil || trust.Hash != g.Hash() || trust.Set.Total() != 40 {
		t.Errorf("trust %+v, %v", trust, err)
	}
}

func TestBadDocuments(t *testing.T) {
	for name, spoil := range map[string]func(*Genesis){
		"version":               func(g *Genesis) { g.Version = 2 },
		"no chain id":           func(g *Genesis) { g.ChainID = "" },
		"a path for a chain id": func(g *Genesis) { g.ChainID = "../etc" },
		"long chain id":         func(g *Genesis) { g.ChainID = strings.Repeat("a", 51) },
		"after the year 9999":   func(g *Genesis) { g.TimeMS = MaxTimeMS + 1 },
		"time beyond int64":     func(g *Genesis) { g.TimeMS = 1 << 63 },
		"too much power":        func(g *Genesis) { g.Operators[0].Power = cert.MaxPower },
		"stakes and balances beyond 2^256": func(g *Genesis) {
			g.Balances[0].Amount = new(uint256.Int).Sub(new(uint256.Int).SetAllOne(), g.Balances[1].Amount)
		},
		"body too large":               func(g *Genesis) { g.Params.MaxBodyBytes = block.MaxBodySize + 1 },
		"leg above tx":                 func(g *Genesis) { g.Params.MaxTxBytes = 10 },
		"no window":                    func(g *Genesis) { g.Params.ExpiryWindow = 0 },
		"no capacity":                  func(g *Genesis) { g.Params.Capacity = 0 },
		"too much capacity":            func(g *Genesis) { g.Params.Capacity = MaxCapacity + 1 },
		"signatures above it":          func(g *Genesis) { g.Params.Capacity, g.Params.LaneShare = g.Params.MaxSignatures-1, 1 },
		"no share":                     func(g *Genesis) { g.Params.LaneShare = 0 },
		"share above target":           func(g *Genesis) { g.Params.LaneShare = g.Params.Capacity/2 + 1 },
		"no damping":                   func(g *Genesis) { g.Params.Damping = 0 },
		"too much damping":             func(g *Genesis) { g.Params.Damping = MaxDamping + 1 },
		"free lanes":                   func(g *Genesis) { g.Params.LanePrice = 0 },
		"lane price too high":          func(g *Genesis) { g.Params.LanePrice = MaxPrice + 1 },
		"free capacity":                func(g *Genesis) { g.Params.GlobalPrice = 0 },
		"free reservations":            func(g *Genesis) { g.Params.ReservePrice = 0 },
		"unpublished up to the window": func(g *Genesis) { g.Params.MaxUnpublished = g.Params.ForcedWindow },
		"no forced delay":              func(g *Genesis) { g.Params.ForcedDelay = 0 },
		"no DA start":                  func(g *Genesis) { g.Params.DAStart = 0 },
		"DA price too high":            func(g *Genesis) { g.Params.DAPrice = MaxPrice + 1 },
		"no operators":                 func(g *Genesis) { g.Operators = nil },
		"an operator twice":            func(g *Genesis) { g.Operators[1] = g.Operators[0] },
		"no power":                     func(g *Genesis) { g.Operators[1].Power = 0 },
		"another's key":                func(g *Genesis) { g.Operators[1].PublicKey = g.Operators[0].PublicKey },
		"no key":                       func(g *Genesis) { g.Operators[1].PublicKey = nil },
		"reserved namespace":           func(g *Genesis) { g.Namespaces[0].Namespace = namespaces.Ledger() },
		"namespaces descend":           func(g *Genesis) { g.Namespaces[0].Namespace[0] = 9 },
		"unknown order":                func(g *Genesis) { g.Namespaces[0].Order = "best" },
		"balance of nothing":           func(g *Genesis) { g.Balances[0].Amount = nil },
		"balances descend":             func(g *Genesis) { g.Balances[0].Address[0] = 9 },
		"balances overflow":            func(g *Genesis) { g.Balances[0].Amount = new(uint256.Int).SetAllOne() },
		"a node twice":                 func(g *Genesis) { g.Operators[1].PeerID = g.Operators[0].PeerID },
		"a node that is none":          func(g *Genesis) { g.Operators[1].PeerID = "12D3KooW" },
	} {
		g := sample(t)
		spoil(g)
		raw, err := g.Encode()
		if err != nil {
			t.Fatal(name, err)
		}
		if _, err := Decode(raw); err == nil {
			t.Errorf("%s: taken for a genesis", name)
		}
	}
	raw, err := sample(t).Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string][]byte{
		"unknown field": bytes.Replace(raw, []byte(`"version"`), []byte(`"surprise": 1, "version"`), 1),
		"two documents": append(bytes.Clone(raw), raw...),
		"surplus brace": append(bytes.Clone(raw), '}'),
		"half":          raw[:len(raw)/2],
	} {
		if _, err := Decode(bad); err == nil {
			t.Errorf("%s: taken for a genesis", name)
		}
	}
}

func FuzzDecode(f *testing.F) {
	raw, err := sample(f).Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Fuzz(func(t *testing.T, raw []byte) {
		if g, err := Decode(raw); err == nil {
			again, err := g.Encode()
			if err != nil {
				t.Fatal(err)
			}
			if back, err := Decode(again); err != nil || back.Hash() != g.Hash() {
				t.Fatalf("a document does not survive its encoding: %v", err)
			}
		}
	})
}
