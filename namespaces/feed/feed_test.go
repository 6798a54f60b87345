package feed

import (
	"bytes"
	"runtime"
	"slices"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/rlp"

	"github.com/lockstep-network/lockstep/internal/golden"
	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/lane"
	"github.com/lockstep-network/lockstep/namespaces/tx"
)

func sampleRequest() Request {
	return Request{From: 3, To: 9, Namespaces: []namespaces.Namespace{{0: 1}, {0: 2}}}
}

func sampleAnnouncement() Announcement {
	h := block.Header{ChainID: "lockstep-test", Height: 3, OperatorsHash: common.Hash{1}, NextOperatorsHash: common.Hash{2}}
	return Announcement{Header: h, Certificate: cert.Certificate{
		Height: 3, HeaderHash: h.Hash(), Bitmap: []byte{0x80}, Signatures: []tx.Signature{{1, 2, 3}},
	}}
}

func samplePriceRequest() PriceRequest { return PriceRequest{namespaces.Namespace{0: 1}} }

func samplePrice() Price { return Price{Height: 7, FeePerByte: 1_000_000_001} }

func sampleStep() Step {
	a := sampleAnnouncement()
	return Step{
		Header: a.Header, Certificate: &a.Certificate, Next: []cert.Operator{{Address: common.Address{7}, Power: 1}},
		Lanes: []Lane{{Namespace: namespaces.Namespace{0: 1}, Data: []byte("lane"), Proof: lane.Proof{End: 1, Nodes: [][]byte{{1}}}}},
	}
}

func sampleLinks() []byte {
	a := sampleAnnouncement()
	return EncodeLinks(cert.Links{Headers: []block.Header{{ChainID: "lockstep-test", Height: 2}, a.Header}, Certificate: a.Certificate})
}

func recodeLinks(raw []byte) ([]byte, error) {
	l, err := DecodeLinks(raw)
	return EncodeLinks(l), err
}

func TestGoldenFeed(t *testing.T) {
	golden.Check(t, "feed", map[string]hexutil.Bytes{
		"request": sampleRequest().Encode(), "announcement": sampleAnnouncement().Encode(), "step": sampleStep().Encode(),
		"links request": LinksRequest{From: 7, To: 64}.Encode(), "links": sampleLinks(),
		"batch of two": EncodeBatch(1, [][]byte{{0xc0}, {0xc1, 0x01}}), "price request": samplePriceRequest().Encode(), "price": samplePrice().Encode(),
	})
}

// Every message survives its encoding, and no shortened one is taken.
func TestMessages(t *testing.T) {
	for name, c := range map[string]struct {
		raw    []byte
		decode func([]byte) ([]byte, error)
	}{
		"request":      {sampleRequest().Encode(), recode(DecodeRequest)},
		"step":         {sampleStep().Encode(), recode(DecodeStep)},
		"announcement": {sampleAnnouncement().Encode(), recode(DecodeAnnouncement)},
		"links":        {sampleLinks(), recodeLinks},
		"links asked":  {LinksRequest{From: 7, To: 64}.Encode(), recode(DecodeLinksRequest)},
		"ask price":    {samplePriceRequest().Encode(), recode(DecodePriceRequest)},
		"price":        {samplePrice().Encode(), recode(DecodePrice)},
		"batch":        {EncodeBatch(1, [][]byte{{0xc0}, {0xc1, 0x01}}), recodeBatch},
	} {
		if again, err := c.decode(c.raw); err != nil || !bytes.Equal(again, c.raw) {
			t.Errorf("%s does not survive its encoding: %v", name, err)
		}
		for i := range c.raw {
			if _, err := c.decode(c.raw[:i]); err == nil {
				t.Errorf("%s: the first %d of %d bytes are taken", name, i, len(c.raw))
			}
		}
		if _, err := c.decode(append(bytes.Clone(c.raw), 0)); err == nil {
			t.Errorf("%s: a trailing byte is taken", name)
		}
	}
}

func recode[T interface{ Encode() []byte }](decode func([]byte) (T, error)) func([]byte) ([]byte, error) {
	return func(raw []byte) ([]byte, error) {
		v, err := decode(raw)
		if err != nil {
			return nil, err
		}
		return v.Encode(), nil
	}
}

func recodeBatch(raw []byte) ([]byte, error) {
	txs, err := DecodeBatch(raw)
	if err != nil {
		return nil, err
	}
	return EncodeBatch(1, txs), nil
}

func TestBadRequests(t *testing.T) {
	for name, r := range map[string]Request{
		"height 0":            {From: 0, To: 3},
		"reversed":            {From: 3, To: 2},
		"descending":          {From: 1, Namespaces: []namespaces.Namespace{{0: 2}, {0: 1}}},
		"twice":               {From: 1, Namespaces: []namespaces.Namespace{{0: 2}, {0: 2}}},
		"too many namespaces": {From: 1, Namespaces: make([]namespaces.Namespace, MaxNamespaces+1)},
	} {
		if _, err := DecodeRequest(r.Encode()); err == nil {
			t.Errorf("%s: taken for a request", name)
		}
	}
	for _, r := range []LinksRequest{{}, {From: 0, To: 16}, {From: 17, To: 16}, {From: 1, To: 17}} {
		if _, err := DecodeLinksRequest(r.Encode()); err == nil {
			t.Errorf("links from %d to %d: taken for a request", r.From, r.To)
		}
	}
	for _, count := range []int{0, cert.MaxPiece + 1} {
		l := cert.Links{Headers: make([]block.Header, count)}
		if _, err := DecodeLinks(EncodeLinks(l)); err == nil {
			t.Errorf("links of %d headers are taken", count)
		}
	}
	a := sampleAnnouncement()
	a.Certificate.HeaderHash[0] ^= 1
	if _, err := DecodeAnnouncement(a.Encode()); err == nil {
		t.Error("an announcement of another header is taken")
	}
	many := make([][]byte, MaxBatchTxs+1)
	for i := range many {
		many[i] = []byte{0xc0}
	}
	for name, raw := range map[string][]byte{
		"none": EncodeBatch(1, nil), "too many": EncodeBatch(1, many), "too large": make([]byte, MaxBatchSize+1),
	} {
		if _, err := DecodeBatch(raw); err == nil {
			t.Errorf("%s: taken for a batch", name)
		}
	}
}

func TestEncodeBatches(t *testing.T) {
	item := func(n int) []byte {
		raw, err := rlp.EncodeToBytes([][]byte{make([]byte, n)})
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	for name, sizes := range map[string][]int{
		"none": nil, "one": {9}, "largest": {MaxBatchSize - 100}, "two large": {600_000, 600_000}, "mixed": {1, 1 << 19, 5, 1 << 19, 7},
		"many": make([]int, 2*MaxBatchTxs+1),
	} {
		var txs, got [][]byte
		for _, n := range sizes {
			txs = append(txs, item(n))
		}
		for _, raw := range EncodeBatches(7, txs) {
			part, err := DecodeBatch(raw)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			got = append(got, part...)
		}
		if !slices.EqualFunc(got, txs, bytes.Equal) {
			t.Errorf("%s: %d transactions in, %d out", name, len(txs), len(got))
		}
	}
}

// A frame of sixteen MiB must not take a gigabyte to refuse: counts are bounded before anything is allocated for them.
func TestStepsTakeNoMoreMemoryThanTheirSize(t *testing.T) {
	const size = MaxStepSize / 2
	list := func(item []byte) []byte { return bytes.Repeat(item, size/len(item)) }
	step := sampleStep()
	empty, err := rlp.EncodeToBytes(&Lane{})
	if err != nil {
		t.Fatal(err)
	}
	operator, err := rlp.EncodeToBytes(&cert.Operator{Power: 1})
	if err != nil {
		t.Fatal(err)
	}
	raw := func(lanes, next []byte) []byte {
		w := []any{uint64(Version), step.Header.Encode(), rlp.RawValue(lanes), []byte{}, rlp.RawValue(next)}
		return encode(&w)
	}
	nested := func(content []byte) []byte {
		out, err := rlp.EncodeToBytes(rlp.RawValue(content))
		if err != nil {
			t.Fatal(err)
		}
		head := []byte{0xfb, byte(len(content) >> 24), byte(len(content) >> 16), byte(len(content) >> 8), byte(len(content))}
		for head[1] == 0 {
			head = append([]byte{head[0] - 1}, head[2:]...)
		}
		return append(head, out...)
	}
	nodes := nested(list([]byte{0x80}))
	proof := nested(slices.Concat([]byte{0x80, 0x80}, nodes, []byte{0x80}))
	one := nested(slices.Concat([]byte{0x8a}, make([]byte, 10), []byte{0x80}, proof))
	for name, raw := range map[string][]byte{
		"nodes": raw(nested(one), []byte{0xc0}), "lanes": raw(nested(list(empty)), []byte{0xc0}), "operators": raw([]byte{0xc0}, nested(list(operator))),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := DecodeStep(raw); err == nil {
			t.Errorf("%s: a step beyond its bounds was taken", name)
		}
		runtime.ReadMemStats(&after)
		if taken := after.TotalAlloc - before.TotalAlloc; taken > 2*MaxStepSize {
			t.Errorf("%s: refusing %d bytes took %d bytes of memory", name, len(raw), taken)
		}
	}
}

func FuzzDecodeStep(f *testing.F) {
	f.Add(sampleStep().Encode())
	f.Fuzz(func(t *testing.T, raw []byte) {
		if s, err := DecodeStep(raw); err == nil {
			if !bytes.Equal(s.Encode(), raw) {
				t.Fatal("two encodings of one step")
			}
			for _, l := range s.Lanes {
				_ = l.Verify(s.Header.DataRoot) // must not panic
			}
		}
	})
}

func FuzzDecodeLinks(f *testing.F) {
	f.Add(sampleLinks())
	f.Add(LinksRequest{From: 7, To: 64}.Encode())
	f.Fuzz(func(t *testing.T, raw []byte) {
		if l, err := DecodeLinks(raw); err == nil && !bytes.Equal(EncodeLinks(l), raw) {
			t.Fatal("two encodings of the same links")
		}
		if r, err := DecodeLinksRequest(raw); err == nil && !bytes.Equal(r.Encode(), raw) {
			t.Fatal("two encodings of one request for links")
		}
	})
}

func FuzzDecodeRequest(f *testing.F) {
	f.Add(sampleRequest().Encode())
	f.Fuzz(func(t *testing.T, raw []byte) {
		if r, err := DecodeRequest(raw); err == nil && !bytes.Equal(r.Encode(), raw) {
			t.Fatal("two encodings of one request")
		}
	})
}

func FuzzDecodeAnnouncement(f *testing.F) {
	f.Add(sampleAnnouncement().Encode())
	f.Fuzz(func(t *testing.T, raw []byte) {
		if a, err := DecodeAnnouncement(raw); err == nil && !bytes.Equal(a.Encode(), raw) {
			t.Fatal("two encodings of one announcement")
		}
	})
}

func FuzzDecodeBatch(f *testing.F) {
	f.Add(EncodeBatch(1, [][]byte{{0xc0}, {0xc1, 0x01}}))
	f.Fuzz(func(t *testing.T, raw []byte) {
		txs, err := DecodeBatch(raw)
		if err != nil {
			return
		}
		again, err := DecodeBatch(EncodeBatch(1, txs))
		if err != nil || !slices.EqualFunc(again, txs, bytes.Equal) {
			t.Fatalf("a batch does not survive its encoding: %v", err)
		}
	})
}

func FuzzDecodePrice(f *testing.F) {
	f.Add(samplePrice().Encode())
	f.Add(samplePriceRequest().Encode())
	f.Fuzz(func(t *testing.T, raw []byte) {
		if p, err := DecodePrice(raw); err == nil && !bytes.Equal(p.Encode(), raw) {
			t.Fatal("two encodings of one price")
		}
		if r, err := DecodePriceRequest(raw); err == nil && !bytes.Equal(r.Encode(), raw) {
			t.Fatal("two encodings of one request")
		}
	})
}
