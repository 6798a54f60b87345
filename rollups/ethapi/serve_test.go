package ethapi

import (
	"context"
	"io"
	"log/slog"
	"math/big"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/math"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rpc"

	"github.com/lockstep-network/lockstep/rollups"
	"github.com/lockstep-network/lockstep/rollups/evm"
)

type genesisHeads struct{}

func (genesisHeads) Heads() (soft, firm, final uint64) { return 0, 0, 0 }
func (genesisHeads) Status() rollups.Heads             { return rollups.Heads{} }

// open makes a server of an empty chain.
func open(t *testing.T, change func(*Config)) *Server {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	genesis := evm.Genesis{ChainID: 1, GasLimit: 30_000_000, Alloc: map[common.Address]evm.Account{{1}: {Nonce: 1}}}
	chain, err := evm.Open(t.Context(), evm.Config{Dir: t.TempDir(), Genesis: genesis, CacheMiB: 16, Handles: 64, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := chain.Close(); err != nil {
			t.Error(err)
		}
	})
	cfg := Config{Chain: chain, Heads: genesisHeads{}, Listen: "127.0.0.1:0", Log: quiet}
	if change != nil {
		change(&cfg)
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// serving serves until the test ends, and checks that it ends well.
func serving(t *testing.T, s *Server) (address string, stop func()) {
	t.Helper()
	port, err := s.listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.serve(ctx, port) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(stop)
	return port.Addr(), stop
}

func dial(t *testing.T, url string) *rpc.Client {
	t.Helper()
	c, err := rpc.DialContext(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestServeTellsOfATakenPort(t *testing.T) {
	address, _ := serving(t, open(t, nil))
	err := open(t, func(c *Config) { c.Listen = address }).Serve(t.Context())
	if err == nil || !strings.Contains(err.Error(), "port is taken") || !strings.Contains(err.Error(), address) {
		t.Fatal(err)
	}
}

// When Serve returns, subscribers are gone and nobody reads the chain any more.
func TestServeEnds(t *testing.T) {
	s := open(t, nil)
	address, stop := serving(t, s)
	live := dial(t, "ws://"+address)
	sub, err := live.EthSubscribe(t.Context(), make(chan *types.Header, 1), "newHeads")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (&filtersAPI{s.filters}).NewBlockFilter(); err != nil {
		t.Fatal(err)
	}
	stop()
	if err := <-sub.Err(); err == nil {
		t.Fatal("the subscription ended without an error")
	}
	if s.subs.all != 0 || len(s.filters.byID) != 0 {
		t.Fatalf("left: %d subscriptions, %d filters", s.subs.all, len(s.filters.byID))
	}
}

// One connection too many is closed at once; when another goes, there is room again.
func TestConnectionsAreBounded(t *testing.T) {
	address, _ := serving(t, open(t, func(c *Config) { c.Limits.Connections = 2 }))
	first, second := dial(t, "ws://"+address), dial(t, "ws://"+address)
	extra, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := extra.Read(make([]byte, 1)); err == nil {
		t.Fatal("one connection too many was kept")
	} else if err != io.EOF { //nolint:errorlint // a reset does as well
		t.Log(err)
	}
	first.Close()
	for ctx, try := t.Context(), 0; ; try++ {
		c, err := rpc.DialContext(ctx, "ws://"+address)
		if err == nil {
			c.Close()
			break
		}
		if try == 1000 {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond) // until the server has seen the end
	}
	if err := second.CallContext(t.Context(), new(string), "net_version"); err != nil {
		t.Fatal(err)
	}
}

// Heavy methods wait for a place, but not for ever.
func TestHeavyMethodsWait(t *testing.T) {
	s := open(t, func(c *Config) { c.Limits.Calls, c.Limits.CallTime = 1, 20*time.Millisecond })
	b := newBackend(s.cfg, s.metrics)
	_, done, err := b.work(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.work(t.Context()); err != errBusy { //nolint:errorlint // the very error
		t.Fatal(err)
	}
	done()
	if _, done, err = b.work(t.Context()); err != nil {
		t.Fatal(err)
	}
	done()
}

// accepting is a gateway that takes everything, and never sequences it.
type accepting struct{ Gateway }

func (accepting) Submit(context.Context, []byte) (common.Hash, error) { return common.Hash{1}, nil }

// One waiter too many is told at once that its transaction is taken and not in a block yet.
func TestWaitersAreBounded(t *testing.T) {
	s := open(t, func(c *Config) { c.Gateway, c.Limits.Waiters = accepting{}, 1 })
	b := newBackend(s.cfg, s.metrics)
	api := &transactionsAPI{b}
	b.waiters <- struct{}{}
	if _, err := api.SendRawTransactionSync(t.Context(), nil, nil); err == nil || err.Error() != notYet(common.Hash{1}).Error() {
		t.Fatal(err)
	}
	<-b.waiters
	short := math.HexOrDecimal64(1)
	if _, err := api.SendRawTransactionSync(t.Context(), nil, &short); err == nil || len(b.waiters) != 0 {
		t.Fatal(err)
	}
}

// underway is a gateway that has every transaction on its way.
type underway struct{ Gateway }

func (underway) Pending(common.Hash) ([]byte, bool) { return []byte{1}, true }

// A question for the receipt of a transaction that is on its way is not answered before the block that holds it is there.
func TestReceiptIsWaitedFor(t *testing.T) {
	s := open(t, func(c *Config) { c.Gateway, c.Limits.Waiters = underway{}, 1 })
	b := newBackend(s.cfg, s.metrics)
	api := &transactionsAPI{b}
	key, err := crypto.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	tx := types.MustSignNewTx(key, s.cfg.Chain.Signer(), &types.DynamicFeeTx{ChainID: big.NewInt(1), To: new(common.Address), Gas: 21_000})
	raw, err := tx.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	answered := make(chan *receiptJSON, 1)
	go func() {
		receipt, err := api.awaitReceipt(t.Context(), tx.Hash(), time.Minute)
		if err != nil {
			t.Error(err)
		}
		answered <- receipt
	}()
	for len(b.waiters) == 0 && len(answered) == 0 { // until the question waits
		runtime.Gosched()
	}
	if _, err := s.cfg.Chain.Execute(t.Context(), rollups.Input{Height: 1, TimeMS: 1, Entries: [][]byte{raw}}); err != nil {
		t.Fatal(err)
	}
	if receipt := <-answered; receipt == nil {
		t.Fatal("the wait ends without the receipt")
	}
	if receipt, err := api.GetTransactionReceipt(t.Context(), tx.Hash()); receipt == nil || err != nil {
		t.Fatal(receipt, err)
	}
	b.waiters <- struct{}{} // nobody may wait any more: an unknown one is answered at once
	if receipt, err := api.GetTransactionReceipt(t.Context(), common.Hash{9}); receipt != nil || err != nil {
		t.Fatal(receipt, err)
	}
}

// A call that does not end is stopped after its time.
func TestCallsAreStopped(t *testing.T) {
	s := open(t, func(c *Config) { c.Limits.CallTime, c.Limits.CallGas = 50*time.Millisecond, 1<<62 })
	address, _ := serving(t, s)
	err := dial(t, "http://"+address).CallContext(t.Context(), new(string), "eth_call", map[string]string{"data": "0x5b600056"})
	if err == nil || !strings.Contains(err.Error(), "execution aborted (timeout = 50ms)") {
		t.Fatal(err)
	}
}

// Filters that nobody asks are forgotten.
func TestFiltersExpire(t *testing.T) {
	s := open(t, func(c *Config) { c.Limits.FilterLife = time.Minute })
	api := &filtersAPI{s.filters}
	id, err := api.NewBlockFilter()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := api.GetFilterChanges(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	s.filters.byID[id].used = time.Now().Add(-2 * time.Minute)
	if _, err := api.NewBlockFilter(); err != nil {
		t.Fatal(err)
	}
	if len(s.filters.byID) != 1 {
		t.Fatalf("%d filters", len(s.filters.byID))
	}
	if _, err := api.GetFilterChanges(t.Context(), id); err != errNoFilter { //nolint:errorlint // the very error
		t.Fatal(err)
	}
	s.filters.close()
}

// A rollback below what a follower remembers, or below what is kept of the logs, ends it: it cannot say what is gone.
func TestTailForgets(t *testing.T) {
	b := &backend{kept: newKeptLogs(2 * logOverhead)}
	logs := func(number uint64) []*types.Log {
		return []*types.Log{{BlockNumber: number, BlockHash: common.Hash{byte(number)}}}
	}
	tail := &logTail{b: b, lost: 6}
	for number := uint64(7); number <= 9; number++ {
		b.kept.add(logs(number))
		b.kept.add(logs(number)) // another follower, told the same
		tail.told = append(tail.told, told{number, common.Hash{byte(number)}})
	}
	gone, err := tail.take(evm.Event{Number: 8, Rewound: true})
	if err != nil || len(gone) != 1 || !gone[0].Removed || gone[0].BlockNumber != 9 {
		t.Fatal(gone, err)
	}
	if held, _ := b.kept.get(common.Hash{9}); held[0].Removed {
		t.Fatal("what is kept was changed")
	}
	if _, err := tail.take(evm.Event{Number: 6, Rewound: true}); err != errForgotten { //nolint:errorlint // the very error
		t.Fatalf("block 7 is not kept any more: %v", err)
	}
	if _, err := tail.take(evm.Event{Number: 5, Rewound: true}); err != errForgotten { //nolint:errorlint // the very error
		t.Fatal(err)
	}
}

func TestSyncing(t *testing.T) {
	s := open(t, func(c *Config) { c.Announced = func() uint64 { return 500 } })
	b := &backend{Config: s.cfg}
	if got := (&blocksAPI{b}).Syncing(); got != (progress{Highest: 500}) {
		t.Fatalf("%+v", got)
	}
	b.Announced = func() uint64 { return behindShown }
	if got, ok := (&blocksAPI{b}).Syncing().(bool); !ok || got {
		t.Fatalf("%v, is it one: %v", got, ok)
	}
}
