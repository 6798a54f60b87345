package batch_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rlp"

	"github.com/lockstep-network/lockstep/da/batch"
	"github.com/lockstep-network/lockstep/da/datest"
	"github.com/lockstep-network/lockstep/internal/golden"
	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/lane"
)

func nsA() namespaces.Namespace { return namespaces.Namespace{0: 0xaa, 9: 1} }
func nsB() namespaces.Namespace { return namespaces.Namespace{0: 0xbb, 9: 1} }

func rng() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

func codec(tb testing.TB) *batch.Codec {
	tb.Helper()
	c, err := batch.NewCodec()
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// headers returns the run [from, to] of a chain.
func headers(tb testing.TB, c *datest.Chain, from, to uint64) batch.Headers {
	tb.Helper()
	h := batch.Headers{ChainID: datest.ChainID, Certificate: c.Certificate(tb, to, 0), Next: c.Blocks[to-1].Next}
	for _, b := range c.Blocks[from-1 : to] {
		h.Blocks = append(h.Blocks, batch.HeaderLanes{Header: b.Header, Leaves: b.Leaves})
	}
	return h
}

func lanes(c *datest.Chain, ns namespaces.Namespace) batch.Lanes {
	l := batch.Lanes{ChainID: datest.ChainID, Namespace: ns}
	for _, b := range c.Blocks {
		for _, one := range b.Lanes {
			if one.Namespace == ns {
				l.Lanes = append(l.Lanes, batch.LaneAt{Height: b.Header.Height, Data: one.Data})
			}
		}
	}
	return l
}

func must[T any](tb testing.TB) func(T, error) T {
	return func(v T, err error) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return v
	}
}

func chain(tb testing.TB) *datest.Chain {
	c := datest.NewChain(tb, 4)
	c.Add(tb)
	c.Grow(tb, rng(), 20, 3000, nsA(), nsB())
	c.Change(tb, c.Operators(tb, "second", 5))
	return c
}

func TestHeadersRoundTrip(t *testing.T) {
	c, z := chain(t), codec(t)
	last := uint64(len(c.Blocks))
	raw := must[[]byte](t)(z.EncodeHeaders(headers(t, c, 1, last)))
	p := must[batch.PackedHeaders](t)(batch.DecodeHeaders(raw))
	if p.From != 1 || p.Certificate.Height != last || len(p.Next) != 5 {
		t.Fatalf("heights %d to %d, %d operators follow", p.From, p.Certificate.Height, len(p.Next))
	}
	if err := p.Worth(c.Genesis); err != nil {
		t.Fatal(err)
	}
	h := must[batch.Headers](t)(z.Open(p))
	got := must[[]batch.Certified](t)(h.Check(c.Genesis))
	for i, b := range got {
		want := c.TrustAt(uint64(i + 1))
		if b.Hash != want.Hash || b.Trust.Height != want.Height || b.Trust.Hash != want.Hash || b.Trust.Set.Hash() != want.Set.Hash() {
			t.Errorf("height %d: %+v, want trust %+v", i+1, b, want)
		}
		if len(b.Table.Leaves()) != len(c.Blocks[i].Leaves) || (b.Certificate != nil) != (i == len(got)-1) {
			t.Errorf("height %d: %d leaves, certificate %v", i+1, len(b.Table.Leaves()), b.Certificate)
		}
	}
	if again := must[[]byte](t)(z.EncodeHeaders(h)); !bytes.Equal(again, raw) {
		t.Error("what was decoded encodes to something else")
	}
}

func TestLanesRoundTrip(t *testing.T) {
	c, z := chain(t), codec(t)
	for _, ns := range []namespaces.Namespace{nsA(), nsB()} {
		want := lanes(c, ns)
		raw := must[[]byte](t)(z.EncodeLanes(want))
		p := must[batch.PackedLanes](t)(batch.DecodeLanes(raw))
		got := must[[][]byte](t)(z.Unpack(p))
		if p.Namespace != ns || len(got) != len(want.Lanes) {
			t.Fatalf("%d lanes of %s, want %d of %s", len(got), p.Namespace, len(want.Lanes), ns)
		}
		for i, l := range want.Lanes {
			if p.Heights[i] != l.Height || !bytes.Equal(got[i], l.Data) {
				t.Errorf("lane %d differs", i)
			}
		}
	}
}

func TestCheckAfterAKnownPrefix(t *testing.T) {
	c := chain(t)
	h := headers(t, c, 3, 12)
	for tip := uint64(2); tip < 12; tip++ {
		got, err := h.Check(c.TrustAt(tip))
		if err != nil || uint64(len(got)) != 12-tip || got[0].Header.Height != tip+1 {
			t.Errorf("tip %d: %d new headers, %v", tip, len(got), err)
		}
	}
}

// What a reader must not take, each with the reason that it gives.
func TestCheckRefuses(t *testing.T) {
	c := chain(t)
	at5 := c.TrustAt(5)
	for name, x := range map[string]struct {
		tip    cert.Trust
		change func(*batch.Headers)
		want   error
	}{
		"ends at the tip":            {c.TrustAt(12), nil, batch.ErrKnown},
		"ends below the tip":         {c.TrustAt(15), nil, batch.ErrKnown},
		"begins above the tip":       {c.TrustAt(1), nil, batch.ErrGap},
		"a header left out":          {at5, func(h *batch.Headers) { h.Blocks = append(h.Blocks[:4:4], h.Blocks[5:]...) }, batch.ErrLinks},
		"a header changed":           {at5, func(h *batch.Headers) { h.Blocks[4].Header.TimeMS++ }, batch.ErrLinks},
		"the last header changed":    {at5, func(h *batch.Headers) { h.Blocks[9].Header.TimeMS++ }, batch.ErrLinks},
		"the run cut short":          {at5, func(h *batch.Headers) { h.Blocks = h.Blocks[:8] }, batch.ErrLinks},
		"a leaf left out":            {at5, func(h *batch.Headers) { cutLeaf(h) }, batch.ErrTable},
		"a leaf changed":             {at5, func(h *batch.Headers) { h.Blocks[9].Leaves = changed(h.Blocks[9].Leaves) }, batch.ErrTable},
		"too few signatures":         {at5, func(h *batch.Headers) { h.Certificate = c.Certificate(t, 12, 2) }, cert.ErrUncertified},
		"a signature of another":     {at5, func(h *batch.Headers) { h.Certificate.Signatures[0] = h.Certificate.Signatures[1] }, cert.ErrUncertified},
		"another round":              {at5, func(h *batch.Headers) { h.Certificate.Round = 3 }, cert.ErrUncertified},
		"another height signed":      {at5, func(h *batch.Headers) { h.Certificate.Height++ }, cert.ErrUncertified},
		"the set is not the trusted": {withSet(at5, c.Operators(t, "third", 4)), nil, cert.ErrRun},
	} {
		h := headers(t, c, 3, 12)
		if x.change != nil {
			x.change(&h)
		}
		if got, err := h.Check(x.tip); !errors.Is(err, x.want) || got != nil {
			t.Errorf("%s: %d headers, error %v, want %v", name, len(got), err, x.want)
		}
	}
	h := headers(t, c, 20, uint64(len(c.Blocks)))
	h.Next = c.Operators(t, "third", 5).Operators()
	if _, err := h.Check(c.TrustAt(19)); !errors.Is(err, cert.ErrRun) {
		t.Errorf("another set opened: %v", err)
	}
}

func cutLeaf(h *batch.Headers) {
	for i := range h.Blocks {
		if b := &h.Blocks[i]; b.Header.Height > 5 && len(b.Leaves) > 0 {
			b.Leaves = b.Leaves[1:]
			return
		}
	}
}

func changed(leaves []lane.Leaf) []lane.Leaf {
	if len(leaves) == 0 {
		return []lane.Leaf{{Namespace: nsA(), Length: 1}}
	}
	out := append([]lane.Leaf{}, leaves...)
	out[0].Length++
	return out
}

func withSet(t cert.Trust, s cert.Set) cert.Trust {
	t.Set = s
	return t
}

func TestTwoCertifiedChainsAreAConflict(t *testing.T) {
	c := chain(t)
	rival := c.Fork(4)
	rival.Grow(t, rand.New(rand.NewPCG(9, 9)), 6, 100, nsA())
	var conflict *cert.ErrConflict
	for _, from := range []uint64{2, 5, 6} { // the fork lies inside the batch, at its beginning, before it
		_, err := headers(t, rival, from, 10).Check(c.TrustAt(5))
		if !errors.As(err, &conflict) || conflict.Height != 5 || conflict.Known != c.TrustAt(5).Hash {
			t.Errorf("from %d: %v, want a conflict at height 5", from, err)
		}
	}
	forged := headers(t, rival, 2, 10)
	forged.Certificate = rival.Certificate(t, 10, 2)
	if _, err := forged.Check(c.TrustAt(5)); errors.As(err, &conflict) || !errors.Is(err, cert.ErrUncertified) {
		t.Errorf("a rival without quorum: %v, want uncertified", err)
	}
}

func TestChunksRoundTrip(t *testing.T) {
	r := rng()
	for _, size := range []int{1, 1000, 4096, 100_000} {
		raw := make([]byte, size)
		for i := range raw {
			raw[i] = byte(r.UintN(256))
		}
		for _, limit := range []int{1000, 5000, 200_000} {
			chunks, err := batch.Chunks(datest.ChainID, nsA(), raw, limit)
			if err != nil {
				if size/limit < 80 {
					t.Errorf("%d bytes in blobs of %d: %v", size, limit, err)
				}
				continue
			}
			parts := make([][]byte, len(chunks))
			for _, i := range r.Perm(len(chunks)) {
				if len(chunks[i]) > limit {
					t.Errorf("chunk of %d bytes, limit %d", len(chunks[i]), limit)
				}
				c := must[batch.Chunk](t)(batch.DecodeChunk(chunks[i]))
				parts[c.Index] = c.Part
			}
			if got := must[[]byte](t)(batch.Join(parts)); !bytes.Equal(got, raw) {
				t.Errorf("%d bytes in blobs of %d come back as %d bytes", size, limit, len(got))
			}
		}
	}
	if _, err := batch.Chunks(datest.ChainID, nsA(), make([]byte, 1<<20), 150); err == nil {
		t.Error("a batch is cut into blobs that hold nothing")
	}
}

// What compresses beyond the ratio is stored, so that a decoder may refuse the ratio.
func TestRatio(t *testing.T) {
	z := codec(t)
	for _, size := range []int{1000, 100_000, 10 << 20} {
		l := batch.Lanes{ChainID: datest.ChainID, Namespace: nsA(), Lanes: []batch.LaneAt{{Height: 1, Data: make([]byte, size)}}}
		p := must[batch.PackedLanes](t)(batch.DecodeLanes(must[[]byte](t)(z.EncodeLanes(l))))
		if got := must[[][]byte](t)(z.Unpack(p)); len(got[0]) != size {
			t.Errorf("%d zeros come back as %d", size, len(got[0]))
		}
	}
}

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
		"kind 4":                       item(uint64(1), uint64(4), id, ns, one, uint64(0), []byte("x")),
		"no chain id":                  item(uint64(1), uint64(2), []byte{}, ns, one, uint64(0), []byte("x")),
		"a long chain id":              item(uint64(1), uint64(2), make([]byte, 100), ns, one, uint64(0), []byte("x")),
		"lanes: a short namespace":     item(uint64(1), uint64(2), id, []byte("n"), one, uint64(0), []byte("x")),
		"lanes: no heights":            item(uint64(1), uint64(2), id, ns, none, uint64(0), []byte{}),
		"lanes: height 0":              item(uint64(1), uint64(2), id, ns, []any{[]any{uint64(0), uint64(1)}}, uint64(0), []byte("x")),
		"lanes: heights that overflow": item(uint64(1), uint64(2), id, ns, []any{[]any{uint64(5), uint64(1)}, []any{^uint64(0), uint64(1)}}, uint64(0), []byte("xy")),
		"lanes: an empty lane":         item(uint64(1), uint64(2), id, ns, []any{[]any{uint64(1), uint64(0)}}, uint64(0), []byte("x")),
		"lanes: a lane beyond bounds":  item(uint64(1), uint64(2), id, ns, []any{[]any{uint64(1), uint64(lane.MaxSize + 1)}}, uint64(1), make([]byte, lane.MaxSize/2)),
		"lanes: too many heights":      item(uint64(1), uint64(2), id, ns, bytesOf(cert.MaxRun+1), uint64(0), []byte("x")),
		"lanes: stored with a lie":     item(uint64(1), uint64(2), id, ns, []any{[]any{uint64(1), uint64(2)}}, uint64(0), []byte("x")),
		"lanes: codec 2":               item(uint64(1), uint64(2), id, ns, one, uint64(2), []byte("x")),
		"lanes: beyond the ratio":      item(uint64(1), uint64(2), id, ns, []any{[]any{uint64(1), uint64(batch.FreeRaw + 1000)}}, uint64(1), []byte("x")),
		"lanes: a surplus field":       item(uint64(1), uint64(2), id, ns, one, uint64(0), []byte("x"), []byte("y")),
		"lanes: a field less":          item(uint64(1), uint64(2), id, ns, one, uint64(0)),
		"lanes: a surplus in an item":  item(uint64(1), uint64(2), id, ns, []any{[]any{uint64(1), uint64(1), uint64(1)}}, uint64(0), []byte("x")),
		"lanes: a padded integer":      {0xd2, 1, 2, 0x81, 0x78, 0x8a, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0xc0, 0, 0x78},
		"headers: no certificate":      item(uint64(1), uint64(1), id, uint64(1), []byte{}, none, uint64(0), uint64(1), []byte("x")),
		"headers: from 0":              item(uint64(1), uint64(1), id, uint64(0), crt, none, uint64(0), uint64(1), []byte("x")),
		"headers: from above the end":  item(uint64(1), uint64(1), id, uint64(4), crt, none, uint64(0), uint64(1), []byte("x")),
		"headers: an operator short":   item(uint64(1), uint64(1), id, uint64(1), crt, []any{[]any{[]byte("a"), uint64(1)}}, uint64(0), uint64(1), []byte("x")),
		"headers: no payload":          item(uint64(1), uint64(1), id, uint64(1), crt, none, uint64(0), uint64(0), []byte{}),
		"headers: too many operators":  item(uint64(1), uint64(1), id, uint64(1), crt, bytesOf(cert.MaxOperators+1), uint64(0), uint64(1), []byte("x")),
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
	return []error{h, l, c}
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
	id, crt, none := []byte(datest.ChainID), c.Certificate(t, 2, 0).Encode(), []any{}
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
		p, err := batch.DecodeHeaders(item(uint64(1), uint64(1), id, uint64(1), crt, none, uint64(0), uint64(len(payload)), payload))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := z.Open(p); !errors.Is(err, batch.ErrMalformed) {
			t.Errorf("%s: %v, want ErrMalformed", name, err)
		}
	}
	for name, payload := range map[string][]byte{"not zstd": []byte("xx"), "shorter than claimed": mustZip(t, z, 3000)} {
		p, err := batch.DecodeLanes(item(uint64(1), uint64(2), id, nsA(), []any{[]any{uint64(1), uint64(3001)}}, uint64(1), payload))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := z.Unpack(p); !errors.Is(err, batch.ErrMalformed) {
			t.Errorf("%s: %v, want ErrMalformed", name, err)
		}
	}
	// One that decompresses to more than it claims must stop at the claim.
	p, err := batch.DecodeLanes(item(uint64(1), uint64(2), id, nsA(), []any{[]any{uint64(1), uint64(10)}}, uint64(1), mustZip(t, z, 3000)))
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
		ID, NS        []byte
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
	chunks, err := batch.Chunks(datest.ChainID, nsA(), out["lanes"], 300)
	if err != nil {
		tb.Fatal(err)
	}
	for i, raw := range chunks {
		out[fmt.Sprintf("chunk %d", i)] = raw
	}
	return out
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

// Vectors hold stored payloads only: how a payload is compressed is not the protocol's.
func TestVectors(t *testing.T) {
	vectors := map[string]any{"chain id": datest.ChainID, "operators": datest.NewChain(t, 4).Genesis.Set.Operators()}
	z := codec(t)
	for name, raw := range samples(t) {
		vectors[name] = hexutil.Bytes(stored(t, z, raw))
	}
	golden.Check(t, "batch", vectors)
}

// stored rewrites a blob with its payload as it was before compression.
func stored(t *testing.T, z *batch.Codec, raw []byte) []byte {
	t.Helper()
	k := must[batch.Kind](t)(batch.Peek(raw))
	switch k {
	case batch.KindHeaders:
		h := must[batch.Headers](t)(z.Open(must[batch.PackedHeaders](t)(batch.DecodeHeaders(raw))))
		var blocks []any
		for _, b := range h.Blocks {
			blocks = append(blocks, []any{b.Header.Encode(), b.Leaves})
		}
		payload := item(blocks...)
		out := item(uint64(1), uint64(k), []byte(h.ChainID), h.Blocks[0].Header.Height, h.Certificate.Encode(), h.Next, uint64(0), uint64(len(payload)), payload)
		again := must[batch.Headers](t)(z.Open(must[batch.PackedHeaders](t)(batch.DecodeHeaders(out))))
		if len(again.Blocks) != len(h.Blocks) {
			t.Fatal("the vector does not decode to the same run")
		}
		return out
	case batch.KindLanes:
		p := must[batch.PackedLanes](t)(batch.DecodeLanes(raw))
		var index []any
		before := uint64(0)
		for i, h := range p.Heights {
			index = append(index, []any{h - before, uint64(p.Lengths[i])})
			before = h
		}
		payload := bytes.Join(must[[][]byte](t)(z.Unpack(p)), nil)
		return item(uint64(1), uint64(k), []byte(p.ChainID), p.Namespace, index, uint64(0), payload)
	default:
		return raw
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
		if got, err := h.Check(trust); err == nil && got[0].Header.Height != 1 {
			t.Errorf("the first height after genesis is %d", got[0].Header.Height)
		}
	})
}

func BenchmarkHeaders(b *testing.B) {
	c, z := datest.NewChain(b, 4), codec(b)
	c.Grow(b, rng(), 500, 300, nsA(), nsB())
	raw := must[[]byte](b)(z.EncodeHeaders(headers(b, c, 1, 500)))
	b.ReportMetric(float64(len(raw))/500, "B/header")
	b.Run("check", func(b *testing.B) {
		for b.Loop() {
			h := must[batch.Headers](b)(z.Open(must[batch.PackedHeaders](b)(batch.DecodeHeaders(raw))))
			must[[]batch.Certified](b)(h.Check(c.Genesis))
		}
		b.ReportMetric(float64(len(raw))/500, "B/header")
		b.ReportMetric(500*float64(b.N)/b.Elapsed().Seconds(), "headers/s")
	})
}
