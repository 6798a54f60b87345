package batch_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rlp"

	"github.com/lockstep-network/lockstep/da/batch"
	"github.com/lockstep-network/lockstep/da/datest"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/lane"
)

func item(v ...any) []byte {
	raw, err := rlp.EncodeToBytes(v)
	if err != nil {
		panic(err)
	}
	return raw
}

func TestMalformed(t *testing.T) {
	c := chain(t)
	id, ns, crt := []byte(datest.ChainID), nsA(), c.Certificate(t, 3, 0).Encode()
	nobody := common.Address{}
	one, none := []any{[]any{uint64(1), uint64(1)}}, []any{}
	hash := crypto.Keccak256([]byte("x"))
	bad := map[string][]byte{
		"nothing":                      {},
		"a string":                     {0x83, 1, 2, 3},
		"two lists":                    {0xc0, 0xc0},
		"an empty list":                {0xc0},
		"version 0":                    item(uint64(0), uint64(2), id, ns, one, uint64(0), []byte("x")),
		"version 2":                    item(uint64(2), uint64(2), id, ns, one, uint64(0), []byte("x")),
		"kind 0":                       item(uint64(1), uint64(0), id, ns, one, uint64(0), []byte("x")),
		"kind 5":                       item(uint64(1), uint64(5), id, ns, one, uint64(0), []byte("x")),
		"no chain id":                  item(uint64(1), uint64(2), []byte{}, ns, one, uint64(0), []byte("x")),
		"a long chain id":              item(uint64(1), uint64(2), make([]byte, 100), ns, one, uint64(0), []byte("x")),
		"lanes: a short publisher":     item(uint64(1), uint64(2), id, nobody[1:], ns, one, uint64(0), []byte("x")),
		"lanes: no publisher":          item(uint64(1), uint64(2), id, ns, one, uint64(0), []byte("x")),
		"headers: a long publisher":    item(uint64(1), uint64(1), id, make([]byte, 21), uint64(1), crt, none, uint64(0), uint64(1), []byte("x")),
		"lanes: a short namespace":     item(uint64(1), uint64(2), id, nobody, []byte("n"), one, uint64(0), []byte("x")),
		"lanes: no heights":            item(uint64(1), uint64(2), id, nobody, ns, none, uint64(0), []byte{}),
		"lanes: height 0":              item(uint64(1), uint64(2), id, nobody, ns, []any{[]any{uint64(0), uint64(1)}}, uint64(0), []byte("x")),
		"lanes: heights that overflow": item(uint64(1), uint64(2), id, nobody, ns, []any{[]any{uint64(5), uint64(1)}, []any{^uint64(0), uint64(1)}}, uint64(0), []byte("xy")),
		"lanes: an empty lane":         item(uint64(1), uint64(2), id, nobody, ns, []any{[]any{uint64(1), uint64(0)}}, uint64(0), []byte("x")),
		"lanes: a lane beyond bounds":  item(uint64(1), uint64(2), id, nobody, ns, []any{[]any{uint64(1), uint64(lane.MaxSize + 1)}}, uint64(1), make([]byte, lane.MaxSize/2)),
		"lanes: too many heights":      item(uint64(1), uint64(2), id, nobody, ns, bytesOf(cert.MaxPiece+1), uint64(0), []byte("x")),
		"lanes: stored with a lie":     item(uint64(1), uint64(2), id, nobody, ns, []any{[]any{uint64(1), uint64(2)}}, uint64(0), []byte("x")),
		"lanes: codec 2":               item(uint64(1), uint64(2), id, nobody, ns, one, uint64(2), []byte("x")),
		"lanes: beyond the ratio":      item(uint64(1), uint64(2), id, nobody, ns, []any{[]any{uint64(1), uint64(batch.FreeRaw + 1000)}}, uint64(1), []byte("x")),
		"lanes: a surplus field":       item(uint64(1), uint64(2), id, nobody, ns, one, uint64(0), []byte("x"), []byte("y")),
		"lanes: a field less":          item(uint64(1), uint64(2), id, nobody, ns, one, uint64(0)),
		"lanes: a surplus in an item":  item(uint64(1), uint64(2), id, nobody, ns, []any{[]any{uint64(1), uint64(1), uint64(1)}}, uint64(0), []byte("x")),
		"lanes: a padded integer":      {0xd2, 1, 2, 0x81, 0x78, 0x8a, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0xc0, 0, 0x78},
		"headers: no certificate":      item(uint64(1), uint64(1), id, nobody, uint64(1), []byte{}, none, uint64(0), uint64(1), []byte("x")),
		"headers: from 0":              item(uint64(1), uint64(1), id, nobody, uint64(0), crt, none, uint64(0), uint64(1), []byte("x")),
		"headers: from above the end":  item(uint64(1), uint64(1), id, nobody, uint64(4), crt, none, uint64(0), uint64(1), []byte("x")),
		"headers: an operator short":   item(uint64(1), uint64(1), id, nobody, uint64(1), crt, []any{[]any{[]byte("a"), uint64(1)}}, uint64(0), uint64(1), []byte("x")),
		"headers: no payload":          item(uint64(1), uint64(1), id, nobody, uint64(1), crt, none, uint64(0), uint64(0), []byte{}),
		"headers: too many operators":  item(uint64(1), uint64(1), id, nobody, uint64(1), crt, bytesOf(cert.MaxOperators+1), uint64(0), uint64(1), []byte("x")),
		"headers: bare, no mark":       item(uint64(1), uint64(1), id, nobody, uint64(1), cert.Bare(c.Blocks[2].Header).Encode(), none, uint64(0), uint64(1), []byte("x")),
		"headers: bare, a set opened":  item(uint64(1), uint64(1), id, nobody, uint64(1), cert.Bare(c.Blocks[15].Header).Encode(), bytesOf(1), uint64(0), uint64(1), []byte("x")),
		"links: no certificate":        item(uint64(1), uint64(4), id, uint64(1), []byte{}, uint64(0), uint64(1), []byte("x")),
		"links: from 0":                item(uint64(1), uint64(4), id, uint64(0), crt, uint64(0), uint64(1), []byte("x")),
		"links: from above the end":    item(uint64(1), uint64(4), id, uint64(4), crt, uint64(0), uint64(1), []byte("x")),
		"links: too large":             item(uint64(1), uint64(4), id, uint64(1), crt, uint64(0), uint64(1<<20), make([]byte, 1<<20)),
		"links: a surplus field":       item(uint64(1), uint64(4), id, uint64(1), crt, uint64(0), uint64(1), []byte("x"), none),
		"chunk: no hashes":             item(uint64(1), uint64(3), id, ns, uint64(0), none, []byte("x")),
		"chunk: beyond the last":       item(uint64(1), uint64(3), id, ns, uint64(1), []any{hash}, []byte("x")),
		"chunk: another part":          item(uint64(1), uint64(3), id, ns, uint64(0), []any{hash}, []byte("y")),
		"chunk: a short hash":          item(uint64(1), uint64(3), id, ns, uint64(0), []any{hash[1:]}, []byte("x")),
		"chunk: too many":              item(uint64(1), uint64(3), id, ns, uint64(0), bytesOf(batch.MaxChunks+1), []byte("x")),
		"chunk: an empty part":         item(uint64(1), uint64(3), id, ns, uint64(0), []any{crypto.Keccak256(nil)}, []byte{}),
		"beyond the size":              item(uint64(1), uint64(3), id, ns, uint64(0), []any{hash}, make([]byte, batch.MaxSize)),
	}
	for name, raw := range bad {
		if decodes(raw) {
			t.Errorf("%s: decodes", name)
		}
		for _, err := range errorsOf(raw) {
			if !errors.Is(err, batch.ErrMalformed) {
				t.Errorf("%s: %v is not ErrMalformed", name, err)
			}
		}
	}
}

func bytesOf(n int) []any {
	out := make([]any, n)
	for i := range out {
		out[i] = []any{uint64(1), uint64(1)}
	}
	return out
}

func errorsOf(raw []byte) []error {
	_, h := batch.DecodeHeaders(raw)
	_, l := batch.DecodeLanes(raw)
	_, c := batch.DecodeChunk(raw)
	_, k := batch.DecodeLinks(raw)
	return []error{h, l, c, k}
}

func decodes(raw []byte) bool {
	for _, err := range errorsOf(raw) {
		if err == nil {
			return true
		}
	}
	return false
}

// Payloads that do not hold what the blob around them claims.
func TestMalformedPayloads(t *testing.T) {
	c, z := chain(t), codec(t)
	id, nobody, crt, none := []byte(datest.ChainID), common.Address{}, c.Certificate(t, 2, 0).Encode(), []any{}
	h := func(i int) []byte { return c.Blocks[i].Header.Encode() }
	for name, payload := range map[string][]byte{
		"rubbish":             []byte("rubbish"),
		"one header":          item([]any{h(0), none}),
		"three headers":       item([]any{h(0), none}, []any{h(1), none}, []any{h(2), none}),
		"heights swapped":     item([]any{h(1), none}, []any{h(0), none}),
		"a header cut":        item([]any{h(0)[:9], none}, []any{h(1), none}),
		"a surplus field":     item([]any{h(0), none, none}, []any{h(1), none}),
		"a leaf of two":       item([]any{h(0), []any{[]any{nsA(), uint64(1)}}}, []any{h(1), none}),
		"a leaf of length 0":  item([]any{h(0), []any{[]any{nsA(), uint64(0), make([]byte, 32)}}}, []any{h(1), none}),
		"a leaf as a string":  item([]any{h(0), []any{[]byte("leaf")}}, []any{h(1), none}),
		"something behind it": append(item([]any{h(0), none}, []any{h(1), none}), 0),
	} {
		p, err := batch.DecodeHeaders(item(uint64(1), uint64(1), id, nobody, uint64(1), crt, none, uint64(0), uint64(len(payload)), payload))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := z.Open(p); !errors.Is(err, batch.ErrMalformed) {
			t.Errorf("%s: %v, want ErrMalformed", name, err)
		}
	}
	for name, payload := range map[string][]byte{"not zstd": []byte("xx"), "shorter than claimed": mustZip(t, z, 3000)} {
		p, err := batch.DecodeLanes(item(uint64(1), uint64(2), id, nobody, nsA(), []any{[]any{uint64(1), uint64(3001)}}, uint64(1), payload))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := z.Unpack(p); !errors.Is(err, batch.ErrMalformed) {
			t.Errorf("%s: %v, want ErrMalformed", name, err)
		}
	}
	// One that decompresses to more than it claims must stop at the claim.
	p, err := batch.DecodeLanes(item(uint64(1), uint64(2), id, nobody, nsA(), []any{[]any{uint64(1), uint64(10)}}, uint64(1), mustZip(t, z, 3000)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Unpack(p); !errors.Is(err, batch.ErrMalformed) {
		t.Errorf("longer than claimed: %v, want ErrMalformed", err)
	}
}

// mustZip takes the compressed payload out of an encoded lanes.
func mustZip(t *testing.T, z *batch.Codec, size int) []byte {
	t.Helper()
	raw := must[[]byte](t)(z.EncodeLanes(batch.Lanes{
		ChainID: datest.ChainID, Namespace: nsA(), Lanes: []batch.LaneAt{{Height: 1, Data: bytes.Repeat([]byte("lockstep"), size/8)}},
	}))
	var w struct {
		Version, Kind uint64
		ID, By, NS    []byte
		Index         [][]uint64
		Codec         uint64
		Payload       []byte
	}
	if err := rlp.DecodeBytes(raw, &w); err != nil || w.Codec != 1 {
		t.Fatalf("codec %d: %v", w.Codec, err)
	}
	return w.Payload
}

func samples(tb testing.TB) map[string][]byte {
	tb.Helper()
	c, z := datest.NewChain(tb, 4), codec(tb)
	c.Add(tb)
	c.Add(tb, block.Lane{Namespace: nsA(), Data: datest.RandomLane(tb, rng(), 40)})
	c.Change(tb, c.Operators(tb, "second", 3), block.Lane{Namespace: nsA(), Data: datest.RandomLane(tb, rng(), 20)})
	out := map[string][]byte{
		"headers": must[[]byte](tb)(z.EncodeHeaders(headers(tb, c, 1, 3))),
		"lanes":   must[[]byte](tb)(z.EncodeLanes(lanes(c, nsA()))),
	}
	for range 18 {
		c.Add(tb)
	}
	piece := headers(tb, c, 16, 16)
	piece.Certificate = cert.Bare(c.Blocks[15].Header)
	out["a piece"] = must[[]byte](tb)(z.EncodeHeaders(piece))
	out["links"] = must[[]byte](tb)(z.EncodeLinks(datest.ChainID, cert.Links{Headers: links(c, 17, 20), Certificate: c.Certificate(tb, 20, 0)}))
	out["links to a mark"] = must[[]byte](tb)(z.EncodeLinks(datest.ChainID, cert.Links{Headers: links(c, 15, 16), Certificate: piece.Certificate}))
	chunks, err := batch.Chunks(datest.ChainID, nsA(), out["lanes"], 300)
	if err != nil {
		tb.Fatal(err)
	}
	for i, raw := range chunks {
		out[fmt.Sprintf("chunk %d", i)] = raw
	}
	return out
}

func links(c *datest.Chain, from, to uint64) (hs []block.Header) {
	for _, b := range c.Blocks[from-1 : to] {
		hs = append(hs, b.Header)
	}
	return hs
}

func TestTruncation(t *testing.T) {
	for name, raw := range samples(t) {
		if !decodes(raw) {
			t.Errorf("%s does not decode", name)
		}
		for n := range raw {
			if decodes(raw[:n]) {
				t.Errorf("%s decodes when cut to %d of %d bytes", name, n, len(raw))
			}
		}
		if decodes(append(append([]byte{}, raw...), 0)) {
			t.Errorf("%s decodes with a byte behind it", name)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, raw := range samples(f) {
		f.Add(raw)
	}
	z := codec(f)
	trust := datest.NewChain(f, 4).Genesis
	f.Fuzz(func(t *testing.T, raw []byte) {
		if c, err := batch.DecodeChunk(raw); err == nil && !bytes.Equal(c.Encode(), raw) {
			t.Error("a chunk has two forms")
		}
		if p, err := batch.DecodeLanes(raw); err == nil {
			if data, err := z.Unpack(p); err == nil && len(data) != len(p.Heights) {
				t.Errorf("%d lanes for %d heights", len(data), len(p.Heights))
			}
		}
		if p, err := batch.DecodeLinks(raw); err == nil {
			if l, err := z.OpenLinks(p); err == nil {
				if _, err := z.EncodeLinks(p.ChainID, l); err != nil {
					t.Errorf("links that were decoded do not encode: %v", err)
				}
				_ = new(cert.Marks).Take(trust, l, 1) // must not panic
			}
		}
		p, err := batch.DecodeHeaders(raw)
		if err != nil {
			return
		}
		h, err := z.Open(p)
		if err != nil {
			return
		}
		if _, err := z.EncodeHeaders(h); err != nil {
			t.Errorf("what was decoded does not encode: %v", err)
		}
		if got, err := h.Check(trust, new(cert.Marks)); err == nil && got[0].Header.Height != 1 {
			t.Errorf("the first height after genesis is %d", got[0].Header.Height)
		}
	})
}
