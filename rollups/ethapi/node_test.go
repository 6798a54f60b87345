package ethapi_test

import (
	"context"
	"crypto/ecdsa"
	"encoding/binary"
	"encoding/json"
	"errors"
	"log/slog"
	"math/big"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum"
	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/math"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/ethclient"
	"github.com/ethereum/go-ethereum/rpc"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/rollups"
	"github.com/lockstep-network/lockstep/rollups/ethapi"
	"github.com/lockstep-network/lockstep/rollups/evm"
	"github.com/lockstep-network/lockstep/rollups/evmnode"
	"github.com/lockstep-network/lockstep/rollups/gateway"
)

const (
	testChainID = 7001
	testTime    = 1_700_000_000
	gwei        = 1_000_000_000
	patience    = 20 * time.Second // for what must happen; a test that waits so long has failed
)

func testKey(n uint64) *ecdsa.PrivateKey {
	key, err := crypto.ToECDSA(crypto.Keccak256(binary.BigEndian.AppendUint64([]byte("lockstep ethapi test"), n)))
	if err != nil {
		panic(err)
	}
	return key
}

func addr(n uint64) common.Address { return crypto.PubkeyToAddress(testKey(n).PublicKey) }

func ether(n int64) *big.Int { return new(big.Int).Mul(big.NewInt(n), big.NewInt(1e18)) }

// node is a chain with a gateway, a sequencer and a server. The sequencer makes a block of what is published at once, unless it is held.
type node struct {
	t       testing.TB
	chain   *evm.Chain
	gateway *gateway.Gateway
	server  *ethapi.Server
	url     string // of HTTP

	mu          sync.Mutex
	height      uint64 // of the last shared block
	fork        byte   // changes hashes of shared blocks after a rollback
	held        bool
	queue       [][]byte
	seen        map[common.Hash]bool
	changed     chan struct{}
	firm, final uint64 // rollup blocks
}

// start runs a node; change may change the server's configuration.
func start(t testing.TB, change func(*ethapi.Config)) *node {
	t.Helper()
	genesis := evm.Genesis{
		ChainID: testChainID, GasLimit: 100_000_000, BaseFee: gwei, Coinbase: common.HexToAddress("0xc0ffee"), Timestamp: testTime,
		Alloc: map[common.Address]evm.Account{},
	}
	for n := range uint64(4) {
		genesis.Alloc[addr(n)] = evm.Account{Balance: (*math.HexOrDecimal256)(ether(1000))}
	}
	quiet := slog.New(slog.DiscardHandler)
	chain, err := evm.Open(t.Context(), evm.Config{Dir: t.TempDir(), Genesis: genesis, CacheMiB: 16, Handles: 64, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	n := &node{t: t, chain: chain, height: 1, seen: make(map[common.Hash]bool), changed: make(chan struct{})}
	n.gateway, err = gateway.Open(gateway.Config{
		Dir: t.TempDir(), ChainID: "test", Namespace: namespaces.Namespace{0: 1, 9: 1}, Key: testKey(99), Parser: evmnode.Parser(chain), State: evmnode.Results(chain),
		Soft: n.soft, Publish: n.publish, MaxFeePerByte: 1 << 40, Linger: time.Millisecond, Log: quiet,
	})
	if err != nil {
		t.Fatal(err)
	}
	var run sync.WaitGroup
	run.Go(func() {
		if err := n.gateway.Run(t.Context()); err != nil {
			t.Errorf("gateway: %v", err)
		}
	})
	cfg := ethapi.Config{Chain: chain, Gateway: n.gateway, Heads: n, Log: quiet, Peers: func() int { return 3 }}
	if change != nil {
		change(&cfg)
	}
	if n.server, err = ethapi.New(cfg); err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(n.server.Handler())
	n.url = web.URL
	t.Cleanup(func() {
		web.CloseClientConnections()
		web.Close()
		run.Wait()
		for _, end := range []func() error{n.gateway.Close, chain.Close} {
			if err := end(); err != nil {
				t.Error(err)
			}
		}
	})
	return n
}

// publish takes Txs as the sequencer would: each once, its legs in order.
func (n *node) publish(ctx context.Context, txs [][]byte) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, raw := range txs {
		t, err := tx.Decode(raw)
		if err != nil {
			return err
		}
		if n.seen[t.ID()] {
			continue
		}
		n.seen[t.ID()] = true
		for _, leg := range t.Legs() {
			n.queue = append(n.queue, leg.Data)
		}
	}
	if n.held {
		return nil
	}
	return n.seal(ctx)
}

// seal makes a shared block of the queue. The caller holds mu.
func (n *node) seal(ctx context.Context) error {
	if len(n.queue) == 0 {
		return nil
	}
	n.height++
	_, err := n.chain.Execute(ctx, rollups.Input{
		Height: n.height, Hash: crypto.Keccak256Hash([]byte{n.fork}, binary.BigEndian.AppendUint64(nil, n.height)),
		TimeMS: testTime*1000 + n.height*250, Entries: n.queue,
	})
	n.queue = nil
	close(n.changed)
	n.changed = make(chan struct{})
	return err
}

// hold keeps what is published from now on out of blocks; release puts it into one.
func (n *node) hold() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.held = true
}

func (n *node) release() {
	n.t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.held = false
	if err := n.seal(context.Background()); err != nil {
		n.t.Error(err)
	}
}

// sequence makes a block of these transactions, past the gateway.
func (n *node) sequence(raws ...[]byte) {
	n.t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.queue = append(n.queue, raws...)
	if err := n.seal(context.Background()); err != nil {
		n.t.Fatal(err)
	}
}

// rollback drops the shared blocks above a height. Those that follow are other ones.
func (n *node) rollback(height uint64) {
	n.t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	number, err := n.chain.NumberAtHeight(height)
	if err == nil {
		err = n.chain.Rollback(context.Background(), number)
	}
	if err != nil {
		n.t.Fatal(err)
	}
	n.height = height
	n.fork++
}

func (n *node) soft() (uint64, <-chan struct{}) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.height, n.changed
}

// Heads implements ethapi.Heads.
func (n *node) Heads() (soft, firm, final uint64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.chain.Head().Number, n.firm, n.final
}

// Status implements ethapi.Heads.
func (n *node) Status() rollups.Heads {
	n.mu.Lock()
	defer n.mu.Unlock()
	return rollups.Heads{
		Soft: rollups.Head{Height: n.height, Output: n.chain.Head()},
		Firm: rollups.Head{Output: rollups.Output{Number: n.firm}}, Final: rollups.Head{Output: rollups.Output{Number: n.final}},
	}
}

func (n *node) settle(firm, final uint64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.firm, n.final = firm, final
}

// eth returns an ethclient over HTTP, or over WebSocket.
func (n *node) eth() *ethclient.Client { return ethclient.NewClient(n.dial(n.url)) }

func (n *node) live() *ethclient.Client { return ethclient.NewClient(n.dial(n.ws())) }

func (n *node) ws() string { return strings.Replace(n.url, "http", "ws", 1) }

func (n *node) dial(url string) *rpc.Client {
	n.t.Helper()
	c, err := rpc.DialContext(n.t.Context(), url)
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(c.Close)
	return c
}

// sign signs a transaction of account from; to nil deploys.
func sign(from, nonce uint64, to *common.Address, value int64, gas uint64, data []byte) *types.Transaction {
	return types.MustSignNewTx(testKey(from), types.LatestSignerForChainID(big.NewInt(testChainID)), &types.DynamicFeeTx{
		ChainID: big.NewInt(testChainID), Nonce: nonce, GasTipCap: big.NewInt(gwei), GasFeeCap: big.NewInt(2 * gwei), Gas: gas, To: to,
		Value: big.NewInt(value), Data: data,
	})
}

// transfer is a signed transfer of 1 wei.
func transfer(from, nonce, to uint64) *types.Transaction {
	who := addr(to)
	return sign(from, nonce, &who, 1, 21_000, nil)
}

func raw(t *types.Transaction) []byte {
	b, err := t.MarshalBinary()
	if err != nil {
		panic(err)
	}
	return b
}

// token reads the ERC-20 that the viem story deploys, too.
func token(t testing.TB) (parsed abi.ABI, code []byte) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(viem, "token.json"))
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		ABI      abi.ABI
		Bytecode string
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	return doc.ABI, common.FromHex(doc.Bytecode)
}

func pack(t testing.TB, contract abi.ABI, method string, args ...any) []byte {
	t.Helper()
	data, err := contract.Pack(method, args...)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// await receives within the tests' patience.
func await[T any](t testing.TB, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}

// patient ends when the tests' patience does.
func patient(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// mined waits for a transaction's receipt.
func (n *node) mined(eth *ethclient.Client, t *types.Transaction) *types.Receipt {
	n.t.Helper()
	ctx := patient(n.t)
	for {
		changed := n.chain.Changed()
		receipt, err := eth.TransactionReceipt(ctx, t.Hash())
		if err == nil {
			return receipt
		}
		if !errors.Is(err, ethereum.NotFound) {
			n.t.Fatal(err)
		}
		await(n.t, changed)
	}
}

func (n *node) block(number uint64) *types.Block {
	n.t.Helper()
	block, err := n.chain.BlockByNumber(number)
	if err != nil {
		n.t.Fatal(err)
	}
	return block
}
