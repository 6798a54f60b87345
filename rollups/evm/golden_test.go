package evm

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rlp"

	"github.com/lockstep-network/lockstep/rollups"
)

// update rewrites the vectors from what the code does. Commit the difference only when it
// is understood: it is another protocol.
var update = flag.Bool("update", false, "rewrite specs/vectors/evm.json")

type (
	vectors struct {
		Comment     string        `json:"comment"`
		Genesis     Genesis       `json:"genesis"`
		GenesisHash common.Hash   `json:"genesis_hash"`
		GenesisRoot common.Hash   `json:"genesis_state_root"`
		Blocks      []vectorBlock `json:"blocks"`
	}
	vectorBlock struct {
		Comment string          `json:"comment"`
		Height  uint64          `json:"height"`
		Hash    common.Hash     `json:"hash"`
		TimeMS  uint64          `json:"time_ms"`
		Entries []hexutil.Bytes `json:"entries"`
		Want    vectorOutput    `json:"want"`
	}
	vectorOutput struct {
		Number       uint64         `json:"number"`
		BlockHash    common.Hash    `json:"block_hash"`
		StateRoot    common.Hash    `json:"state_root"`
		Header       hexutil.Bytes  `json:"header_rlp"`
		Transactions []common.Hash  `json:"transactions"`
		Skipped      map[int]Reason `json:"skipped,omitempty"`
	}
)

// goldenInputs are the vectors' shared blocks.
func goldenInputs() []vectorBlock {
	token, to := crypto.CreateAddress(addr(0), 0), addr(9)
	at := func(comment string, in rollups.Input) vectorBlock {
		v := vectorBlock{Comment: comment, Height: in.Height, Hash: in.Hash, TimeMS: in.TimeMS}
		for _, entry := range in.Entries {
			v.Entries = append(v.Entries, entry)
		}
		return v
	}
	early := input(12, "golden", []byte("no transaction at all"))
	early.TimeMS = testTime*1000 - 1
	return []vectorBlock{
		at("two transfers", input(3, "golden", transfer(0, 0, to), transfer(1, 0, to))),
		at("time before the parent's, one invalid entry: an empty block", early),
		at("deployment, early nonces that are tried again, a duplicate, another chain's", input(13, "golden",
			transfer(1, 3, to), transfer(1, 2, to), sign(0, dynamic(1, nil, deployToken(1_000_000))),
			transfer(1, 1, to), transfer(1, 1, to), signFor(1, 2, dynamic(0, &to, nil)), transfer(2, 5, to))),
		at("calls: an event, a revert", input(14, "golden",
			sign(0, dynamic(2, &token, callToken("transfer(address,uint256)", to, 5))),
			sign(0, dynamic(3, ptr(crypto.CreateAddress(addr(0), 1)), callToken("transfer(address,uint256)", to, 5))),
			sign(2, dynamic(0, ptr(crypto.CreateAddress(addr(0), 1)), callToken("transfer(address,uint256)", to, 1))))),
	}
}

func ptr[T any](v T) *T { return &v }

func TestGolden(t *testing.T) {
	path := filepath.Join("..", "..", "specs", "vectors", "evm.json")
	if *update {
		v := vectors{
			Comment: "Derivation of an EVM rollup: genesis and shared blocks in, rollup blocks out. See the chapter on derivation.",
			Genesis: testGenesis(3),
			Blocks:  goldenInputs(),
		}
		run(t, &v, func(b *vectorBlock, got vectorOutput) { b.Want = got })
		enc, err := json.MarshalIndent(v, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(enc, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	enc, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(enc, &v); err != nil {
		t.Fatal(err)
	}
	hash, root := v.GenesisHash, v.GenesisRoot
	run(t, &v, func(b *vectorBlock, got vectorOutput) {
		want, _ := json.Marshal(b.Want)
		have, _ := json.Marshal(got)
		if string(want) != string(have) {
			t.Errorf("%s:\ngot  %s\nwant %s", b.Comment, have, want)
		}
	})
	if v.GenesisHash != hash || v.GenesisRoot != root {
		t.Errorf("genesis %s root %s, want %s and %s", v.GenesisHash, v.GenesisRoot, hash, root)
	}
	if len(v.Blocks) != len(goldenInputs()) {
		t.Errorf("%d blocks in the file", len(v.Blocks))
	}
}

// run executes the vectors' blocks, and hands each result to visit.
func run(t *testing.T, v *vectors, visit func(b *vectorBlock, got vectorOutput)) {
	c := open(t, testConfig(t.TempDir(), v.Genesis))
	v.GenesisHash, v.GenesisRoot = c.Head().BlockHash, c.Head().StateRoot
	for i := range v.Blocks {
		b := &v.Blocks[i]
		in := rollups.Input{Height: b.Height, Hash: b.Hash, TimeMS: b.TimeMS}
		for _, entry := range b.Entries {
			in.Entries = append(in.Entries, entry)
		}
		out := execute(t, c, in)
		header, err := rlp.EncodeToBytes(c.HeadHeader())
		if err != nil {
			t.Fatal(err)
		}
		got := vectorOutput{Number: out.Number, BlockHash: out.BlockHash, StateRoot: out.StateRoot, Header: header, Transactions: []common.Hash{}, Skipped: map[int]Reason{}}
		block, err := c.BlockByNumber(out.Number)
		if err != nil {
			t.Fatal(err)
		}
		for _, tx := range block.Transactions() {
			got.Transactions = append(got.Transactions, tx.Hash())
		}
		skips, _, err := c.SkippedIn(out.Number)
		if err != nil {
			t.Fatal(err)
		}
		for _, skip := range skips {
			got.Skipped[int(skip.Entry)] = skip.Reason
		}
		visit(b, got)
	}
}
