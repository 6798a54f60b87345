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
	"github.com/lockstep-network/lockstep/p2p"
)

// bucket is a pool that takes each transaction once, and the checker before it.
type bucket struct {
	mu      sync.Mutex
	known   map[common.Hash]bool
	refused map[common.Hash]tx.Code // what the state says against
}

func newBucket() *bucket {
	return &bucket{known: make(map[common.Hash]bool), refused: make(map[common.Hash]tx.Code)}
}

func (b *bucket) Check(raws [][]byte) (txs []tx.Verified, errs []error) {
	txs, errs = make([]tx.Verified, len(raws)), make([]error, len(raws))
	for i, raw := range raws {
		t, err := tx.Decode(raw)
		if err == nil {
			txs[i], err = t.Verify()
		}
		errs[i] = err
	}
	return txs, errs
}

func (b *bucket) Add(txs []tx.Verified) []error {
	b.mu.Lock()
	defer b.mu.Unlock()
	errs := make([]error, len(txs))
	for i, t := range txs {
		switch {
		case t.ChainID() != chaintest.ChainID:
			errs[i] = tx.NewReject(tx.WrongChain, "")
		case b.refused[t.ID()] != "":
			errs[i] = tx.NewReject(b.refused[t.ID()], "")
		case b.known[t.ID()]:
			errs[i] = tx.NewReject("duplicate", "")
		}
		if errs[i] == nil {
			b.known[t.ID()] = true
		}
	}
	return errs
}

func (b *bucket) size() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.known)
}

// answer is a collector that gives one answer.
type answer struct{ err error }

func (a answer) Vote(feed.Vote) error                 { return a.err }
func (a answer) Announcement(feed.Announcement) error { return a.err }

// The rules of txs/1, by what a batch holds.
func TestBatchVerdicts(t *testing.T) {
	n := chaintest.New(t, 4)
	good, known, unfunded := n.Tx(t, 9, chaintest.Leg(n.A, "1")), n.Tx(t, 9, chaintest.Leg(n.A, "2")), n.Tx(t, 9, chaintest.Leg(n.A, "3"))
	other, err := tx.Sign(tx.Fields{ChainID: "other", Legs: []tx.Leg{chaintest.Leg(n.A, "x")}}, n.Payer)
	if err != nil {
		t.Fatal(err)
	}
	f := good.Fields()
	f.Signature[10] ^= 1
	forged, err := tx.New(f)
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
		"new":                           {[][]byte{good.Raw()}, p2p.Accept, 1},
		"known":                         {[][]byte{known.Raw()}, p2p.Ignore, 0},
		"new among faults of the state": {[][]byte{unfunded.Raw(), known.Raw(), good.Raw()}, p2p.Accept, 1},
		"only faults of the state":      {[][]byte{unfunded.Raw(), unfunded.Raw()}, p2p.Ignore, 0},
		"twice the same":                {[][]byte{good.Raw(), good.Raw()}, p2p.Accept, 1},
		"a bad signature":               {[][]byte{good.Raw(), forged.Raw()}, p2p.Reject, 0},
		"another chain's":               {[][]byte{other.Raw()}, p2p.Reject, 0},
		"not a transaction":             {[][]byte{good.Raw(), {0xc3, 1, 2, 3}}, p2p.Reject, 0},
		"a truncated transaction":       {[][]byte{long}, p2p.Reject, 0},
	}
	for name, test := range tests {
		b := newBucket()
		b.known[known.ID()] = true
		b.refused[unfunded.ID()] = "unfunded"
		topic := NewJudge(b, b, answer{}).Txs()
		batch, err := topic.Decode(feed.EncodeBatch(1, test.batch))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := topic.Validate(t.Context(), "", batch); got != test.want || b.size() != 1+test.added {
			t.Errorf("%s: verdict %d, want %d; %d added, want %d", name, got, test.want, b.size()-1, test.added)
		}
	}
	if _, err := NewJudge(nil, nil, nil).Txs().Decode(feed.EncodeBatch(1, nil)); err == nil {
		t.Error("an empty batch decodes")
	}
}

// One switch for what the collector says.
func TestCollectorVerdicts(t *testing.T) {
	for want, errs := range map[p2p.Verdict][]error{
		p2p.Accept: {nil},
		p2p.Reject: {certify.ErrInvalid, errors.Join(certify.ErrInvalid, errors.New("why"))},
		p2p.Ignore: {certify.ErrKnown, certify.ErrFar, errors.New("disk"), &cert.ErrConflict{}},
	} {
		for _, err := range errs {
			j := NewJudge(nil, nil, answer{err})
			if got := j.Votes().Validate(t.Context(), "", feed.Vote{}); got != want {
				t.Errorf("vote, %v: verdict %d, want %d", err, got, want)
			}
			if got := j.Headers().Validate(t.Context(), "", feed.Announcement{}); got != want {
				t.Errorf("announcement, %v: verdict %d, want %d", err, got, want)
			}
		}
	}
}

// Over real hosts: transactions, votes and headers reach the other node's parts; a node that sends garbage is cut off, and the honest one is not.
func TestGossipBetweenHosts(t *testing.T) {
	n := chaintest.New(t, 4)
	s := n.Open(t)
	h := n.Commit(t, s)
	b := newBucket()
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
	txs, votes, headers := join(t, node, NewJudge(b, b, collector))
	go func() { _ = Drain(ctx, txs) }()
	honest, rude := host(t, "honest", node), host(t, "rude", node)
	accept := NewJudge(newBucket(), newBucket(), answer{certify.ErrKnown})
	honestTxs, honestVotes, honestHeaders := join(t, honest, accept)
	rudeTxs, rudeVotes, _ := join(t, rude, accept)
	eventually(t, "all in the topics", func() bool {
		return len(txs.Peers()) == 2 && len(votes.Peers()) == 2 && len(headers.Peers()) == 2 &&
			len(honestTxs.Peers()) > 0 && len(honestVotes.Peers()) > 0 && len(honestHeaders.Peers()) > 0 && len(rudeTxs.Peers()) > 0
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
		publish(honestTxs, feed.EncodeBatch(1, [][]byte{n.Tx(t, 9, chaintest.Leg(n.A, "x")).Raw()}))
		return b.size() >= 3
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
	garbage := byte(0)
	eventually(t, "cut off", func() bool {
		garbage++
		_ = rudeTxs.Publish(t.Context(), []byte{0xc2, 0xc1, garbage})
		forged := chaintest.Sign(t, n.Keys[0], 3, uint32(garbage), common.Hash{})
		forged.Operator = n.Set.Operators()[1].Address
		_ = rudeVotes.Publish(t.Context(), forged.Encode())
		return !node.Connected(rude.ID())
	})
	if !node.Connected(honest.ID()) {
		t.Error("the honest peer was cut off too")
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
