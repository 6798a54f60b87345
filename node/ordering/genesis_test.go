package ordering

import (
	"fmt"
	"testing"
	"time"

	cmttypes "github.com/cometbft/cometbft/types"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/node/keys"
	"github.com/lockstep-network/lockstep/node/ordering/engine"
)

// What a genesis may say, CometBFT takes: the largest and the smallest of each bound that both have, and one more is refused by ours.
func TestGenesisIsWhatConsensusTakes(t *testing.T) {
	dir := t.TempDir()
	operator, err := keys.CreateOperator(dir+"/o", "p", keys.Light)
	if err != nil {
		t.Fatal(err)
	}
	node, err := keys.CreateNode(dir + "/n")
	if err != nil {
		t.Fatal(err)
	}
	sample := func(operators int) *genesis.Genesis {
		g := &genesis.Genesis{
			Version: genesis.Version, ChainID: "bounds", Params: genesis.DefaultParams(),
			Operators: []genesis.Operator{{Name: "o", Address: operator.Address(), PublicKey: operator.PublicKey(), Power: 1}},
		}
		for i := 1; i < operators; i++ {
			key, err := crypto.ToECDSA(crypto.Keccak256(fmt.Append(nil, i)))
			if err != nil {
				t.Fatal(err)
			}
			g.Operators = append(g.Operators, genesis.Operator{
				Address: crypto.PubkeyToAddress(key.PublicKey), PublicKey: crypto.CompressPubkey(&key.PublicKey), Power: 1,
			})
		}
		return g
	}
	for name, c := range map[string]struct {
		operators int
		change    func(*genesis.Genesis)
		valid     bool
	}{
		"the beginning of time": {1, func(g *genesis.Genesis) { g.TimeMS = 0 }, true},
		"the end of time":       {1, func(g *genesis.Genesis) { g.TimeMS = genesis.MaxTimeMS }, true},
		"beyond it":             {1, func(g *genesis.Genesis) { g.TimeMS = genesis.MaxTimeMS + 1 }, false},
		"all power":             {4, func(g *genesis.Genesis) { g.Operators[0].Power = genesis.MaxPower }, true},
		"one more":              {4, func(g *genesis.Genesis) { g.Operators[0].Power = genesis.MaxPower + 1 }, false},
		"all operators, smallest bodies": {cert.MaxOperators, func(g *genesis.Genesis) {
			g.Params.MaxBodyBytes, g.Params.MaxTxBytes, g.Params.MaxLegBytes = 1, 1, 1
		}, true},
		"all operators, largest bodies": {cert.MaxOperators, func(*genesis.Genesis) {}, true},
		"one operator more":             {cert.MaxOperators + 1, func(*genesis.Genesis) {}, false},
	} {
		t.Run(name, func(t *testing.T) {
			g := sample(c.operators)
			c.change(g)
			if err := g.Validate(); (err == nil) != c.valid {
				t.Fatalf("valid: %v", err)
			}
			if !c.valid {
				return
			}
			e, err := EngineGenesis(g)
			if err != nil {
				t.Fatal(err)
			}
			config := engine.Config{Genesis: e, Home: dir, Keyring: engine.OneKey{Key: operator}, Node: node, Listen: "127.0.0.1:26656"}
			if err := config.Validate(); err != nil {
				t.Errorf("consensus refuses it: %v", err)
			}
			if err := encodes(e.Time.AddDate(0, 11, 0)); err != nil {
				t.Errorf("a block of that time cannot be encoded: %v", err)
			}
		})
	}
	if cert.MaxPower != cmttypes.MaxTotalVotingPower {
		t.Errorf("total power of at most %d, CometBFT takes %d", uint64(cert.MaxPower), cmttypes.MaxTotalVotingPower)
	}
	if err := encodes(time.UnixMilli(genesis.MaxTimeMS).AddDate(1, 0, 0)); err == nil {
		t.Error("consensus encodes later years: the bound can go")
	}
}

// encodes says whether CometBFT can encode a header of that time.
func encodes(t time.Time) error {
	_, err := (&cmttypes.Header{Time: t.UTC()}).ToProto().Marshal()
	return err
}
