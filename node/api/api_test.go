package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rpc"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/proof"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/api"
	"github.com/lockstep-network/lockstep/node/api/client"
	"github.com/lockstep-network/lockstep/node/feed"
	"github.com/lockstep-network/lockstep/node/internal/chaintest"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/pool"
	"github.com/lockstep-network/lockstep/node/store"
)

type lonely struct{}

func (lonely) Peers() []peer.ID { return []peer.ID{"one", "two"} }

// node is the real store and pool behind the server.
type node struct {
	*chaintest.Network
	t      *testing.T
	store  *store.Store
	pool   *pool.Pool
	server *api.Server
	http   *client.Client
	ws     *client.Client
}

func newNode(t *testing.T, change ...func(*api.Config)) *node {
	t.Helper()
	return newNodeOn(t, chaintest.New(t, 1, nil), change...)
}

func newNodeOn(t *testing.T, network *chaintest.Network, change ...func(*api.Config)) *node {
	t.Helper()
	n := &node{Network: network, t: t}
	n.store = n.Open(t, t.TempDir())
	var err error
	if n.pool, err = pool.New(pool.DefaultConfig(ledger.NewRules(n.Genesis)), n.store, n.store); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	cfg := api.Config{
		Listen: "127.0.0.1:0", Store: n.store, Pool: n.pool, Network: lonely{}, Version: "test",
		Lanes:     feed.NewServer(n.store, n.store, func(common.Hash) (cert.Set, error) { return n.Set, nil }),
		Published: func() (uint64, uint64) { return 2, 1 },
	}
	for _, f := range change {
		f(&cfg)
	}
	if n.server, err = api.New(ctx, cfg); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 2)
	go func() { done <- n.server.Run(ctx) }()
	go func() { done <- n.pool.Follow(ctx) }()
	t.Cleanup(func() {
		cancel()
		for range 2 {
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Errorf("ended with %v", err)
			}
		}
	})
	n.http, n.ws = n.dial("http"), n.dial("ws")
	return n
}

func (n *node) dial(scheme string) *client.Client {
	n.t.Helper()
	c, err := client.Dial(n.t.Context(), scheme+"://"+n.server.Addr())
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(c.Close)
	return c
}

// raw calls a method with any arguments.
func (n *node) raw(method string, args ...any) (json.RawMessage, error) {
	n.t.Helper()
	c, err := rpc.DialContext(n.t.Context(), "http://"+n.server.Addr())
	if err != nil {
		n.t.Fatal(err)
	}
	defer c.Close()
	var out json.RawMessage
	err = c.CallContext(n.t.Context(), &out, method, args...)
	return out, err
}

// block commits a block and waits until the pool has seen it.
func (n *node) block(txs ...tx.Verified) uint64 {
	n.t.Helper()
	h := n.Commit(n.t, n.store, txs...)
	for n.pool.Height() < h.Height {
		if err := n.t.Context().Err(); err != nil {
			n.t.Fatal(err)
		}
	}
	return h.Height
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// verify gives a document the way that an outsider takes: through its JSON, with the genesis.
func (n *node) verify(d *proof.Document) *proof.Facts {
	n.t.Helper()
	raw, err := d.Encode()
	if err != nil {
		n.t.Fatal(err)
	}
	decoded, err := proof.Decode(raw)
	if err != nil {
		n.t.Fatal(err)
	}
	facts, err := proof.Verify(n.Genesis, decoded)
	if err != nil {
		n.t.Fatal(err)
	}
	return facts
}

// A bundle is signed as an object the way a wallet does it, acknowledged, pending, included, certified, proven, and verified with the genesis alone.
func TestABundleFromWalletToProof(t *testing.T) {
	n := newNode(t)
	ctx := t.Context()
	n.block()
	bundle := n.Tx(t, 50, chaintest.Leg(chaintest.Alpha, "to a"), chaintest.Leg(chaintest.Beta, "to b"), chaintest.Leg(chaintest.Alpha, "to a again"))
	args := api.ArgsOf(bundle.Tx)
	args.Signature[64] += 27 // as wallets write it
	raw, err := n.raw("seq_sendBundle", args)
	if err != nil {
		t.Fatal(err)
	}
	var sent api.Sent
	if err := json.Unmarshal(raw, &sent); err != nil || sent.ID != bundle.ID() || sent.Acknowledged != api.Journaled {
		t.Fatalf("sent: %s", raw)
	}
	again := must[*api.Sent](t)(n.http.SendBundle(ctx, bundle))
	if again.ID != sent.ID || again.Acknowledged != api.Journaled {
		t.Fatalf("sent again: %+v", again)
	}
	updates := make(chan api.Transaction, 8)
	sub, err := n.ws.Transactions(ctx, bundle.ID(), updates)
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Unsubscribe()
	if u := <-updates; u.Status != api.StatusPending || u.Acknowledged != api.Journaled {
		t.Fatalf("first update: %+v", u)
	}
	other := n.Tx(t, 50, chaintest.Leg(chaintest.Alpha, "alone"))
	h := n.block(other, bundle)
	if u := <-updates; u.Status != api.StatusIncluded || u.Certified {
		t.Fatalf("second update: %+v", u)
	}
	_, err = n.http.InclusionProof(ctx, bundle.ID())
	if client.Code(err) != api.NotYet {
		t.Fatalf("a proof before the certificate: %v", err)
	}
	n.block()
	n.Certify(t, n.store, h+1)
	if u := <-updates; u.Status != api.StatusIncluded || !u.Certified {
		t.Fatalf("third update: %+v", u)
	}
	status := must[*api.Transaction](t)(n.http.Transaction(ctx, bundle.ID()))
	if status.Height != h || *status.Position != 0 || len(status.Legs) != 3 || status.Legs[1].Namespace != chaintest.Beta || !status.Certified {
		t.Fatalf("status: %+v", status)
	}
	facts := n.verify(must[*proof.Document](t)(n.http.InclusionProof(ctx, bundle.ID(), chaintest.Alpha, chaintest.Beta, namespaces.Ledger())))
	got := facts.Transactions[0]
	if !got.Included || got.Height != h || *got.Position != 0 || !got.Legs[0].InLane || !got.Legs[1].InLane || !got.Legs[2].InLane {
		t.Fatalf("proven: %+v", got)
	}
	facts = n.verify(must[*proof.Document](t)(n.http.InclusionProof(ctx, other.ID())))
	if got := facts.Transactions[0]; !got.Included || got.Position != nil {
		t.Fatalf("proven without lanes: %+v", got)
	}
	facts = n.verify(must[*proof.Document](t)(n.http.AbsenceProof(ctx, bundle.ID(), h+1, h+1)))
	if got := facts.Transactions[0]; got.Included || got.Height != h+1 {
		t.Fatalf("proven absent: %+v", got)
	}
}

// What became of a transaction, for each way that it can go.
func TestTransactionStates(t *testing.T) {
	n := newNode(t)
	ctx := t.Context()
	n.block()
	journaled, gossiped, short := n.Tx(t, 50, chaintest.Leg(chaintest.Alpha, "1")), n.Tx(t, 50, chaintest.Leg(chaintest.Alpha, "2")), n.Tx(t, 2, chaintest.Leg(chaintest.Alpha, "3"))
	for _, tr := range []tx.Verified{journaled, short} {
		if _, err := n.http.SendTransaction(ctx, tr); err != nil {
			t.Fatal(err)
		}
	}
	if taken, err := n.pool.Offer([][]byte{gossiped.Raw()}); err != nil || taken.New != 1 {
		t.Fatal(taken, err)
	}
	poor, err := tx.Sign(tx.Fields{
		ChainID: chaintest.ChainID, Expiry: 40, Legs: []tx.Leg{chaintest.Leg(chaintest.Alpha, "x")}, MaxFeePerByte: n.Genesis.Params.LeastPrice(),
	}, chaintest.Key("poor"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.http.SendTransaction(ctx, poor); client.Code(err) != string(ledger.Unfunded) {
		t.Fatalf("unfunded: %v", err)
	}
	n.block()
	n.block()
	for name, test := range map[string]struct {
		id                           common.Hash
		status, acknowledged, reason string
	}{
		"journaled": {journaled.ID(), api.StatusPending, api.Journaled, ""},
		"gossiped":  {gossiped.ID(), api.StatusPending, api.Volatile, ""},
		"expired":   {short.ID(), api.StatusExpired, "", "expired"},
		"rejected":  {poor.ID(), api.StatusRejected, "", "unfunded"},
		"unknown":   {common.Hash{1}, api.StatusUnknown, "", ""},
	} {
		got := must[*api.Transaction](t)(n.http.Transaction(ctx, test.id))
		reason := ""
		if got.Reason != nil {
			reason = got.Reason.Code
		}
		if got.Status != test.status || got.Acknowledged != test.acknowledged || reason != test.reason || got.Certified {
			t.Errorf("%s: %+v (%s)", name, got, reason)
		}
	}
}

// The plain reads, each against what the chain holds.
func TestReads(t *testing.T) {
	n := newNode(t)
	ctx := t.Context()
	one, two := n.Tx(t, 50, chaintest.Leg(chaintest.Alpha, "one")), n.Tx(t, 50, chaintest.Leg(chaintest.Beta, "two"))
	n.block(one, two)
	n.block()
	n.Certify(t, n.store, 1)
	if got := must[string](t)(n.http.ChainID(ctx)); got != chaintest.ChainID {
		t.Error(got)
	}
	g := must[*api.Genesis](t)(n.http.Genesis(ctx))
	if g.Hash != n.Genesis.Hash() || g.Document.Hash() != g.Hash {
		t.Error("genesis does not survive the wire")
	}
	status := must[*api.Status](t)(n.http.Status(ctx))
	if status.Head != 2 || status.Certified != 1 || status.Published != 2 || status.Firm != 1 || status.Peers != 2 || status.Version != "test" ||
		status.HeadTimeMS != n.Genesis.TimeMS+2*chaintest.Interval || status.Floor != 1 {
		t.Errorf("status: %+v", status)
	}
	latest := must[*api.Header](t)(n.http.Header(ctx, api.Height{Tag: api.Latest}))
	certified := must[*api.Header](t)(n.http.Header(ctx, api.Height{Tag: api.Certified}))
	if latest.Height != 2 || latest.Certified || certified.Height != 1 || !certified.Certified || latest.ParentHash != certified.Hash ||
		crypto.Keccak256Hash(latest.Raw) != latest.Hash {
		t.Errorf("headers: %+v, %+v", latest, certified)
	}
	for _, form := range []any{1, "1", "0x1", "certified"} {
		if raw, err := n.raw("seq_getHeader", form); err != nil || !strings.Contains(string(raw), certified.Hash.Hex()) {
			t.Errorf("height as %v: %s %v", form, raw, err)
		}
	}
	b := must[*api.Block](t)(n.http.Block(ctx, api.HeightOf(1), true))
	if len(b.Transactions) != 2 || b.Transactions[0].ID != one.ID() || string(b.Transactions[1].Raw) != string(two.Raw()) || len(b.Lanes) != 3 {
		t.Errorf("block: %+v", b)
	}
	if b = must[*api.Block](t)(n.http.Block(ctx, api.HeightOf(1), false)); b.Transactions[0].Raw != nil {
		t.Error("encodings although not asked for")
	}
	c := must[*api.Certificate](t)(n.http.Certificate(ctx, api.HeightOf(1)))
	if c.Height != 1 || len(c.Signers) != 4 || c.Power != 40 || c.Total != 40 {
		t.Errorf("certificate: %+v", c)
	}
	account := must[*api.Account](t)(n.http.Account(ctx, one.Payer()))
	paid := must[*api.Fee](t)(n.http.EstimateFee(ctx, api.FeeArgs{Legs: []int{3}}))
	left := n.Genesis.Balances[0].Amount.Clone()
	left.Sub(left, paid.Fee)
	left.Sub(left, paid.Fee)
	if account.Height != 2 || !account.Balance.Eq(left) || paid.Weight != one.Weight() {
		t.Errorf("account: %+v, want %s; fee %+v", account, left, paid)
	}
	ops := must[*api.Operators](t)(n.http.Operators(ctx))
	if len(ops.Operators) != 4 || ops.Hash != n.Set.Hash() || ops.Operators[0].Name == "" {
		t.Errorf("operators: %+v", ops)
	}
	if ns, err := n.http.Namespaces(ctx); err != nil || len(ns) != 3 || ns[1].Namespace != chaintest.Beta {
		t.Errorf("namespaces: %+v %v", ns, err)
	}
}

// Lanes of a range are proven page by page, absent ones too.
func TestLanePages(t *testing.T) {
	n := newNode(t, func(c *api.Config) { c.Limits.ProofBytes = 20_000 })
	big := strings.Repeat("x", 1_000)
	want := 0
	for h := range uint64(12) {
		var txs []tx.Verified
		for range h % 4 * 5 { // up to 15 legs of 1 kB a block
			txs = append(txs, n.Tx(t, 50, chaintest.Leg(chaintest.Alpha, big)))
			want++
		}
		n.block(txs...)
	}
	n.Certify(t, n.store, 12)
	pages, legs := 0, 0
	for from := uint64(1); from <= 12; pages++ {
		page := must[*api.Lanes](t)(n.http.Lane(t.Context(), chaintest.Alpha, from, 0))
		facts := n.verify(page.Document)
		if uint64(len(facts.Lanes)) != page.Next-from {
			t.Fatalf("%d lanes from %d to %d", len(facts.Lanes), from, page.Next)
		}
		for _, l := range facts.Lanes {
			legs += l.Count
		}
		from = page.Next
	}
	if legs != want || pages < 4 {
		t.Fatalf("%d legs in %d pages, want %d in at least 4", legs, pages, want)
	}
	facts := n.verify(must[*api.Lanes](t)(n.ws.Lane(t.Context(), namespaces.Namespace{0: 9}, 3, 5)).Document)
	if len(facts.Lanes) != 3 || facts.Lanes[0].Count+facts.Lanes[1].Count+facts.Lanes[2].Count != 0 {
		t.Fatalf("absent lanes: %+v", facts.Lanes)
	}
}

// Each kind of bad input has its own number and name, over HTTP and WebSocket.
func TestErrors(t *testing.T) {
	n := newNode(t)
	included := n.Tx(t, 50, chaintest.Leg(chaintest.Alpha, "in"), chaintest.Leg(chaintest.Beta, "in"))
	n.block()
	n.block()
	n.block(included)
	n.block()
	n.block()
	n.Certify(t, n.store, 4)
	if err := n.store.SetCursor("reader", 4); err != nil {
		t.Fatal(err)
	}
	if floor, err := n.store.Prune(3); err != nil || floor != 3 {
		t.Fatalf("pruned to %d: %v", floor, err)
	}
	sign := func(change func(*tx.Fields)) hexutil.Bytes {
		f := tx.Fields{ChainID: chaintest.ChainID, Salt: 1 << 40, Expiry: 40, Legs: []tx.Leg{chaintest.Leg(chaintest.Alpha, "x")}, MaxFeePerByte: n.Genesis.Params.LeastPrice()}
		change(&f)
		tr, err := tx.Sign(f, n.Payers[0])
		if err != nil {
			t.Fatal(err)
		}
		return tr.Raw()
	}
	auth, err := tx.SignAuth(tx.Auth{Kind: tx.AuthGateway}, common.Hash{1}, crypto.ToECDSAUnsafe(common.Hash{1}.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	good := sign(func(*tx.Fields) {})
	forged := append(hexutil.Bytes{}, good...)
	forged[len(forged)-10] ^= 1
	version := append(hexutil.Bytes{}, good...)
	version[versionAt(good)] = 2
	oneLane := api.ArgsOf(included.Tx)
	oneLane.Legs = oneLane.Legs[:1]
	noSignature := api.ArgsOf(included.Tx)
	noSignature.Signature = nil
	noLegs := api.ArgsOf(included.Tx)
	noLegs.Legs = nil
	many := api.ArgsOf(included.Tx)
	for len(many.Legs) <= tx.MaxBundleLegs {
		many.Legs = append(many.Legs, many.Legs...)
	}
	fat := api.ArgsOf(included.Tx)
	fat.Legs = []api.LegArgs{{Namespace: chaintest.Alpha, Data: make([]byte, tx.MaxLegData+1)}, {Namespace: chaintest.Beta, Data: []byte{1}}}
	fatter := api.ArgsOf(included.Tx)
	fatter.Legs = nil
	for i := range 5 {
		fatter.Legs = append(fatter.Legs, api.LegArgs{Namespace: []namespaces.Namespace{chaintest.Alpha, chaintest.Beta}[i%2], Data: make([]byte, tx.MaxLegData)})
	}
	tests := map[string]struct {
		method string
		args   []any
		number int
		code   string
	}{
		"malformed RLP":          {"seq_sendTransaction", []any{"0xc0c0"}, -38100, "malformed"},
		"no bytes":               {"seq_sendTransaction", []any{"0x"}, -38100, "malformed"},
		"not hexadecimal":        {"seq_sendTransaction", []any{"hello"}, -32602, ""},
		"wrong version":          {"seq_sendTransaction", []any{version}, -38101, "wrong_version"},
		"wrong chain id":         {"seq_sendTransaction", []any{sign(func(f *tx.Fields) { f.ChainID = "other" })}, -38102, "wrong_chain_id"},
		"oversized transaction":  {"seq_sendBundle", []any{fatter}, -38103, "tx_too_large"},
		"oversized leg":          {"seq_sendBundle", []any{fat}, -38104, "leg_too_large"},
		"too many legs":          {"seq_sendBundle", []any{many}, -38105, "too_many_legs"},
		"no legs":                {"seq_sendBundle", []any{noLegs}, -38106, "no_legs"},
		"bad signature":          {"seq_sendTransaction", []any{forged}, -38107, "bad_signature"},
		"no signature":           {"seq_sendBundle", []any{noSignature}, -38107, "bad_signature"},
		"expired":                {"seq_sendTransaction", []any{sign(func(f *tx.Fields) { f.Expiry = 5 })}, -38120, "expired"},
		"expiry too far":         {"seq_sendTransaction", []any{sign(func(f *tx.Fields) { f.Expiry = 1 << 40 })}, -38121, "expiry_too_far"},
		"unknown namespace":      {"seq_sendTransaction", []any{sign(func(f *tx.Fields) { f.Legs = []tx.Leg{chaintest.Leg(namespaces.Namespace{0: 7}, "x")} })}, -38122, "unknown_namespace"},
		"unexpected auth":        {"seq_sendTransaction", []any{sign(func(f *tx.Fields) { f.Auths = []tx.Auth{auth} })}, -38123, "unexpected_auth"},
		"fee too low":            {"seq_sendTransaction", []any{sign(func(f *tx.Fields) { f.MaxFeePerByte = 1 })}, -38124, "fee_too_low"},
		"spent salt":             {"seq_sendTransaction", []any{sign(func(f *tx.Fields) { f.Salt = included.Salt() })}, -38125, "spent"},
		"included already":       {"seq_sendBundle", []any{hexutil.Bytes(included.Raw())}, -38125, "spent"},
		"unfunded":               {"seq_sendTransaction", []any{sign(func(f *tx.Fields) { f.Tip = 1 << 63 })}, -38127, "unfunded"},
		"bundle of one lane":     {"seq_sendBundle", []any{oneLane}, -38005, "not_bundle"},
		"bundle of one, encoded": {"seq_sendBundle", []any{good}, -38005, "not_bundle"},
		"bundle as a number":     {"seq_sendBundle", []any{7}, -32602, "bad_argument"},
		"bundle, unknown field":  {"seq_sendBundle", []any{map[string]any{"nonce": 1}}, -32602, "bad_argument"},
		"bundle, null":           {"seq_sendBundle", []any{nil}, -32602, ""},

		"height 0":                  {"seq_getHeader", []any{0}, -38004, "bad_range"},
		"height in the future":      {"seq_getHeader", []any{6}, -38001, "not_yet"},
		"the largest height":        {"seq_getBlock", []any{"0xffffffffffffffff"}, -38001, "not_yet"},
		"height above 64 bits":      {"seq_getBlock", []any{"0x10000000000000000"}, -32602, ""},
		"negative height":           {"seq_getHeader", []any{-1}, -32602, ""},
		"height of another word":    {"seq_getHeader", []any{"pending"}, -32602, ""},
		"pruned header":             {"seq_getHeader", []any{2}, -38002, "pruned"},
		"pruned block":              {"seq_getBlock", []any{2}, -38002, "pruned"},
		"certificate not yet":       {"seq_getCertificate", []any{5}, -38001, "not_yet"},
		"certificate pruned":        {"seq_getCertificate", []any{1}, -38002, "pruned"},
		"lane from 0":               {"seq_getLane", []any{chaintest.Alpha, 0, 4}, -38004, "bad_range"},
		"lane reversed":             {"seq_getLane", []any{chaintest.Alpha, 4, 3}, -38004, "bad_range"},
		"lane, too many heights":    {"seq_getLane", []any{chaintest.Alpha, 1, 1000}, -38004, "bad_range"},
		"lane not certified":        {"seq_getLane", []any{chaintest.Alpha, 4, 5}, -38001, "not_yet"},
		"lane from the future":      {"seq_getLane", []any{chaintest.Alpha, 100}, -38001, "not_yet"},
		"lane pruned":               {"seq_getLane", []any{chaintest.Alpha, 2, 3}, -38002, "pruned"},
		"lane, half-open":           {"seq_getLane", []any{chaintest.Alpha}, -32602, ""},
		"lane, short namespace":     {"seq_getLane", []any{"0x61", 3, 4}, -32602, ""},
		"lane, long namespace":      {"seq_getLane", []any{"0x" + strings.Repeat("61", 11), 3, 4}, -32602, ""},
		"lane, namespace bare":      {"seq_getLane", []any{strings.Repeat("61", 10), 3, 4}, -32602, ""},
		"lane of a bad namespace":   {"seq_getLane", []any{"0xzz", 3, 4}, -32602, ""},
		"proof of the unknown":      {"seq_getInclusionProof", []any{common.Hash{9}}, -38003, "not_found"},
		"proof with many lanes":     {"seq_getInclusionProof", []any{included.ID(), api.InclusionOptions{Lanes: make([]namespaces.Namespace, 40)}}, -32602, "bad_argument"},
		"absence of the present":    {"seq_getAbsenceProof", []any{included.ID(), 3, 4}, -32602, "bad_argument"},
		"absence, half-open":        {"seq_getAbsenceProof", []any{common.Hash{9}, 3}, -32602, ""},
		"absence, in the future":    {"seq_getAbsenceProof", []any{common.Hash{9}, 90, 91}, -38001, "not_yet"},
		"absence, pruned":           {"seq_getAbsenceProof", []any{common.Hash{9}, 1, 3}, -38002, "pruned"},
		"absence, reversed":         {"seq_getAbsenceProof", []any{common.Hash{9}, 4, 3}, -38004, "bad_range"},
		"absence, too many heights": {"seq_getAbsenceProof", []any{common.Hash{9}, 1, 100}, -38004, "bad_range"},
		"history of no blocks":      {"seq_feeHistory", []any{chaintest.Alpha, 0, "latest"}, -38004, "bad_range"},
		"history of too many":       {"seq_feeHistory", []any{chaintest.Alpha, 1025, "latest"}, -38004, "bad_range"},
		"tips of too many blocks":   {"seq_feeHistory", []any{chaintest.Alpha, 33, "latest", []int{50}}, -38004, "bad_range"},
		"percentile above 100":      {"seq_feeHistory", []any{chaintest.Alpha, 1, "latest", []int{50, 101}}, -32602, "bad_argument"},
		"history of the future":     {"seq_feeHistory", []any{chaintest.Alpha, 1, 1 << 40}, -38001, "not_yet"},
		"fee of nothing":            {"seq_estimateFee", []any{api.FeeArgs{}}, -32602, "bad_argument"},
		"fee of a leg of 0 bytes":   {"seq_estimateFee", []any{api.FeeArgs{Legs: []int{0}}}, -32602, "bad_argument"},
		"fee, overflowing":          {"seq_estimateFee", []any{map[string]any{"weight": "0xffffffffffffffff"}}, -32602, "bad_argument"},
		"namespace, unknown":        {"seq_getNamespace", []any{namespaces.Namespace{0: 9}}, -38122, "unknown_namespace"},
		"namespace, malformed":      {"seq_getNamespace", []any{"0xzz"}, -32602, ""},
		"namespace, no argument":    {"seq_getNamespace", nil, -32602, ""},
		"account, malformed":        {"seq_getAccount", []any{"0x12"}, -32602, ""},
		"account, bad options":      {"seq_getAccount", []any{common.Address{}, "proof"}, -32602, ""},
		"namespaces after nothing":  {"seq_getNamespaces", []any{"0x12zz"}, -32602, ""},
		"a method that is not":      {"seq_mine", nil, -32601, ""},
		"a subscription over HTTP":  {"seq_subscribe", []any{"headers", 1}, -32601, ""},
		"an id that is too short":   {"seq_getTransaction", []any{"0x12"}, -32602, ""},
	}
	for name, test := range tests {
		_, err := n.raw(test.method, test.args...)
		var e rpc.Error
		if !errors.As(err, &e) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if e.ErrorCode() != test.number || client.Code(err) != test.code {
			t.Errorf("%s: %d %q, want %d %q: %v", name, e.ErrorCode(), client.Code(err), test.number, test.code, err)
		}
	}
	if _, err := n.http.SendTransaction(t.Context(), n.Tx(t, 50, chaintest.Leg(chaintest.Alpha, "after all that"))); err != nil {
		t.Errorf("after all bad input: %v", err)
	}
}

// versionAt is where the version stands in an encoded transaction: behind the list's head.
func versionAt(raw []byte) int {
	if raw[0] >= 0xf8 {
		return 1 + int(raw[0]-0xf7)
	}
	return 1
}
