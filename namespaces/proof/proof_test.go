package proof

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
)

var update = flag.Bool("update", false, "write the vector anew")

const vectorFile = "../../specs/vectors/proof.json"

// vector is a genesis, a document and what it proves.
type vector struct {
	Comment  string           `json:"comment"`
	Genesis  *genesis.Genesis `json:"genesis"`
	Document *Document        `json:"document"`
	Facts    *Facts           `json:"facts"`
}

// A bundle over a change of operators is proven with its position, its legs in their lanes, and the absence of others; the vector holds all of it.
func TestGoldenDocument(t *testing.T) {
	c := newChain(t)
	d := c.document(t)
	raw, err := d.Encode()
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	facts, err := Verify(c.genesis, decoded)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.truth(facts); err != nil {
		t.Fatal(err)
	}
	if len(facts.Headers) != 3 || len(facts.Lanes) != 4 || len(facts.Transactions) != 2 {
		t.Fatalf("%d headers, %d lanes, %d transactions", len(facts.Headers), len(facts.Lanes), len(facts.Transactions))
	}
	bundle, absent := facts.Transactions[0], facts.Transactions[1]
	if !bundle.Included || bundle.Position == nil || *bundle.Position != 0 || !bundle.Legs[0].InLane || !bundle.Legs[1].InLane {
		t.Fatalf("bundle: %+v", bundle)
	}
	if absent.Included || facts.Lanes[3].Count != 0 {
		t.Fatal("what is absent is there")
	}
	text, err := json.MarshalIndent(vector{
		"A proof document, the genesis that it is verified with, and the facts that it proves (specs/08-rpc.md).", c.genesis, d, facts,
	}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, '\n')
	if *update {
		if err := os.WriteFile(vectorFile, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(vectorFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(text, want) {
		t.Fatal("the vector differs: run with -update and read the difference")
	}
}

// Positions need a lane that names them: a bundle is named by its own lanes, a plain transaction by the ledger's.
func TestPositions(t *testing.T) {
	c := newChain(t)
	for i, tr := range c.contents[0].Txs {
		for _, withLedger := range []bool{false, true} {
			d := New(c.genesis.ChainID, c.genesis.Hash())
			d.AddRun(c.run(t, 1, 2))
			m, _ := c.contents[0].IDs.Prove(tr.ID())
			d.AddPresent(1, tr, m)
			for _, ns := range tr.Namespaces() {
				c.addLane(t, d, 1, ns)
			}
			if withLedger {
				c.addLane(t, d, 1, [10]byte{0, 0, 'l', 'o', 'c', 'k', 's', 't', 'e', 'p'})
			}
			facts, err := Verify(c.genesis, d)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.truth(facts); err != nil {
				t.Fatal(err)
			}
			got := facts.Transactions[0]
			if known := withLedger || tr.Spans(); (got.Position != nil) != known || got.Legs[0].InLane != known {
				t.Errorf("transaction %d, ledger's lane %t: %+v", i, withLedger, got)
			}
		}
	}
}

// Whatever single value of a document is changed, it is refused, or what it still proves is true.
func TestTamperedDocumentsAreRefused(t *testing.T) {
	c := newChain(t)
	raw, err := c.document(t).Encode()
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(raw, &tree); err != nil {
		t.Fatal(err)
	}
	tried, refused := 0, 0
	check := func(path string) {
		tried++
		changed, err := json.Marshal(tree)
		if err != nil {
			t.Fatal(err)
		}
		d, err := Decode(changed)
		var facts *Facts
		if err == nil {
			facts, err = Verify(c.genesis, d)
		}
		if err != nil {
			refused++
			return
		}
		if err := c.truth(facts); err != nil {
			t.Errorf("%s: a lie is proven: %v", path, err)
		}
		// Another namespace or id may be absent by the very same proof, and at another height if it lies outside of both tables; what is left out
		// is not proven and not missed.
		if !strings.HasSuffix(path, ".namespace") && !strings.HasSuffix(path, ".id") && path != ".lanes[3].height" && !strings.HasSuffix(path, "[dropped]") {
			t.Errorf("%s: a changed document is taken", path)
		}
	}
	mutate("", &tree, check)
	t.Logf("%d changes, %d refused", tried, refused)
	if tried < 1000 || refused < tried*9/10 {
		t.Errorf("only %d of %d changes refused", refused, tried)
	}
	if again, err := json.Marshal(tree); err != nil || !json.Valid(again) {
		t.Fatal("the document was not restored")
	}
}

// mutate changes each value of a JSON tree in turn, calls check, and restores it.
func mutate(path string, v *any, check func(string)) {
	switch old := (*v).(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(old)) {
			child := old[k]
			delete(old, k)
			check(path + "." + k + "[dropped]")
			mutate(path+"."+k, &child, func(p string) { old[k] = child; check(p) })
			old[k] = child
		}
	case []any:
		for i := range old {
			*v = append(append([]any{}, old[:i]...), old[i+1:]...)
			check(fmt.Sprintf("%s[%d][dropped]", path, i))
			*v = old
			child := old[i]
			mutate(fmt.Sprintf("%s[%d]", path, i), &child, func(p string) { old[i] = child; check(p) })
			old[i] = child
		}
		if len(old) > 0 {
			*v = append(append([]any{}, old...), old[0])
			check(path + "[doubled]")
		}
		if len(old) > 1 {
			old[0], old[1] = old[1], old[0]
			*v = old
			if !slices.Contains([]string{".lanes", ".transactions", ".runs[0].next"}, path) { // lists whose order says nothing
				check(path + "[swapped]")
			}
			old[0], old[1] = old[1], old[0]
		}
		*v = old
	case string:
		for _, at := range places(len(old)) {
			digit := strings.IndexByte("0123456789abcdef", old[at])
			*v = old[:at] + string("0123456789abcdef0"[digit+1]) + old[at+1:]
			check(path)
		}
		*v = old
	case float64:
		for _, d := range []float64{1, -1, 1 << 20} {
			*v = old + d
			check(path)
		}
		*v = old
	}
}

// places are the digits of a hexadecimal string that are changed: the first, the last, and some between.
func places(n int) (at []int) {
	for i := 2; i < n; i += max(1, n/24) {
		at = append(at, i)
	}
	if n > 2 {
		at = append(at, n-1)
	}
	return at
}

func TestWhatIsNotProven(t *testing.T) {
	c := newChain(t)
	fresh := func() *Document { return New(c.genesis.ChainID, c.genesis.Hash()) }
	first := func(d *Document) (*Document, cert.Run) { return d, c.run(t, 1, 2) }
	plain := c.contents[0].Txs[1]
	tests := map[string]struct {
		make func() *Document
		want error
	}{
		"no runs":                 {fresh, nil},
		"operators change unseen": {func() *Document { d := fresh(); d.AddRun(c.run(t, 4, 5)); return d }, cert.ErrRun},
		"a run over the change":   {func() *Document { d := fresh(); d.AddRun(c.run(t, 2, 5)); return d }, cert.ErrRun},
		"the first parent": {func() *Document {
			d, r := first(fresh())
			r.Headers = append(r.Headers[:0:0], r.Headers...)
			r.Headers[0].ParentHash[3] ^= 1
			d.AddRun(r)
			return d
		}, cert.ErrRun},
		"runs out of order":            {func() *Document { d := fresh(); d.AddRun(c.run(t, 3, 3)); d.AddRun(c.run(t, 1, 2)); return d }, cert.ErrRun},
		"a run twice":                  {func() *Document { d := fresh(); d.AddRun(c.run(t, 1, 2)); d.AddRun(c.run(t, 1, 2)); return d }, cert.ErrRun},
		"operators that do not change": {func() *Document { d, r := first(fresh()); r.Next = c.sets[1].Operators(); d.AddRun(r); return d }, nil},
		"an empty run":                 {func() *Document { d := fresh(); d.Runs = []Run{{}}; return d }, nil},
		"a lane without its header":    {func() *Document { d := fresh(); d.AddRun(c.run(t, 1, 2)); c.addLane(t, d, 4, c.a); return d }, nil},
		"a transaction without its header": {func() *Document {
			d := fresh()
			d.AddRun(c.run(t, 2, 2))
			m, _ := c.contents[0].IDs.Prove(plain.ID())
			d.AddPresent(1, plain, m)
			return d
		}, nil},
		"a present transaction as absent": {func() *Document {
			d := fresh()
			d.AddRun(c.run(t, 1, 2))
			m, _ := c.contents[0].IDs.Prove(plain.ID())
			d.AddAbsent(1, plain.ID(), m)
			return d
		}, nil},
		"another transaction's membership": {func() *Document {
			d := fresh()
			d.AddRun(c.run(t, 1, 2))
			m, _ := c.contents[0].IDs.Prove(c.contents[0].Txs[2].ID())
			d.AddPresent(1, plain, m)
			return d
		}, nil},
	}
	for name, test := range tests {
		_, err := Verify(c.genesis, test.make())
		if !errors.Is(err, ErrInvalid) || test.want != nil && !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	other := *c.genesis
	other.TimeMS++
	if _, err := Verify(&other, c.document(t)); !errors.Is(err, ErrInvalid) {
		t.Errorf("another genesis: %v", err)
	}
}

func TestDecodeRefusesBadInput(t *testing.T) {
	c := newChain(t)
	good, err := c.document(t).Encode()
	if err != nil {
		t.Fatal(err)
	}
	with := func(change func(*Document)) []byte {
		d := c.document(t)
		change(d)
		raw, err := d.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	bad := map[string][]byte{
		"empty":                 nil,
		"null":                  []byte("null"),
		"a list":                []byte("[]"),
		"two documents":         append(bytes.Clone(good), good...),
		"an unknown field":      bytes.Replace(good, []byte(`"chainId"`), []byte(`"position": 7, "chainId"`), 1),
		"odd digits":            bytes.Replace(good, []byte(`"certificate": "0x`), []byte(`"certificate": "0xf`), 1),
		"a version to come":     with(func(d *Document) { d.Version = 2 }),
		"too many headers":      with(func(d *Document) { d.Runs[0].Headers = make([]hexutil.Bytes, MaxHeaders) }),
		"too many transactions": with(func(d *Document) { d.Transactions = make([]Transaction, MaxTransactions+1) }),
		"too many lanes":        with(func(d *Document) { d.Lanes = make([]Lane, MaxLanes+1) }),
		"too large":             bytes.Repeat([]byte{' '}, MaxSize+1),
		"a negative height":     bytes.Replace(good, []byte(`"height": 4`), []byte(`"height": -4`), 1),
	}
	for name, raw := range bad {
		if _, err := Decode(raw); err == nil {
			t.Errorf("%s: decoded", name)
		}
	}
	for n := 0; n < len(good)-2; n += max(1, len(good)/400) {
		if _, err := Decode(good[:n]); err == nil {
			t.Errorf("decoded after %d of %d bytes", n, len(good))
		}
	}
}

// Whatever decodes can be verified without harm, and what it proves on the chain of the tests is true.
func FuzzVerify(f *testing.F) {
	c := newChain(f)
	raw, err := c.document(f).Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte(`{"version":1,"runs":[{}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		d, err := Decode(raw)
		if err != nil {
			return
		}
		facts, err := Verify(c.genesis, d)
		if err != nil {
			return
		}
		if err := c.truth(facts); err != nil {
			t.Fatal(err)
		}
	})
}

// BenchmarkVerify is the offline check of one bundle over a change of operators.
func BenchmarkVerify(b *testing.B) {
	c := newChain(b)
	d := c.document(b)
	for b.Loop() {
		if _, err := Verify(c.genesis, d); err != nil {
			b.Fatal(err)
		}
	}
}

// The vector of records and rewards, as a client reads it: verified with its own genesis alone, it proves its facts; each changed value is refused.
func TestVectorOfRecordsIsProven(t *testing.T) {
	raw, err := os.ReadFile("../../specs/vectors/record.json")
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		Genesis, Document json.RawMessage
		Facts             any
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	g, err := genesis.Decode(v.Genesis)
	if err != nil {
		t.Fatal(err)
	}
	prove := func(document []byte) any {
		d, err := Decode(document)
		if err != nil {
			return nil
		}
		facts, err := Verify(g, d)
		if err != nil {
			return nil
		}
		var out any
		text, err := json.Marshal(facts)
		if err == nil {
			err = json.Unmarshal(text, &out)
		}
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if !reflect.DeepEqual(prove(v.Document), v.Facts) {
		t.Fatalf("proven: %v", prove(v.Document))
	}
	var tree any
	if err := json.Unmarshal(v.Document, &tree); err != nil {
		t.Fatal(err)
	}
	tried := 0
	mutate("", &tree, func(path string) {
		tried++
		changed, err := json.Marshal(tree)
		if err != nil {
			t.Fatal(err)
		}
		got := prove(changed)
		listed := regexp.MustCompile(`^\.(records|rewards)(\[\d+\])?(\.nodes(\[\d+\])?)?\[(dropped|doubled|swapped)\]$`).MatchString(path)
		if listed || got == nil { // fewer facts, the same twice, or in another order
			return
		}
		absent := regexp.MustCompile(`^\.records\[(2|10)\]\.key$`).MatchString(path) // another key may be absent by the very same proof
		if !absent && !reflect.DeepEqual(got, v.Facts) {
			t.Errorf("%s: a changed document proves something else", path)
		}
	})
	t.Logf("%d changes", tried)
}
