package forced

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/lockstep-network/lockstep/internal/golden"
	"github.com/lockstep-network/lockstep/namespaces"
)

func mine() namespaces.Namespace { return namespaces.Namespace{0: 1, 9: 1} }

func encoded(t testing.TB, i Item) []byte {
	t.Helper()
	raw, err := i.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestItem(t *testing.T) {
	item := Item{"lockstep-test", mine(), []byte("raw transaction")}
	raw := encoded(t, item)
	back, err := Decode(raw)
	if err != nil || back.ChainID != item.ChainID || back.Namespace != item.Namespace || !bytes.Equal(back.Data, item.Data) {
		t.Fatalf("%+v, %v", back, err)
	}
	if got := Data(raw, "lockstep-test", mine()); !bytes.Equal(got, item.Data) {
		t.Errorf("its own rollup reads %q", got)
	}
	if Data(raw, "another", mine()) != nil || Data(raw, "lockstep-test", namespaces.Namespace{0: 1, 9: 2}) != nil {
		t.Error("others read it too")
	}
	for i := range raw {
		if _, err := Decode(raw[:i]); err == nil || Data(raw[:i], "lockstep-test", mine()) != nil {
			t.Fatalf("cut at %d it is an item", i)
		}
	}
	if Data(append(slices.Clone(raw), 0), "lockstep-test", mine()) != nil {
		t.Error("with a byte more it is an item")
	}
	largest := encoded(t, Item{string(bytes.Repeat([]byte("c"), 50)), mine(), make([]byte, MaxData)})
	if len(largest) > MaxSize {
		t.Errorf("the largest item has %d bytes, the bound is %d", len(largest), MaxSize)
	}
	for name, bad := range map[string]Item{
		"no data": {"c", mine(), nil}, "too much data": {"c", mine(), make([]byte, MaxData+1)}, "no chain": {"", mine(), []byte{1}},
		"a long chain": {string(make([]byte, 51)), mine(), []byte{1}}, "the ledger's": {"c", namespaces.Ledger(), []byte{1}},
		"the headers'": {"c", namespaces.Headers(), []byte{1}}, "its own namespace": {"c", namespaces.Forced(), []byte{1}},
	} {
		if _, err := bad.Encode(); err == nil {
			t.Errorf("%s: encodes", name)
		}
	}
}

func FuzzItem(f *testing.F) {
	f.Add(encoded(f, Item{"lockstep-test", mine(), []byte("raw transaction")}))
	f.Fuzz(func(t *testing.T, raw []byte) {
		item, err := Decode(raw)
		if err != nil {
			if Data(raw, "lockstep-test", mine()) != nil {
				t.Fatal("read and not decoded")
			}
			return
		}
		if !bytes.Equal(encoded(t, item), raw) {
			t.Fatal("another encoding of the same item")
		}
	})
}

// The worked timeline of specs/12-forced.md.
func timeline() (Rule, []Items) {
	return Rule{Start: 1, Delay: 4, Window: 10}, []Items{
		{3, [][]byte{[]byte("a")}}, {12, [][]byte{[]byte("b")}}, {18, [][]byte{[]byte("c")}}, {30, [][]byte{[]byte("d")}},
	}
}

// step is one thing that happens in a timeline: a block lands, or a DA height passes.
type step struct {
	at     uint64 // DA height
	daHead uint64 // of the block that lands; 0: none does
}

// events derive a timeline by the letter of the chapter: every DA height is looked at.
func events(r Rule, queue []Items, steps []step) (out []string) {
	var place Place
	var taken [][]byte
	last := uint64(0)
	fall := func(to uint64) {
		for d := last + 1; d < to && last > 0; d++ {
			if taken, place = Take(place, r.Fallback(d), queue); len(taken) > 0 {
				out = append(out, fmt.Sprintf("fallback %d: %s", d, taken))
			}
		}
	}
	for i, s := range steps {
		fall(s.at)
		taken, place = Take(place, r.Before(s.daHead, s.at), queue)
		out = append(out, fmt.Sprintf("block %d: %s", i+1, taken))
		last = max(last, s.at)
	}
	return out
}

func TestWorkedTimeline(t *testing.T) {
	r, queue := timeline()
	for _, tc := range []struct {
		name  string
		steps []step
		want  []string
	}{
		{
			"of the chapter",
			[]step{{5, 3}, {9, 8}, {16, 14}, {40, 15}, {40, 36}},
			[]string{"block 1: []", "block 2: [a]", "block 3: []", "fallback 26: [b]", "fallback 32: [c]", "block 4: []", "block 5: [d]"},
		},
		{
			"landed in time",
			[]step{{5, 3}, {9, 8}, {16, 14}, {25, 15}, {40, 36}},
			[]string{"block 1: []", "block 2: [a]", "block 3: []", "block 4: []", "fallback 26: [b]", "fallback 32: [c]", "block 5: [d]"},
		},
		{
			"operators whose da_head stands still",
			[]step{{5, 3}, {9, 3}, {17, 3}, {18, 3}, {27, 3}, {32, 3}, {44, 3}},
			[]string{
				"block 1: []", "block 2: []", "block 3: [a]", "block 4: []", "fallback 26: [b]", "block 5: []", "block 6: [c]", "block 7: [d]",
			},
		},
		{"nothing ever landed", nil, nil},
	} {
		if got := events(r, queue, tc.steps); !slices.Equal(got, tc.want) {
			t.Errorf("%s:\n %q, want\n %q", tc.name, got, tc.want)
		}
	}
}

func TestRule(t *testing.T) {
	r := Rule{Start: 1, Delay: 4, Window: 10}
	for _, tc := range []struct{ daHead, landed, want uint64 }{
		{0, 0, 0}, {3, 0, 0}, {4, 0, 0}, {5, 0, 1}, {20, 30, 16}, {20, 31, 17}, {20, 5, 16}, {0, 14, 0}, {0, 15, 1},
	} {
		if got := r.Before(tc.daHead, tc.landed); got != tc.want {
			t.Errorf("da_head %d, landed at %d: due up to %d, want %d", tc.daHead, tc.landed, got, tc.want)
		}
	}
	for item := uint64(1); item < 40; item++ { // the first D whose fallback takes it, and no sooner
		d := r.FallsAt(item, 0)
		if r.Fallback(d) < item || r.Fallback(d-1) >= item {
			t.Errorf("item of %d falls at %d", item, d)
		}
		if r.FallsAt(item, 100) != max(d, 101) {
			t.Errorf("item of %d falls before another block", item)
		}
	}
}

// What Late does not warn of may not matter: for every block that it calls in time, soft nodes take what the DA layer gives, wherever items stand.
func TestInTimeMeansEqual(t *testing.T) {
	r := Rule{Start: 1, Delay: 2, Window: 5}
	for before := uint64(1); before < 9; before++ {
		for daHead := before; daHead < 12; daHead++ {
			for landed := daHead + 1; landed < 24; landed++ {
				for item := uint64(1); item < 16; item++ {
					queue := []Items{{item, [][]byte{{1}}}}
					_, place := Take(Place{}, r.Before(before, 0), queue)
					soft, _ := Take(place, r.Before(daHead, 0), queue)
					fallback, after := Take(place, r.Fallback(landed-1), queue)
					firm, _ := Take(after, r.Before(daHead, landed), queue)
					same := len(fallback) == 0 && len(soft) == len(firm)
					if !same && !r.Late(before, daHead, landed) {
						t.Fatalf("da_head %d, %d, landed at %d, item at %d: soft %d, fallback %d, firm %d, and not late",
							before, daHead, landed, item, len(soft), len(fallback), len(firm))
					}
				}
			}
		}
	}
}

// What does not fit one input waits in front of the next one: nothing is lost, and nothing is twice.
func TestTakeCarriesOver(t *testing.T) {
	var queue []Items
	n := 0
	for h := uint64(1); h < 8; h++ {
		at := Items{Height: h}
		for range 400 {
			data := make([]byte, 4_096)
			data[0], data[1] = byte(n>>8), byte(n)
			at.Data = append(at.Data, data)
			n++
		}
		queue = append(queue, at)
	}
	var place Place
	for got := 0; got < n; {
		before := place
		var taken [][]byte
		taken, place = Take(place, 7, queue)
		if len(taken) == 0 || len(taken) > MaxInputItems || len(taken)*4_096 > MaxInputBytes || place == before {
			t.Fatalf("%d taken from %+v to %+v", len(taken), before, place)
		}
		for _, data := range taken {
			if int(data[0])<<8|int(data[1]) != got {
				t.Fatalf("item %d is out of turn", got)
			}
			got++
		}
	}
	if taken, _ := Take(place, 7, queue); len(taken) > 0 {
		t.Error("something is taken twice")
	}
}

func TestGoldenForced(t *testing.T) {
	r, queue := timeline()
	items := []hexutil.Bytes{encoded(t, Item{"lockstep-test", mine(), []byte("a")}), encoded(t, Item{"lockstep-test", mine(), make([]byte, 60)})}
	header := common.Hash{31: 9}
	type at struct {
		DAHead uint64 `json:"daHead"`
		Landed uint64 `json:"landed"`
		Due    uint64 `json:"due"`
	}
	var dues []at
	for _, d := range [][2]uint64{{3, 5}, {8, 9}, {14, 16}, {15, 40}, {36, 40}, {0, 40}} {
		dues = append(dues, at{d[0], d[1], r.Before(d[0], d[1])})
	}
	golden.Check(t, "forced", map[string]any{
		"items": items, "rule": r, "due": dues,
		"timeline": map[string]any{
			"itemsAt": []uint64{3, 12, 18, 30}, "blocks": []map[string]uint64{{"daHead": 3, "landed": 5}, {"daHead": 8, "landed": 9}, {"daHead": 14, "landed": 16}, {"daHead": 15, "landed": 40}, {"daHead": 36, "landed": 40}},
			"events": events(r, queue, []step{{5, 3}, {9, 8}, {16, 14}, {40, 15}, {40, 36}}),
		},
		"hash": map[string]any{
			"header": header, "none": Hash(header, 0, nil), "block": Hash(header, 0, [][]byte{[]byte("a")}), "fallback": Hash(header, 26, [][]byte{[]byte("a"), []byte("b")}),
		},
	})
}
