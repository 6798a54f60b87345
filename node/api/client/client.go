// Package client is a typed client of the sequencer's JSON-RPC (specs/08-rpc.md), thin over go-ethereum's. It believes what a node answers about
// itself; what it answers about blocks is a [proof.Document], to be verified with the genesis.
package client

import (
	"context"
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/rpc"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/proof"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/api"
)

// maxMessage bounds an answer over a WebSocket in bytes: one lane at its largest, in hexadecimal digits, and its proof.
const maxMessage = 40 << 20

// Client asks one node. It is safe for concurrent use.
type Client struct{ rpc *rpc.Client }

// Dial connects to a node by an http(s) or ws(s) URL; subscriptions need the latter.
func Dial(ctx context.Context, url string) (*Client, error) {
	c, err := rpc.DialOptions(ctx, url, rpc.WithWebsocketMessageSizeLimit(maxMessage))
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", url, err)
	}
	return &Client{c}, nil
}

// Close ends the connection and all subscriptions.
func (c *Client) Close() { c.rpc.Close() }

// Code is the name of a coded error, as "expired"; empty for any other error.
func Code(err error) string {
	var e rpc.DataError
	if !errors.As(err, &e) {
		return ""
	}
	data, ok := e.ErrorData().(map[string]any)
	if !ok {
		return ""
	}
	code, _ := data["code"].(string)
	return code
}

func call[T any](ctx context.Context, c *Client, method string, args ...any) (T, error) {
	var out T
	if err := c.rpc.CallContext(ctx, &out, "seq_"+method, args...); err != nil {
		return out, fmt.Errorf("seq_%s: %w", method, err)
	}
	return out, nil
}

// ChainID names the network.
func (c *Client) ChainID(ctx context.Context) (string, error) { return call[string](ctx, c, "chainId") }

// Genesis returns the document and the hash that the node says it has.
func (c *Client) Genesis(ctx context.Context) (*api.Genesis, error) {
	return call[*api.Genesis](ctx, c, "genesis")
}

// Status tells where the node is.
func (c *Client) Status(ctx context.Context) (*api.Status, error) {
	return call[*api.Status](ctx, c, "status")
}

// SendTransaction sends a signed transaction.
func (c *Client) SendTransaction(ctx context.Context, t tx.Verified) (*api.Sent, error) {
	return call[*api.Sent](ctx, c, "sendTransaction", hexutil.Bytes(t.Raw()))
}

// SendBundle sends a signed transaction that spans namespaces.
func (c *Client) SendBundle(ctx context.Context, t tx.Verified) (*api.Sent, error) {
	return call[*api.Sent](ctx, c, "sendBundle", hexutil.Bytes(t.Raw()))
}

// Transaction tells what became of a transaction.
func (c *Client) Transaction(ctx context.Context, id common.Hash) (*api.Transaction, error) {
	return call[*api.Transaction](ctx, c, "getTransaction", id)
}

// InclusionProof returns a document about a transaction in a certified block, with lanes of the block if any are named.
func (c *Client) InclusionProof(ctx context.Context, id common.Hash, lanes ...namespaces.Namespace) (*proof.Document, error) {
	return call[*proof.Document](ctx, c, "getInclusionProof", id, api.InclusionOptions{Lanes: lanes})
}

// AbsenceProof returns a document about a transaction that stands in none of the blocks from a height to another.
func (c *Client) AbsenceProof(ctx context.Context, id common.Hash, from, to uint64) (*proof.Document, error) {
	return call[*proof.Document](ctx, c, "getAbsenceProof", id, from, to)
}

// Lane returns a document about a namespace's lanes from a height to another; to = 0 goes as far as one answer does.
func (c *Client) Lane(ctx context.Context, ns namespaces.Namespace, from, to uint64) (*api.Lanes, error) {
	if to == 0 {
		return call[*api.Lanes](ctx, c, "getLane", ns, from)
	}
	return call[*api.Lanes](ctx, c, "getLane", ns, from, to)
}

// Header returns a header.
func (c *Client) Header(ctx context.Context, height api.Height) (*api.Header, error) {
	return call[*api.Header](ctx, c, "getHeader", height)
}

// Block returns a block's transactions, with their encodings if full.
func (c *Client) Block(ctx context.Context, height api.Height, full bool) (*api.Block, error) {
	return call[*api.Block](ctx, c, "getBlock", height, full)
}

// Certificate returns the certificate that covers a height.
func (c *Client) Certificate(ctx context.Context, height api.Height) (*api.Certificate, error) {
	return call[*api.Certificate](ctx, c, "getCertificate", height)
}

// Account returns what an address holds.
func (c *Client) Account(ctx context.Context, address common.Address) (*api.Account, error) {
	return call[*api.Account](ctx, c, "getAccount", address)
}

// ProvenAccount is Account with a proof, which waits for a block.
func (c *Client) ProvenAccount(ctx context.Context, address common.Address) (*api.Account, error) {
	return call[*api.Account](ctx, c, "getAccount", address, api.RecordOptions{Proof: true})
}

// Namespace returns what the ledger knows of a namespace.
func (c *Client) Namespace(ctx context.Context, ns namespaces.Namespace) (*api.Namespace, error) {
	return call[*api.Namespace](ctx, c, "getNamespace", ns)
}

// ProvenNamespace is Namespace with a proof, which waits for a block; also for one that nobody has registered.
func (c *Client) ProvenNamespace(ctx context.Context, ns namespaces.Namespace) (*api.Namespace, error) {
	return call[*api.Namespace](ctx, c, "getNamespace", ns, api.RecordOptions{Proof: true})
}

// FeeHistory tells what a byte cost in a namespace.
func (c *Client) FeeHistory(ctx context.Context, ns namespaces.Namespace, blocks uint64, newest api.Height, percentiles ...int) (*api.FeeHistory, error) {
	if percentiles == nil {
		return call[*api.FeeHistory](ctx, c, "feeHistory", ns, blocks, newest)
	}
	return call[*api.FeeHistory](ctx, c, "feeHistory", ns, blocks, newest, percentiles)
}

// EstimateFee tells what a transaction is charged.
func (c *Client) EstimateFee(ctx context.Context, args api.FeeArgs) (*api.Fee, error) {
	return call[*api.Fee](ctx, c, "estimateFee", args)
}

// Operators returns the operators; with an owner, that one alone.
func (c *Client) Operators(ctx context.Context, owner ...common.Address) (*api.Operators, error) {
	return c.operators(ctx, false, owner)
}

// ProvenOperators is Operators with a proof, which waits for a block.
func (c *Client) ProvenOperators(ctx context.Context, owner ...common.Address) (*api.Operators, error) {
	return c.operators(ctx, true, owner)
}

func (c *Client) operators(ctx context.Context, prove bool, owner []common.Address) (*api.Operators, error) {
	options := api.OperatorOptions{Proof: prove}
	if len(owner) > 0 {
		options.Owner = &owner[0]
	}
	return call[*api.Operators](ctx, c, "getOperators", options)
}

// Rewards tells what an address has earned.
func (c *Client) Rewards(ctx context.Context, address common.Address, options api.RewardOptions) (*api.Rewards, error) {
	return call[*api.Rewards](ctx, c, "getRewards", address, options)
}

// Parameters tells the parameters, and what operators want to change about them.
func (c *Client) Parameters(ctx context.Context) (*api.Parameters, error) {
	return call[*api.Parameters](ctx, c, "getParameters")
}

// ProvenParameters is Parameters with a proof, which waits for a block.
func (c *Client) ProvenParameters(ctx context.Context) (*api.Parameters, error) {
	return call[*api.Parameters](ctx, c, "getParameters", api.RecordOptions{Proof: true})
}

// Supply tells where all wei are.
func (c *Client) Supply(ctx context.Context) (*api.Supply, error) {
	return call[*api.Supply](ctx, c, "getSupply")
}

// ProvenSupply is Supply with a proof, which waits for a block.
func (c *Client) ProvenSupply(ctx context.Context) (*api.Supply, error) {
	return call[*api.Supply](ctx, c, "getSupply", api.RecordOptions{Proof: true})
}

// Namespaces returns all registered namespaces, ascending.
func (c *Client) Namespaces(ctx context.Context) ([]api.NamespaceLine, error) {
	var all []api.NamespaceLine
	var after *namespaces.Namespace
	for {
		page, err := call[[]api.NamespaceLine](ctx, c, "getNamespaces", after)
		if err != nil || len(page) == 0 {
			return all, err
		}
		all = append(all, page...)
		after = &page[len(page)-1].Namespace
	}
}

// Headers brings every certified header from a height on to out, in order, until the subscription ends. A subscription that ends with an error, as
// one does whose reader is too slow, is resumed by subscribing from the next height.
func (c *Client) Headers(ctx context.Context, from uint64, out chan<- api.HeaderNotice) (*rpc.ClientSubscription, error) {
	return c.rpc.Subscribe(ctx, "seq", out, "headers", from)
}

// Lanes brings what every block from a height on holds under a namespace: see Headers.
func (c *Client) Lanes(ctx context.Context, ns namespaces.Namespace, from uint64, out chan<- api.LaneNotice) (*rpc.ClientSubscription, error) {
	return c.rpc.Subscribe(ctx, "seq", out, "lane", ns, from)
}

// Transactions brings what became of a transaction to out whenever it changes.
func (c *Client) Transactions(ctx context.Context, id common.Hash, out chan<- api.Transaction) (*rpc.ClientSubscription, error) {
	return c.rpc.Subscribe(ctx, "seq", out, "transaction", id)
}
