package batch_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/lockstep-network/lockstep/da/batch"
	"github.com/lockstep-network/lockstep/da/datest"
	"github.com/lockstep-network/lockstep/internal/golden"
	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/lane"
)

func nsA() namespaces.Namespace { return namespaces.Namespace{0: 0xaa, 9: 1} }

func nsB() namespaces.Namespace { return namespaces.Namespace{0: 0xbb, 9: 1} }

func someone() common.Address { return common.Address{1, 2, 3} }

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
	h := batch.Headers{ChainID: datest.ChainID, Publisher: someone(), Certificate: c.Certificate(tb, to, 0), Next: c.Blocks[to-1].Next}
	for _, b := range c.Blocks[from-1 : to] {
		h.Blocks = append(h.Blocks, batch.HeaderLanes{Header: b.Header, Leaves: b.Leaves})
	}
	return h
}

func lanes(c *datest.Chain, ns namespaces.Namespace) batch.Lanes {
	l := batch.Lanes{ChainID: datest.ChainID, Publisher: someone(), Namespace: ns}
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
	if err := p.Worth(c.Genesis, new(cert.Marks)); err != nil {
		t.Fatal(err)
	}
	h := must[batch.Headers](t)(z.Open(p))
	got := must[[]batch.Certified](t)(h.Check(c.Genesis, new(cert.Marks)))
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
		got, err := h.Check(c.TrustAt(tip), new(cert.Marks))
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
		if got, err := h.Check(x.tip, new(cert.Marks)); !errors.Is(err, x.want) || got != nil {
			t.Errorf("%s: %d headers, error %v, want %v", name, len(got), err, x.want)
		}
	}
	h := headers(t, c, 20, uint64(len(c.Blocks)))
	h.Next = c.Operators(t, "third", 5).Operators()
	if _, err := h.Check(c.TrustAt(19), new(cert.Marks)); !errors.Is(err, cert.ErrRun) {
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
		_, err := headers(t, rival, from, 10).Check(c.TrustAt(5), new(cert.Marks))
		if !errors.As(err, &conflict) || conflict.Height != 5 || conflict.Known != c.TrustAt(5).Hash {
			t.Errorf("from %d: %v, want a conflict at height 5", from, err)
		}
	}
	forged := headers(t, rival, 2, 10)
	forged.Certificate = rival.Certificate(t, 10, 2)
	if _, err := forged.Check(c.TrustAt(5), new(cert.Marks)); errors.As(err, &conflict) || !errors.Is(err, cert.ErrUncertified) {
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
		out := item(uint64(1), uint64(k), []byte(h.ChainID), h.Publisher, h.Blocks[0].Header.Height, h.Certificate.Encode(), h.Next, uint64(0), uint64(len(payload)), payload)
		again := must[batch.Headers](t)(z.Open(must[batch.PackedHeaders](t)(batch.DecodeHeaders(out))))
		if len(again.Blocks) != len(h.Blocks) {
			t.Fatal("the vector does not decode to the same run")
		}
		return out
	case batch.KindLinks:
		l := must[cert.Links](t)(z.OpenLinks(must[batch.PackedLinks](t)(batch.DecodeLinks(raw))))
		var all []any
		for _, h := range l.Headers {
			all = append(all, h.Encode())
		}
		payload := item(all...)
		out := item(uint64(1), uint64(k), []byte(datest.ChainID), l.Headers[0].Height, l.Certificate.Encode(), uint64(0), uint64(len(payload)), payload)
		again := must[cert.Links](t)(z.OpenLinks(must[batch.PackedLinks](t)(batch.DecodeLinks(out))))
		if len(again.Headers) != len(l.Headers) {
			t.Fatal("the vector does not decode to the same links")
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
		return item(uint64(1), uint64(k), []byte(p.ChainID), p.Publisher, p.Namespace, index, uint64(0), payload)
	default:
		return raw
	}
}

func BenchmarkHeaders(b *testing.B) {
	c, z := datest.NewChain(b, 4), codec(b)
	c.Grow(b, rng(), 500, 300, nsA(), nsB())
	raw := must[[]byte](b)(z.EncodeHeaders(headers(b, c, 1, 500)))
	b.ReportMetric(float64(len(raw))/500, "B/header")
	b.Run("check", func(b *testing.B) {
		for b.Loop() {
			h := must[batch.Headers](b)(z.Open(must[batch.PackedHeaders](b)(batch.DecodeHeaders(raw))))
			must[[]batch.Certified](b)(h.Check(c.Genesis, new(cert.Marks)))
		}
		b.ReportMetric(float64(len(raw))/500, "B/header")
		b.ReportMetric(500*float64(b.N)/b.Elapsed().Seconds(), "headers/s")
	})
}
