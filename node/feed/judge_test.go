package feed

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/feed"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/certify"
	"github.com/lockstep-network/lockstep/node/internal/chaintest"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/pool"
	"github.com/lockstep-network/lockstep/node/store"
	"github.com/lockstep-network/lockstep/p2p"
)

// newPool is a pool on a store.
func newPool(tb testing.TB, n *chaintest.Network, s *store.Store) *pool.Pool {
	tb.Helper()
	p, err := pool.New(pool.DefaultConfig(ledger.NewRules(n.Genesis)), s, s)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// answer is a collector that gives one answer.
type answer struct{ err error }

func (a answer) Vote(feed.Vote) error                 { return a.err }
func (a answer) Announcement(feed.Announcement) error { return a.err }

// The rules of txs/1, by what a batch holds.
func TestBatchVerdicts(t *testing.T) {
	n := chaintest.New(t, 1, nil)
	s := n.Open(t, t.TempDir())
	good, known, expired := n.Tx(t, 9, chaintest.Leg(chaintest.Alpha, "1")), n.Tx(t, 9, chaintest.Leg(chaintest.Alpha, "2")), n.Tx(t, 0, chaintest.Leg(chaintest.Alpha, "3"))
	other, err := tx.Sign(tx.Fields{ChainID: "other", Legs: []tx.Leg{chaintest.Leg(chaintest.Alpha, "x")}}, n.Payers[0])
	if err != nil {
		t.Fatal(err)
	}
	long := slices.Concat(good.Raw()[:len(good.Raw())-1])
	long[0], long[1] = 0xf8, byte(len(long)-2)
	tests := map[string]struct {
		batch [][]byte
		want  p2p.Verdict
		added int
	}{
		"new":                            {[][]byte{good.Raw()}, p2p.Accept, 1},
		"known":                          {[][]byte{known.Raw()}, p2p.Ignore, 0},
		"new among faults of the state":  {[][]byte{expired.Raw(), known.Raw(), good.Raw()}, p2p.Accept, 1},
		"only faults of the state":       {[][]byte{expired.Raw(), unfunded(t, n, 1).Raw()}, p2p.Ignore, 0},
		"only faults, none of it signed": {[][]byte{forge(t, expired).Raw(), forge(t, unfunded(t, n, 1)).Raw()}, p2p.Ignore, 0},
		"one new among nine faults":      {append(flood(t, n, 0, 9), good.Raw()), p2p.Ignore, 1},
		"twice the same":                 {[][]byte{good.Raw(), good.Raw()}, p2p.Accept, 1},
		"a bad signature":                {[][]byte{good.Raw(), forge(t, n.Tx(t, 9, chaintest.Leg(chaintest.Alpha, "4"))).Raw()}, p2p.Reject, 0},
		"a bad one among faults":         {[][]byte{good.Raw(), forge(t, unfunded(t, n, 1)).Raw()}, p2p.Reject, 0},
		"another chain's":                {[][]byte{other.Raw()}, p2p.Reject, 0},
		"not a transaction":              {[][]byte{good.Raw(), {0xc3, 1, 2, 3}}, p2p.Reject, 0},
		"a truncated transaction":        {[][]byte{long}, p2p.Reject, 0},
	}
	for name, test := range tests {
		p := newPool(t, n, s)
		if taken, err := p.Offer([][]byte{known.Raw()}); err != nil || taken.New != 1 {
			t.Fatal(taken, err)
		}
		topic := NewJudge(p, answer{}).Txs()
		batch, err := topic.Decode(feed.EncodeBatch(1, test.batch))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := topic.Validate(t.Context(), "", batch); got != test.want || p.Size().Count != 1+test.added {
			t.Errorf("%s: verdict %d, want %d; %d added, want %d", name, got, test.want, p.Size().Count-1, test.added)
		}
	}
	if _, err := NewJudge(nil, nil).Txs().Decode(feed.EncodeBatch(1, nil)); err == nil {
		t.Error("an empty batch decodes")
	}
}

// unfunded is a transaction of somebody who has no money.
func unfunded(tb testing.TB, n *chaintest.Network, salt uint64) tx.Verified {
	tb.Helper()
	v, err := tx.Sign(tx.Fields{
		ChainID: chaintest.ChainID, Salt: salt, Expiry: 9, Legs: []tx.Leg{chaintest.Leg(chaintest.Alpha, "x")}, MaxFeePerByte: n.Genesis.Params.LeastPrice(),
	}, chaintest.Key("poor"))
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

// forge spoils a transaction's signature.
func forge(tb testing.TB, v tx.Verified) tx.Verified {
	tb.Helper()
	f := v.Fields()
	f.Signature[10] ^= 1
	forged, err := tx.New(f)
	if err != nil {
		tb.Fatal(err)
	}
	return tx.Verified{Tx: forged}
}

// flood is so many transactions that nobody pays for, and nobody has signed.
func flood(tb testing.TB, n *chaintest.Network, from uint64, count int) [][]byte {
	tb.Helper()
	template := forge(tb, unfunded(tb, n, 0)).Fields()
	out := make([][]byte, count)
	for i := range out {
		template.Salt = from + uint64(i)
		v, err := tx.New(template)
		if err != nil {
			tb.Fatal(err)
		}
		out[i] = v.Raw()
	}
	return out
}

// tasting is a pool that knows good transactions by their text, and counts the batches that it is offered.
type tasting struct{ offers int }

func (p *tasting) Offer(batch [][]byte) (result pool.Offered, err error) {
	p.offers++
	for _, raw := range batch {
		if string(raw) == "good" {
			result.New++
		} else {
			result.Vain++
		}
	}
	result.Checked = true
	return result, nil
}

// A peer that sends what nobody pays for is looked at for a while, then not, and again when some time has passed; others are heard all the time.
// What honest peers pass on earns more than it costs.
func TestFloodOfUnfundedIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size = 4_096
		p := new(tasting)
		judge := NewJudge(p, answer{})
		validate := judge.Txs().Validate
		good := [][]byte{[]byte("good")}
		send := func(batches int) (looked int) {
			before := p.offers
			for range batches {
				if got := validate(t.Context(), "rude", make([][]byte, size)); got != p2p.Ignore {
					t.Fatalf("verdict %d", got)
				}
			}
			return p.offers - before
		}
		if got := send(20); got != vainAtOnce/size {
			t.Errorf("looked at %d batches at once, want %d", got, vainAtOnce/size)
		}
		if got := validate(t.Context(), "rude", good); got != p2p.Ignore {
			t.Errorf("a good one of a peer that is ignored: verdict %d", got)
		}
		if got := validate(t.Context(), "honest", good); got != p2p.Accept {
			t.Errorf("an honest peer: verdict %d", got)
		}
		time.Sleep(3 * time.Second)
		if got, want := send(20), 3*vainPerSecond/size; got != want {
			t.Errorf("looked at %d batches after three seconds, want %d", got, want)
		}
		for range vainAtOnce {
			if got := validate(t.Context(), "relay", append(make([][]byte, pool.VainPerNew), good...)); got != p2p.Accept {
				t.Fatalf("a mixed batch: verdict %d", got)
			}
		}
		if !judge.budget.left("relay") {
			t.Error("an honest peer was charged")
		}
	})
}

// One switch for what the collector says.
func TestCollectorVerdicts(t *testing.T) {
	for want, errs := range map[p2p.Verdict][]error{
		p2p.Accept: {nil},
		p2p.Reject: {certify.ErrInvalid, errors.Join(certify.ErrInvalid, errors.New("why"))},
		p2p.Ignore: {certify.ErrKnown, certify.ErrFar, errors.New("disk"), &cert.ErrConflict{}},
	} {
		for _, err := range errs {
			j := NewJudge(nil, answer{err})
			if got := j.Votes().Validate(t.Context(), "", feed.Vote{}); got != want {
				t.Errorf("vote, %v: verdict %d, want %d", err, got, want)
			}
			if got := j.Headers().Validate(t.Context(), "", feed.Announcement{}); got != want {
				t.Errorf("announcement, %v: verdict %d, want %d", err, got, want)
			}
		}
	}
}

// Over real hosts: transactions, votes and headers reach the other node's parts.
func TestGossipBetweenHosts(t *testing.T) {
	n := chaintest.New(t, 1, nil)
	s := n.Open(t, t.TempDir())
	h := n.Commit(t, s)
	pending := newPool(t, n, s)
	collector, err := certify.New(certify.Config{
		ChainID: chaintest.ChainID, Set: func(common.Hash) (cert.Set, error) { return n.Set, nil }, Evidence: t.TempDir(),
	}, s, s, noCommits{}, nowhere{}, nowhere{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- collector.Run(ctx) }()
	node := host(t, "node")
	txs, votes, headers := join(t, node, NewJudge(pending, collector))
	go func() { _ = Drain(ctx, txs) }()
	honest := host(t, "honest", node)
	accept := NewJudge(newPool(t, n, n.Open(t, t.TempDir())), answer{certify.ErrKnown})
	honestTxs, honestVotes, honestHeaders := join(t, honest, accept)
	eventually(t, "all in the topics", func() bool {
		return len(txs.Peers()) == 1 && len(votes.Peers()) == 1 && len(headers.Peers()) == 1 &&
			len(honestTxs.Peers()) > 0 && len(honestVotes.Peers()) > 0 && len(honestHeaders.Peers()) > 0
	})
	publish := func(topic interface {
		Publish(context.Context, []byte) error
	}, raw []byte,
	) {
		t.Helper()
		if err := topic.Publish(t.Context(), raw); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "transactions in the pool", func() bool {
		publish(honestTxs, feed.EncodeBatch(1, [][]byte{n.Tx(t, 9, chaintest.Leg(chaintest.Alpha, "x")).Raw()}))
		return pending.Size().Count >= 3
	})
	for k := range 3 {
		publish(honestVotes, chaintest.Sign(t, n.Keys[k], 1, 0, h.Hash()).Encode())
	}
	if err := s.WaitCertified(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	second := n.Commit(t, s)
	publish(honestHeaders, feed.Announcement{Header: second, Certificate: n.Certificate(t, second, 0, 1, 2)}.Encode())
	if err := s.WaitCertified(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func join(t *testing.T, h *p2p.Host, j *Judge) (*p2p.Topic[[][]byte], *p2p.Topic[feed.Vote], *p2p.Topic[feed.Announcement]) {
	t.Helper()
	txs, err := p2p.Join(h, feed.TxsTopic, j.Txs())
	if err != nil {
		t.Fatal(err)
	}
	votes, err := p2p.Join(h, feed.VotesTopic, j.Votes())
	if err != nil {
		t.Fatal(err)
	}
	headers, err := p2p.Join(h, feed.HeadersTopic, j.Headers())
	if err != nil {
		t.Fatal(err)
	}
	return txs, votes, headers
}

type noCommits struct{}

func (noCommits) ExtendedCommit(uint64) ([]cert.Vote, error) { return nil, errors.New("none") }

type nowhere struct{}

func (nowhere) Publish(context.Context, []byte) error { return nil }

// queue is an outbox that is filled by a test.
type queue struct {
	in  chan [][]byte
	mu  sync.Mutex
	out []struct {
		at  time.Time
		txs int
	}
}

func (q *queue) Unannounced(ctx context.Context, _, maxCount int) ([][]byte, error) {
	select {
	case batch := <-q.in:
		if len(batch) > maxCount {
			q.in <- batch[maxCount:]
			batch = batch[:maxCount]
		}
		return batch, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (q *queue) Publish(_ context.Context, raw []byte) error {
	batch, err := feed.DecodeBatch(raw)
	if err != nil {
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.out = append(q.out, struct {
		at  time.Time
		txs int
	}{time.Now(), len(batch)})
	if strings.Contains(string(raw), "fail") {
		return errors.New("no")
	}
	return nil
}

// Transactions that come within the linger go out as one batch; one that is full, or too large to wait, goes at once; too many are split; a failure to
// publish stops nothing.
func TestAnnouncerGathers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &queue{in: make(chan [][]byte, 16)}
		a := NewAnnouncer(q, q, 3*time.Millisecond, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- a.Run(ctx) }()
		one := []byte{0x83, 'o', 'n', 'e'}
		start := time.Now()
		for range 3 {
			q.in <- [][]byte{one}
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Second)
		full := append([]byte{0xba, 0x09, 0, 0}, make([]byte, 9<<16)...)
		before := time.Now()
		q.in <- [][]byte{full}
		synctest.Wait()
		many := make([][]byte, feed.MaxBatchTxs+5)
		for i := range many {
			many[i] = one
		}
		q.in <- many
		time.Sleep(time.Second)
		q.in <- [][]byte{{0x84, 'f', 'a', 'i', 'l'}}
		time.Sleep(time.Second)
		q.in <- [][]byte{one}
		time.Sleep(time.Second)
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		var sizes []int
		for _, p := range q.out {
			sizes = append(sizes, p.txs)
		}
		if want := []int{3, 1, feed.MaxBatchTxs, 5, 1, 1}; !slices.Equal(sizes, want) {
			t.Fatalf("batches of %v transactions, want %v", sizes, want)
		}
		if waited := q.out[0].at.Sub(start); waited != 3*time.Millisecond {
			t.Errorf("the first batch waited %s", waited)
		}
		if !q.out[1].at.Equal(before) {
			t.Error("a full batch waited")
		}
	})
}
