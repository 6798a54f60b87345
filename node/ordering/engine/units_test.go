package engine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cometbft/cometbft/consensus/types"
	"github.com/cometbft/cometbft/crypto/ed25519"
	cmtbytes "github.com/cometbft/cometbft/libs/bytes"
	"github.com/cometbft/cometbft/p2p"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/node/keys"
)

// TestWatchJudgesRight tells what the watchdog sees, second by second, and whether it may end the process.
func TestWatchJudgesRight(t *testing.T) {
	at := func(height int64, round int32, step types.RoundStepType, due bool) sample {
		return sample{height: uint64(height - 1), round: &position{height, round, step, due}}
	}
	same := func(s sample) func(int) sample { return func(int) sample { return s } }
	for _, c := range []struct {
		name string
		at   func(second int) sample
		want error // nil: silent for ever
	}{
		{"blocks come", func(i int) sample { return at(int64(i), 0, types.RoundStepPropose, true) }, nil},
		{"rounds fail, the height stays", func(i int) sample { return at(9, int32(i), types.RoundStepPropose, true) }, nil},
		{"two of four are down, waiting for prevotes", same(at(9, 0, types.RoundStepPrevote, false)), nil},
		{"two of four are down, waiting for precommits", same(at(9, 3, types.RoundStepPrecommit, false)), nil},
		{"waiting for the parts of a block", same(at(9, 0, types.RoundStepCommit, false)), nil},
		{"no peer to sync from", same(sample{syncing: true, height: 8}), nil},
		{"a slow call now and then", func(i int) sample {
			if i%9 != 0 {
				return sample{height: 8}
			}
			return at(9, 0, types.RoundStepPrevote, false)
		}, nil},
		{"a call that does not return", same(sample{height: 8}), ErrStalled},
		{"a dead timer in propose", same(at(9, 0, types.RoundStepPropose, true)), ErrStalled},
		{"a dead timer after the commit", same(at(9, 0, types.RoundStepNewHeight, true)), ErrStalled},
		{"a dead timer with two thirds of the prevotes", same(at(9, 0, types.RoundStepPrevote, true)), ErrStalled},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := watch{patience: 10, slack: func(int32) int { return 2 }}
			for i := 1; i <= 1000; i++ {
				if err := w.observe(c.at(i)); err != nil {
					if c.want == nil || !errors.Is(err, c.want) {
						t.Fatalf("second %d: %v, want %v", i, err, c.want)
					}
					if i <= w.patience {
						t.Fatalf("fired after %d s, before its patience of %d s", i, w.patience)
					}
					return
				}
			}
			if c.want != nil {
				t.Fatalf("silent, want %v", c.want)
			}
		})
	}
}

func TestConfigRefusals(t *testing.T) {
	dir := t.TempDir()
	operator, err := keys.CreateOperator(filepath.Join(dir, "o"), "p", keys.Light)
	if err != nil {
		t.Fatal(err)
	}
	node, err := keys.CreateNode(filepath.Join(dir, "n"))
	if err != nil {
		t.Fatal(err)
	}
	other := strings.Repeat("ab", 20)
	good := func() Config {
		return Config{
			Genesis: Genesis{ChainID: "c", Time: time.Unix(1, 0), Validators: []Validator{
				{Address: operator.Address(), PublicKey: operator.PublicKey(), Power: 1, Name: "o"},
			}},
			Home: dir, Keyring: OneKey{Key: operator}, Node: node, Listen: "127.0.0.1:26656",
			Peers: []string{other + "@host:1", node.ConsensusID() + "@127.0.0.1:26656"},
		}
	}
	if err := good().Validate(); err != nil {
		t.Fatal(err)
	}
	if peers, err := good().peers(); err != nil || len(peers) != 1 || peers[0] != (Link{other, "host:1"}) {
		t.Fatalf("peers %v, %v: want the other one only", peers, err)
	}
	for name, spoil := range map[string]func(*Config){
		"no home":            func(c *Config) { c.Home = "" },
		"no operator":        func(c *Config) { c.Keyring = nil },
		"no node":            func(c *Config) { c.Node = nil },
		"listen no port":     func(c *Config) { c.Listen = "127.0.0.1" },
		"external no port":   func(c *Config) { c.External = "example.org" },
		"peer no id":         func(c *Config) { c.Peers = []string{"host:1"} },
		"peer short id":      func(c *Config) { c.Peers = []string{"abcd@host:1"} },
		"peer upper case":    func(c *Config) { c.Peers = []string{strings.ToUpper(other) + "@host:1"} },
		"peer no port":       func(c *Config) { c.Peers = []string{other + "@host"} },
		"two peers in one":   func(c *Config) { c.Peers = []string{other + "@host:1," + other + "@host:2"} },
		"interval too small": func(c *Config) { c.BlockInterval = time.Millisecond },
		"interval too large": func(c *Config) { c.BlockInterval = time.Second },
		"stall too small":    func(c *Config) { c.StallTimeout = time.Millisecond },
		"no chain id":        func(c *Config) { c.Genesis.ChainID = "" },
		"long chain id":      func(c *Config) { c.Genesis.ChainID = strings.Repeat("x", 51) },
		"no time":            func(c *Config) { c.Genesis.Time = time.Time{} },
		"no validators":      func(c *Config) { c.Genesis.Validators = nil },
		"validator twice":    func(c *Config) { c.Genesis.Validators = append(c.Genesis.Validators, c.Genesis.Validators[0]) },
		"no power":           func(c *Config) { c.Genesis.Validators[0].Power = 0 },
		"negative power":     func(c *Config) { c.Genesis.Validators[0].Power = -1 },
		"too much power":     func(c *Config) { c.Genesis.Validators[0].Power = 1 << 62 },
		"wrong address":      func(c *Config) { c.Genesis.Validators[0].Address = common.Address{1} },
		"short public key":   func(c *Config) { c.Genesis.Validators[0].PublicKey = operator.PublicKey()[:32] },
		"no public key":      func(c *Config) { c.Genesis.Validators[0].PublicKey = nil },
		"key off the curve":  func(c *Config) { c.Genesis.Validators[0].PublicKey = make([]byte, 65) },
		"state no JSON":      func(c *Config) { c.Genesis.AppState = json.RawMessage("{") },
		"tiny blocks":        func(c *Config) { c.Genesis.MaxBlockBytes = 1000 },
		"huge blocks":        func(c *Config) { c.Genesis.MaxBlockBytes = 1 << 40 },
		"unlimited blocks":   func(c *Config) { c.Genesis.MaxBlockBytes = -1 },
	} {
		t.Run(name, func(t *testing.T) {
			c := good()
			spoil(&c)
			if err := c.Validate(); err == nil {
				t.Fatal("accepted")
			}
		})
	}
}

func TestGenesisTakesBothFormsOfAPublicKey(t *testing.T) {
	key := testKey(t, 1)
	for _, public := range [][]byte{crypto.CompressPubkey(&key.PublicKey), crypto.FromECDSAPub(&key.PublicKey)} {
		doc, err := Genesis{ChainID: "c", Time: time.Unix(1, 0), Validators: []Validator{
			{Address: crypto.PubkeyToAddress(key.PublicKey), PublicKey: public, Power: 3},
		}}.document()
		if err != nil {
			t.Fatal(err)
		}
		if got := common.BytesToAddress(doc.Validators[0].PubKey.Address()); got != crypto.PubkeyToAddress(key.PublicKey) {
			t.Fatalf("address %s", got)
		}
		if doc.ConsensusParams.ABCI.VoteExtensionsEnableHeight != 1 {
			t.Fatal("vote extensions are not on from the first height")
		}
	}
}

func TestGateLetsOnlyOperatorsIn(t *testing.T) {
	g := gate{abci.NewBaseApplication(), newRoster("self", []Link{{ConsensusID: "aa"}}, nil)}
	for path, want := range map[string]bool{
		"/p2p/filter/id/aa": true, "/p2p/filter/id/bb": false, "/p2p/filter/id/": false, "/p2p/filter/id/aa/": false,
		"/p2p/filter/addr/1.2.3.4:5": true, "/other": true,
	} {
		res, err := g.Query(t.Context(), &abci.RequestQuery{Path: path})
		if err != nil || res.IsOK() != want {
			t.Errorf("%s: %v, %v; want %v", path, res, err, want)
		}
	}
}

// TestConsensusIDIsCometBFTs holds package keys, which does not know CometBFT, to its way of naming a node.
func TestConsensusIDIsCometBFTs(t *testing.T) {
	node, err := keys.CreateNode(filepath.Join(t.TempDir(), "n"))
	if err != nil {
		t.Fatal(err)
	}
	want := p2p.PubKeyToID(ed25519.PrivKey(node.PrivateKey()).PubKey())
	if node.ConsensusID() != string(want) {
		t.Fatalf("%s, want %s", node.ConsensusID(), want)
	}
}

func TestLoggerLevelsAndBytes(t *testing.T) {
	var out bytes.Buffer
	l := logger{out: slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	l.Debug("a message")
	l.Info("a block", "hash", cmtbytes.HexBytes{0xab}, "raw", []byte{0xcd}, "height", 7)
	l.Error("a failure")
	l.With("module", "p2p").Error("a link")
	got := out.String()
	for _, want := range []string{`level=DEBUG msg="a block" hash=AB raw=CD height=7`, `level=ERROR msg="a failure"`, `level=DEBUG msg="a link" module=p2p`} {
		if !strings.Contains(got, want) {
			t.Errorf("no line %s in\n%s", want, got)
		}
	}
	if strings.Contains(got, "a message") {
		t.Error("CometBFT's debug lines show at our debug level")
	}
}

func TestVotesThatCannotCertifyAreLeftOut(t *testing.T) {
	for _, c := range []struct {
		extension, signature int
		round                int32
		want                 bool
	}{{32, 65, 0, true}, {31, 65, 0, false}, {33, 65, 0, false}, {0, 65, 0, false}, {32, 64, 0, false}, {32, 0, 0, false}, {32, 65, -1, false}} {
		if _, ok := certVote(make([]byte, 20), c.round, make([]byte, c.extension), make([]byte, c.signature)); ok != c.want {
			t.Error(fmt.Sprintf("%+v", c), ok)
		}
	}
}
