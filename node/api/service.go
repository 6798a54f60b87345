package api

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/holiman/uint256"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/feed"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/pool"
	"github.com/lockstep-network/lockstep/node/store"
)

// Network tells who is connected; a *p2p.Host is one.
type Network interface {
	Peers() []peer.ID
}

// Service is the methods of the namespace "seq": each exported one is a method, with its first letter in lower case.
type Service struct {
	store     *store.Store
	pool      *pool.Pool
	lanes     *feed.Server // of old blocks, few are assembled at once
	network   Network
	published func() (published, firm uint64)
	version   string
	log       *slog.Logger

	genesis *genesis.Genesis
	rules   ledger.Rules
	hash    common.Hash // the genesis document's
	first   cert.Set
	supply  *uint256.Int // what the genesis gave out, in wei

	proofBytes int           // of lanes in one answer; one lane alone may be larger
	proofWait  time.Duration // see [Limits]
	subs       *subscriptions
}

func newService(c Config) (*Service, error) {
	g := c.Store.Genesis()
	set, err := g.Set()
	if err != nil {
		return nil, err
	}
	return &Service{
		store: c.Store, pool: c.Pool, lanes: c.Lanes, network: c.Network, published: c.Published, version: c.Version, log: c.Logger,
		genesis: g, rules: ledger.NewRules(g), hash: g.Hash(), first: set, supply: supplyAt(g),
		proofBytes: c.Limits.ProofBytes, proofWait: c.Limits.ProofWait, subs: newSubscriptions(c.Limits),
	}, nil
}

// ChainId names the network.
func (s *Service) ChainId() string { return s.genesis.ChainID } //nolint:revive,staticcheck // the method is seq_chainId

// Genesis is the document that the network started from, and its hash: what a verifier has to trust.
func (s *Service) Genesis() Genesis { return Genesis{Hash: s.hash, Document: s.genesis} }

// Status tells where this node is.
func (s *Service) Status(ctx context.Context) (*Status, error) {
	size := s.pool.Size()
	out := &Status{
		ChainID: s.genesis.ChainID, GenesisHash: s.hash, Version: s.version, Certified: s.store.Certified(), Floor: s.store.Floor(),
		HeadTimeMS: s.genesis.TimeMS, Peers: len(s.network.Peers()), Pool: PoolStatus{Count: size.Count, Bytes: size.Bytes},
	}
	if s.published != nil {
		out.Published, out.Firm = s.published()
	}
	if out.Head = s.store.Head(); out.Head > 0 {
		h, err := s.store.Header(out.Head)
		if err != nil {
			return nil, s.coded(ctx, err)
		}
		out.HeadTimeMS = h.TimeMS
	}
	return out, nil
}

// SendTransaction takes a signed transaction, encoded. When it answers "journaled", the transaction is on this node's disk and will be gossiped until
// a block holds it or it expires. Sending it again is harmless.
func (s *Service) SendTransaction(ctx context.Context, raw hexutil.Bytes) (*Sent, error) {
	t, err := tx.Decode(raw)
	if err != nil {
		return nil, s.coded(ctx, err)
	}
	return s.send(ctx, t)
}

// SendBundle takes a signed transaction whose legs are in more than one namespace, as an object or encoded.
func (s *Service) SendBundle(ctx context.Context, bundle json.RawMessage) (*Sent, error) {
	t, err := parseBundle(bundle)
	if err != nil {
		return nil, s.coded(ctx, err)
	}
	if !t.Spans() {
		return nil, fail(NotBundle, "all legs are in namespace %s: send it as a transaction", t.Namespace())
	}
	return s.send(ctx, t)
}

func (s *Service) send(ctx context.Context, t *tx.Tx) (*Sent, error) {
	txs, errs := s.pool.Checker().Check([][]byte{t.Raw()})
	if errs[0] != nil {
		return nil, s.coded(ctx, errs[0])
	}
	if err := s.pool.Acknowledge(txs)[0]; err != nil {
		return nil, s.coded(ctx, err)
	}
	return &Sent{ID: t.ID(), Acknowledged: Journaled}, nil
}

// GetTransaction tells what became of a transaction. Where it was included is told for ever, its legs as long as the block is kept.
func (s *Service) GetTransaction(ctx context.Context, id common.Hash) (*Transaction, error) {
	status, err := s.pool.Status(id)
	if err != nil {
		return nil, s.coded(ctx, err)
	}
	out := &Transaction{ID: id}
	switch status.State {
	case pool.Pending:
		out.Status, out.Acknowledged = StatusPending, Journaled
	case pool.Volatile:
		out.Status, out.Acknowledged = StatusPending, Volatile
	case pool.Included:
		return out, s.coded(ctx, s.included(ctx, out, status.Location))
	case pool.Expired:
		out.Status = StatusExpired
	case pool.Rejected:
		out.Status = StatusRejected
	default:
		out.Status = StatusUnknown
	}
	if status.Reason != nil {
		out.Reason, out.Message = &ErrorData{Code: string(status.Reason.Code)}, status.Reason.Detail
	}
	return out, nil
}

func (s *Service) included(ctx context.Context, out *Transaction, at store.Location) error {
	out.Status, out.Height, out.Position = StatusIncluded, at.Height, &at.Position
	out.Certified = at.Height <= s.store.Certified()
	failed, err := s.store.Failures(at) // first: what is there below says that the block was not pruned before this
	if err != nil {
		return err
	}
	contents, err := s.lanes.Contents(ctx, at.Height)
	var h block.Header
	if err == nil {
		h, err = s.store.Header(at.Height)
	}
	if errors.Is(err, store.ErrPruned) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, f := range failed {
		out.Failures = append(out.Failures, Failure{f.Leg, string(f.Code)})
	}
	out.TimeMS, out.Legs = h.TimeMS, legsOf(contents.Txs[at.Position])
	return nil
}

// resolve turns an argument into a height.
func (s *Service) resolve(h Height) (uint64, error) {
	n := h.Number
	switch h.Tag {
	case Latest:
		n = s.store.Head()
	case Certified:
		n = s.store.Certified()
	}
	switch {
	case n == 0 && h.Tag != "":
		return 0, fail(NotYet, "there is no %s block yet", h.Tag)
	case n == 0:
		return 0, fail(BadRange, "heights begin at 1")
	}
	return n, nil
}

// GetHeader returns a header; not yet certified ones say so.
func (s *Service) GetHeader(ctx context.Context, height Height) (*Header, error) {
	n, err := s.resolve(height)
	if err != nil {
		return nil, err
	}
	h, err := s.store.Header(n)
	if err != nil {
		return nil, s.coded(ctx, err)
	}
	out := headerOf(h, s.store.Certified())
	return &out, nil
}

// GetBlock returns a block's transactions in shared order, with their encodings if full is given and true, and its lane table.
func (s *Service) GetBlock(ctx context.Context, height Height, full *bool) (*Block, error) {
	n, err := s.resolve(height)
	if err != nil {
		return nil, err
	}
	h, err := s.store.Header(n)
	if err != nil {
		return nil, s.coded(ctx, err)
	}
	contents, err := s.lanes.Contents(ctx, n)
	if err != nil {
		return nil, s.coded(ctx, err)
	}
	out := &Block{Header: headerOf(h, s.store.Certified()), Transactions: []BlockTransaction{}, Lanes: []BlockLane{}}
	for i, t := range contents.Txs {
		item := BlockTransaction{ID: t.ID(), Position: i, Payer: t.Payer(), Legs: legsOf(t)}
		if full != nil && *full {
			item.Raw = t.Raw()
		}
		out.Transactions = append(out.Transactions, item)
	}
	for _, l := range contents.Table.Leaves() {
		out.Lanes = append(out.Lanes, BlockLane{l.Namespace, l.Length, l.Commitment})
	}
	return out, nil
}

// GetCertificate returns the certificate that covers a height: the one of this very height, or the next.
func (s *Service) GetCertificate(ctx context.Context, height Height) (*Certificate, error) {
	n, err := s.resolve(height)
	if err != nil {
		return nil, err
	}
	run, err := s.run(n, n)
	if err != nil {
		return nil, s.coded(ctx, err)
	}
	c := run.Certificate
	set, err := s.store.Operators(run.Headers[0].OperatorsHash)
	if err != nil {
		return nil, s.coded(ctx, err)
	}
	out := &Certificate{Height: c.Height, Round: c.Round, HeaderHash: c.HeaderHash, Total: set.Total(), Raw: c.Encode()}
	for i, o := range set.Operators() {
		if c.Bitmap[i/8]&(0x80>>(i%8)) != 0 {
			out.Signers, out.Power = append(out.Signers, o.Address), out.Power+o.Power
		}
	}
	return out, nil
}
