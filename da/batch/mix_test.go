package batch

import (
	"bytes"
	"encoding/binary"
	"math/big"
	"math/rand/v2"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/namespaces/lane"
)

// mix is the lanes of a rollup in use: 45 % transfers, 35 % ERC-20 transfers, 20 % swaps, of senders and tokens of which few act often, really signed. Half of
// the entries came alone, half in one Tx with others.
func mix(tb testing.TB, blocks, perBlock int) (lanes [][]byte, txs int) {
	tb.Helper()
	rng := rand.New(rand.NewPCG(7, 7))
	signer := types.LatestSignerForChainID(big.NewInt(7_400_001))
	often := func(n int) int { return int(float64(n) * rng.Float64() * rng.Float64() * rng.Float64()) }
	address := func(kind string, i int) common.Address {
		return common.BytesToAddress(crypto.Keccak256([]byte(kind), binary.BigEndian.AppendUint64(nil, uint64(i)))[12:])
	}
	word := func(b []byte) []byte { return common.LeftPadBytes(b, 32) }
	amount := func() *big.Int { // a few digits and zeros, as people choose, or exact
		v := new(big.Int).Mul(big.NewInt(1+rng.Int64N(9999)), new(big.Int).Exp(big.NewInt(10), big.NewInt(14+rng.Int64N(4)), nil))
		if rng.IntN(3) == 0 {
			v.Add(v, big.NewInt(rng.Int64N(1e14)))
		}
		return v
	}
	nonces := map[int]uint64{}
	for range blocks {
		var entries []lane.Entry
		position := uint32(0)
		for i := range perBlock {
			who := often(4000)
			key, err := crypto.ToECDSA(crypto.Keccak256([]byte("sender"), binary.BigEndian.AppendUint64(nil, uint64(who))))
			if err != nil {
				tb.Fatal(err)
			}
			if nonces[who] == 0 {
				nonces[who] = uint64(1 + rng.IntN(500))
			}
			t := &types.DynamicFeeTx{ChainID: signer.ChainID(), Nonce: nonces[who], GasTipCap: big.NewInt(1e6 * (1 + rng.Int64N(3))), GasFeeCap: big.NewInt(1e9 + 1e6*rng.Int64N(50)), Gas: 21000}
			nonces[who]++
			to, token := address("account", often(20_000)), address("token", often(40))
			switch k := rng.IntN(100); {
			case k < 45:
				t.Value = amount()
			case k < 80:
				t.Gas = 52_000 + uint64(rng.IntN(15_000))
				t.Data = append(common.FromHex("a9059cbb"), append(word(to[:]), word(amount().Bytes())...)...)
				to = token
			default: // swapExactTokensForTokens(in, outMin, path, to, deadline)
				t.Gas = 140_000 + uint64(rng.IntN(60_000))
				least := new(big.Int).SetUint64(rng.Uint64())
				t.Data = common.FromHex("38ed1739")
				self := crypto.PubkeyToAddress(key.PublicKey)
				out := address("token", often(40))
				for _, w := range [][]byte{amount().Bytes(), least.Bytes(), {0xa0}, self[:], big.NewInt(1_790_000_000 + int64(i)/4).Bytes(), {2}, token[:], out[:]} {
					t.Data = append(t.Data, word(w)...)
				}
				to = address("router", often(3))
			}
			t.To = &to
			signed, err := types.SignNewTx(key, signer, t)
			if err != nil {
				tb.Fatal(err)
			}
			raw, err := signed.MarshalBinary()
			if err != nil {
				tb.Fatal(err)
			}
			if rng.IntN(2) == 0 {
				position++
			}
			entries = append(entries, lane.Entry{Position: position, Leg: uint32(i % 7), Data: raw})
			position++
			txs++
		}
		raw, err := lane.Encode(entries)
		if err != nil {
			tb.Fatal(err)
		}
		lanes = append(lanes, raw)
	}
	return lanes, txs
}

// brotli10 compresses by Node's brotli, and tells the milliseconds that it took.
func brotli10(b *testing.B, raw []byte) (size int, ms float64) {
	b.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		b.Skip("Node is not installed: it brings brotli")
	}
	cmd := exec.Command(node, "-e", `const z=require("zlib"),f=require("fs").readFileSync(0);const t=process.hrtime.bigint();
const o=z.brotliCompressSync(f,{params:{[z.constants.BROTLI_PARAM_QUALITY]:10,[z.constants.BROTLI_PARAM_LGWIN]:24,[z.constants.BROTLI_PARAM_SIZE_HINT]:f.length}});
console.log(o.length,Number(process.hrtime.bigint()-t)/1e6)`)
	cmd.Stdin = bytes.NewReader(raw)
	out, err := cmd.Output()
	if err != nil {
		b.Fatal(err)
	}
	f := strings.Fields(string(out))
	size, _ = strconv.Atoi(f[0])
	ms, _ = strconv.ParseFloat(f[1], 64)
	return size, ms
}

// BenchmarkMix compares what 4,000 transactions of a rollup take on a DA layer, in bytes per transaction: as they are, packed as this package does, by brotli-10,
// and with their fields in columns, which no format has yet.
func BenchmarkMix(b *testing.B) {
	lanes, txs := mix(b, 40, 100)
	raw := bytes.Join(lanes, nil)
	c, err := NewCodec()
	if err != nil {
		b.Fatal(err)
	}
	columns := make([][]byte, 0, columnCount)
	for _, way := range []struct {
		name string
		size func(b *testing.B) int
	}{
		{"raw", func(*testing.B) int { return len(raw) }},
		{"pack", func(*testing.B) int { _, z := c.pack(raw); return len(z) }},
		{"columns", func(b *testing.B) (n int) {
			columns = inColumns(b, lanes, columns[:0])
			for _, col := range columns {
				_, z := c.pack(col)
				n += len(z)
			}
			return n
		}},
	} {
		b.Run(way.name, func(b *testing.B) {
			b.SetBytes(int64(len(raw)))
			n := 0
			for b.Loop() {
				n = way.size(b)
			}
			b.ReportMetric(float64(n)/float64(txs), "bytes/tx")
		})
	}
	b.Run("brotli10", func(b *testing.B) {
		size, ms := brotli10(b, raw)
		b.ReportMetric(float64(size)/float64(txs), "bytes/tx")
		b.ReportMetric(float64(len(raw))/1e3/ms, "MB/s")
	})
}

// The columns: what all transactions have, the words of call data by their place (twelve of them, the last for all beyond), and the rest.
const (
	colSignature = iota
	colPlace
	colParity
	colNonce
	colTip
	colFee
	colGas
	colTo
	colValue
	colLength
	colData
	colSelector
	colWidth
	colAddress
	colWord
	words       = 12
	columnCount = colWord + words
)

// inColumns takes transactions apart. An address stands once, and then by its number.
func inColumns(b *testing.B, lanes [][]byte, cols [][]byte) [][]byte {
	b.Helper()
	cols = append(cols, make([][]byte, columnCount)...)
	known := map[common.Address]uint64{}
	address := func(col int, a []byte) {
		number, found := known[common.Address(a)]
		if !found {
			known[common.Address(a)] = uint64(len(known)) + 1
			cols[colAddress] = append(cols[colAddress], a...)
		}
		cols[col] = binary.BigEndian.AppendUint16(cols[col], uint16(number))
	}
	sized := func(col int, v []byte) { cols[col] = append(append(cols[col], byte(len(v))), v...) }
	for _, l := range lanes {
		entries, err := lane.Decode(l)
		if err != nil {
			b.Fatal(err)
		}
		for _, e := range entries {
			cols[colPlace] = append(cols[colPlace], byte(e.Position), byte(e.Leg))
			var t types.Transaction
			if err := t.UnmarshalBinary(e.Data); err != nil {
				b.Fatal(err)
			}
			v, r, s := t.RawSignatureValues()
			var signature [64]byte
			r.FillBytes(signature[:32])
			s.FillBytes(signature[32:])
			cols[colSignature] = append(cols[colSignature], signature[:]...)
			cols[colParity] = append(cols[colParity], byte(v.Uint64()))
			cols[colNonce] = binary.AppendUvarint(cols[colNonce], t.Nonce())
			sized(colTip, t.GasTipCap().Bytes())
			sized(colFee, t.GasFeeCap().Bytes())
			cols[colGas] = binary.AppendUvarint(cols[colGas], t.Gas())
			address(colTo, t.To()[:])
			sized(colValue, t.Value().Bytes())
			data := t.Data()
			cols[colLength] = binary.AppendUvarint(cols[colLength], uint64(len(data)))
			if len(data)%32 != 4 {
				cols[colData] = append(cols[colData], data...)
				continue
			}
			cols[colSelector] = append(cols[colSelector], data[:4]...)
			for i := 0; 4+32*i < len(data); i++ {
				word, col := bytes.TrimLeft(data[4+32*i:][:32], "\x00"), colWord+min(i, words-1)
				cols[colWidth] = append(cols[colWidth], byte(len(word)))
				if len(word) == common.AddressLength {
					address(col, word)
				} else {
					cols[col] = append(cols[col], word...)
				}
			}
		}
	}
	return cols
}
