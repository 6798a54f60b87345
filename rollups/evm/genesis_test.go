package evm

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/params"
)

// TestGenesisHash: the hash is the same however the document is written, and every field
// changes it.
func TestGenesisHash(t *testing.T) {
	base := testGenesis(3)
	base.Alloc[common.Address{9}] = Account{Nonce: 1, Code: []byte{1, 2}, Storage: map[common.Hash]common.Hash{{1}: {2}, {3}: {4}}}
	hash := func(g Genesis) common.Hash {
		t.Helper()
		h, err := g.Hash()
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	want := hash(base)
	enc, err := json.Marshal(base)
	if err != nil {
		t.Fatal(err)
	}
	again, err := DecodeGenesis(enc)
	if err != nil || hash(again) != want {
		t.Errorf("decoded again: %v", err)
	}
	seen := map[common.Hash]string{want: "unchanged"}
	for name, change := range map[string]func(g *Genesis){
		"chain id":  func(g *Genesis) { g.ChainID++ },
		"gas limit": func(g *Genesis) { g.GasLimit++ },
		"base fee":  func(g *Genesis) { g.BaseFee++ },
		"coinbase":  func(g *Genesis) { g.Coinbase[0]++ },
		"timestamp": func(g *Genesis) { g.Timestamp++ },
		"alloc":     func(g *Genesis) { delete(g.Alloc, addr(0)) },
		"storage":   func(g *Genesis) { g.Alloc[common.Address{9}].Storage[common.Hash{1}] = common.Hash{5} },
	} {
		g, err := DecodeGenesis(enc)
		if err != nil {
			t.Fatal(err)
		}
		change(&g)
		if other, dup := seen[hash(g)]; dup {
			t.Errorf("%s: same hash as %s", name, other)
		}
		seen[hash(g)] = name
	}
}

// TestBadGenesis is the table of documents that are refused, and why.
func TestBadGenesis(t *testing.T) {
	valid := `{"chain_id":1,"gas_limit":1000000,"base_fee":0,"coinbase":"0x0000000000000000000000000000000000000000","timestamp":0,"alloc":{}}`
	if _, err := DecodeGenesis([]byte(valid)); err != nil {
		t.Fatal(err)
	}
	account := func(body string) string {
		return strings.Replace(valid, `"alloc":{}`, `"alloc":{"0x0900000000000000000000000000000000000000":`+body+`}`, 1)
	}
	tooRich := `{"balance":"0x` + strings.Repeat("f", 64) + `"}`
	for name, tc := range map[string]struct{ doc, want string }{
		"empty":              {``, "EOF"},
		"not JSON":           {`{`, "unexpected EOF"},
		"unknown field":      {strings.Replace(valid, "base_fee", "basefee", 1), "unknown field"},
		"two documents":      {valid + valid, "data after"},
		"no chain id":        {strings.Replace(valid, `"chain_id":1`, `"chain_id":0`, 1), "chain_id"},
		"chain id too large": {strings.Replace(valid, `"chain_id":1`, `"chain_id":9007199254740992`, 1), "chain_id"},
		"small gas limit":    {strings.Replace(valid, "1000000", "999999", 1), "gas_limit"},
		"large gas limit":    {strings.Replace(valid, "1000000", "1000000001", 1), "gas_limit"},
		"milliseconds":       {strings.Replace(valid, `"timestamp":0`, `"timestamp":1700000000000`, 1), "seconds"},
		"negative":           {strings.Replace(valid, `"base_fee":0`, `"base_fee":-1`, 1), "base_fee"},
		"empty account":      {account(`{}`), "empty account"},
		"only storage":       {account(`{"storage":{"0x` + strings.Repeat("0", 64) + `":"0x` + strings.Repeat("1", 64) + `"}}`), "empty account"},
		"balance too large":  {account(`{"balance":"0x1` + strings.Repeat("0", 64) + `"}`), "invalid hex"},
		"negative balance":   {account(`{"balance":"-1"}`), "negative"},
		"balances too large": {strings.Replace(account(tooRich), `"alloc":{`, `"alloc":{"0x0800000000000000000000000000000000000000":{"balance":"1"},`, 1), "sum"},
		"code too large":     {account(`{"code":"0x` + strings.Repeat("00", params.MaxCodeSize+1) + `"}`), "code"},
		"a system contract":  {strings.Replace(account(`{"nonce":1}`), "0x0900000000000000000000000000000000000000", strings.ToLower(params.BeaconRootsAddress.Hex()), 1), "system contract"},
		"too long":           {strings.Repeat(" ", maxGenesisBytes+1), "limit"},
	} {
		if _, err := DecodeGenesis([]byte(tc.doc)); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want an error about %q", name, err, tc.want)
		}
	}
}

// TestForkOrder: go-ethereum finds our set of forks coherent.
func TestForkOrder(t *testing.T) {
	if err := testGenesis(1).ChainConfig().CheckConfigForkOrder(); err != nil {
		t.Error(err)
	}
}

// TestWrongFolder: a folder of another genesis is refused, and left as it was.
func TestWrongFolder(t *testing.T) {
	cfg := testConfig(t.TempDir(), testGenesis(1))
	c, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	out := execute(t, c, input(1, "", transfer(0, 0, addr(1))))
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	other := cfg
	other.Genesis = testGenesis(2)
	if _, err := Open(t.Context(), other); !errors.Is(err, ErrGenesisMismatch) {
		t.Errorf("opened with another genesis: %v", err)
	}
	if c = open(t, cfg); c.Head() != out {
		t.Errorf("head %+v, want %+v", c.Head(), out)
	}
}

func FuzzDecodeGenesis(f *testing.F) {
	enc, err := json.Marshal(testGenesis(2))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(enc)
	f.Add([]byte(`{"chain_id":1,"gas_limit":1000000,"alloc":{"0x0900000000000000000000000000000000000000":{"nonce":1}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		g, err := DecodeGenesis(data)
		if err != nil {
			return
		}
		h, err := g.Hash()
		if err != nil {
			t.Fatalf("a valid genesis has no hash: %v", err)
		}
		enc, err := json.Marshal(g)
		if err != nil {
			t.Fatal(err)
		}
		again, err := DecodeGenesis(enc)
		if err != nil {
			t.Fatalf("cannot read what was written: %v", err)
		}
		if h2, err := again.Hash(); err != nil || h2 != h {
			t.Fatalf("hash %s, written and read %s (%v)", h, h2, err)
		}
	})
}
