package celestia_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/celestiaorg/go-square/v3/share"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/da/celestia"
	"github.com/lockstep-network/lockstep/da/celestia/celestiatest"
	"github.com/lockstep-network/lockstep/da/datest"
	"github.com/lockstep-network/lockstep/namespaces"
)

func TestConformance(t *testing.T) {
	n := celestiatest.New(t, celestiatest.Config{Token: token})
	l := open(t, config(n))
	datest.Run(t, func(*testing.T) da.Layer { return l })
}

// TestOrder: blobs of several namespaces, mixed, of lengths that leave padding between them, go in one transaction; each namespace keeps its order, in the
// square as Celestia lays it out, whatever else stands in the block.
func TestOrder(t *testing.T) {
	n, l := start(t, celestiatest.Config{})
	rng := rand.New(rand.NewPCG(3, 3))
	names := []namespaces.Namespace{nsB(), namespaces.Headers(), nsA(), namespaces.Ledger()}
	for round := range 5 {
		var mixed []da.Blob
		wanted := make(map[namespaces.Namespace][]string)
		for i := range 40 {
			ns := names[rng.IntN(len(names))]
			data := fmt.Sprintf("%d of round %d %s", i, round, bytes.Repeat([]byte{'x'}, rng.IntN(40_000)))
			mixed = append(mixed, da.Blob{Namespace: ns, Data: []byte(data)})
			wanted[ns] = append(wanted[ns], data)
		}
		before := n.Calls("blob.Submit")
		height := submit(t, l, mixed...)
		if n.Calls("blob.Submit") != before+1 {
			t.Fatal("the blobs did not go in one transaction")
		}
		for _, ns := range names {
			want(t, l, height, ns, wanted[ns]...)
		}
	}
}

// TestOthersInTheBlock: what strangers post in the same block under the same namespace stands beside, transaction by transaction, and never between.
func TestOthersInTheBlock(t *testing.T) {
	n, l := start(t, celestiatest.Config{})
	other := open(t, config(n))
	n.Hold(true)
	first := later(t.Context(), other, append(blobs(nsA(), "theirs 1"), blobs(nsB(), "theirs")...))
	eventually(t, "theirs waits", func() bool { return n.Waiting() == 1 })
	second := later(t.Context(), l, append(append(blobs(nsA(), "ours 1"), blobs(nsB(), "ours")...), blobs(nsA(), "ours 2")...))
	eventually(t, "ours waits", func() bool { return n.Waiting() == 2 })
	n.Hold(false)
	for _, c := range []<-chan error{first, second} {
		if err := <-c; err != nil {
			t.Fatal(err)
		}
	}
	want(t, l, n.Head(), nsA(), "theirs 1", "ours 1", "ours 2")
	want(t, l, n.Head(), nsB(), "theirs", "ours")
}

// TestOtherShareVersions: a blob with a signer is no blob of ours, and does not hide those that are.
func TestOtherShareVersions(t *testing.T) {
	n, l := start(t, celestiatest.Config{})
	signed, err := share.NewV1Blob(nsA().Share(), []byte("signed"), bytes.Repeat([]byte{1}, share.SignerSize))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := share.NewV0Blob(nsA().Share(), []byte("plain"))
	if err != nil {
		t.Fatal(err)
	}
	want(t, l, n.PostShares(t, signed, plain, signed), nsA(), "plain")
}

func TestHead(t *testing.T) {
	n, l := start(t, celestiatest.Config{})
	n.Advance(3)
	head, err := l.Head(t.Context())
	if err != nil || head.Height != 4 || head.Final != 4 || head.Hash == (da.Head{}).Hash || head.Price != 0 {
		t.Fatalf("%+v, %v", head, err)
	}
	// A node behind the same address that is less far does not take the head back.
	n.Interfere(func(string, int) celestiatest.Fault {
		return celestiatest.Fault{Body: `{"id":$id,"result":{"header":{"height":"2"},"commit":{"block_id":{"hash":"` + fmt.Sprintf("%064X", 7) + `"}}}}`}
	})
	if again, err := l.Head(t.Context()); err != nil || again != head {
		t.Errorf("%+v, %v", again, err)
	}
	c := config(n)
	c.WeiPerUtia = 1_000_000_000_000
	n.Interfere(nil)
	head, err = open(t, c).Head(t.Context())
	if err != nil || head.Price != 33_991_701_244 { // 0.004 utia x 8 gas x 512 / 482
		t.Errorf("price %d, %v", head.Price, err)
	}
}

// TestPrunedAndArchive: what the node has pruned is gone, unless an archive has it; an archive that does not answer does not make it gone.
func TestPrunedAndArchive(t *testing.T) {
	n, l := start(t, celestiatest.Config{})
	height := submit(t, l, blobs(nsA(), "old")...)
	n.Advance(10)
	n.Prune(5)
	_, err := l.Read(t.Context(), height, nsA())
	wantErr(t, err, da.ErrGone)

	archive := celestiatest.New(t, celestiatest.Config{})
	archive.Post(t, blobs(nsA(), "old")...)
	c := config(n)
	c.Archives = []string{archive.URL()}
	l = open(t, c)
	want(t, l, height, nsA(), "old")
	archive.Interfere(func(string, int) celestiatest.Fault { return celestiatest.Fault{Status: 503} })
	_, err = l.Read(t.Context(), height, nsA())
	wantErr(t, err, da.ErrUnavailable)

	archive.Interfere(nil)
	n.Interfere(func(string, int) celestiatest.Fault { return celestiatest.Fault{Status: 503} })
	want(t, l, height, nsA(), "old")
	_, err = l.Read(t.Context(), 99, nsA()) // the archive is not that far: nothing is known
	wantErr(t, err, da.ErrUnavailable)
}

func TestConfig(t *testing.T) {
	good := celestia.Config{URL: "http://127.0.0.1:26658"}
	for name, spoil := range map[string]func(*celestia.Config){
		"no URL":               func(c *celestia.Config) { c.URL = "" },
		"a socket":             func(c *celestia.Config) { c.URL = "ws://127.0.0.1:1" },
		"a token as user":      func(c *celestia.Config) { c.URL = "http://:" + token + "@127.0.0.1:1" },
		"a token as query":     func(c *celestia.Config) { c.URL = "http://127.0.0.1:1/?token=" + token },
		"a token as path":      func(c *celestia.Config) { c.URL = "http://127.0.0.1:1/" + token },
		"a token of two lines": func(c *celestia.Config) { c.Token = token + "\nX: y" },
		"a bad archive":        func(c *celestia.Config) { c.Archives = []string{"archive"} },
		"tiny transactions":    func(c *celestia.Config) { c.MaxTx = 1000 },
		"huge transactions":    func(c *celestia.Config) { c.MaxTx = 1 << 30 },
		"a negative duration":  func(c *celestia.Config) { c.Timing.Poll = -time.Second },
		"prices upside down":   func(c *celestia.Config) { c.Fees = celestia.Fees{GasPrice: 3, MaxGasPrice: 2} },
		"a price beyond reach": func(c *celestia.Config) { c.Fees.MaxGasPrice = 1 << 41 },
		"nobody may submit":    func(c *celestia.Config) { c.Submitting = -1 },
	} {
		c := good
		spoil(&c)
		_, err := celestia.Open(c)
		if err == nil {
			t.Errorf("%s: taken", name)
		} else if bytes.Contains([]byte(err.Error()), []byte(token)) {
			t.Errorf("%s: the error shows the token", name)
		}
	}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	for _, shown := range []string{fmt.Sprint(celestia.Token(token)), fmt.Sprintf("%v %+v %#v", config2(), config2(), config2())} {
		if bytes.Contains([]byte(shown), []byte(token)) {
			t.Errorf("the token shows: %s", shown)
		}
	}
}

func config2() celestia.Config { return celestia.Config{URL: "http://x", Token: token} }
