package ethereum

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/rpc"

	"github.com/lockstep-network/lockstep/da"
)

const (
	answerLimit = 256 << 20 // bytes of one answer of the execution node: a batch of full blocks
	idleConns   = 16        // kept open to one node

	codePruned         = 4444   // JSON-RPC: the node has dropped this part of the history
	codeMethodNotFound = -32601 // JSON-RPC
)

// node is the execution node.
type node struct {
	rpc     *rpc.Client
	timeout time.Duration
}

func dialNode(rawURL string, timeout time.Duration) (*node, error) {
	c, err := rpc.DialOptions(context.Background(), rawURL, rpc.WithHTTPClient(httpClient()), rpc.WithBatchResponseSizeLimit(answerLimit))
	if err != nil {
		return nil, fmt.Errorf("open ethereum DA: %w", withoutURL(err))
	}
	return &node{c, timeout}, nil
}

func httpClient() *http.Client {
	return &http.Client{Transport: boundedTransport{&http.Transport{
		Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: idleConns, IdleConnTimeout: 90 * time.Second,
	}}}
}

// boundedTransport cuts answers that are longer than any valid one.
type boundedTransport struct{ *http.Transport }

func (t boundedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.Transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	resp.Body = http.MaxBytesReader(nil, resp.Body, answerLimit)
	return resp, nil
}

// withoutURL drops the URL from a network error: it may hold a provider's key.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// call asks the node. Its refusals keep their rpc.Error; all else wraps [da.ErrUnavailable], or is the error of ctx.
func (n *node) call(ctx context.Context, out any, method string, args ...any) error {
	limited, cancel := context.WithTimeout(ctx, n.timeout)
	defer cancel()
	return wrap(ctx, method, n.rpc.CallContext(limited, out, method, args...))
}

// batch asks many things in one request; each element has its own error besides.
func (n *node) batch(ctx context.Context, elems []rpc.BatchElem) error {
	limited, cancel := context.WithTimeout(ctx, n.timeout)
	defer cancel()
	if err := wrap(ctx, "batch", n.rpc.BatchCallContext(limited, elems)); err != nil {
		return err
	}
	for i := range elems {
		elems[i].Error = wrap(ctx, elems[i].Method, elems[i].Error)
	}
	return nil
}

func wrap(ctx context.Context, method string, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", method, ctx.Err())
	}
	var refusal rpc.Error
	switch {
	case !errors.As(err, &refusal):
		return fmt.Errorf("%s: %w: %w", method, withoutURL(err), da.ErrUnavailable)
	case refusal.ErrorCode() == codePruned:
		return fmt.Errorf("%s: %w: %w", method, err, da.ErrGone)
	}
	return fmt.Errorf("%s: %w", method, err)
}

// refused says whether an error is the node's own answer.
func refused(err error) bool {
	var refusal rpc.Error
	return errors.As(err, &refusal)
}

// says looks for phrases in a node's refusal: the JSON-RPC has no codes for them, and nodes word them a little differently.
func says(err error, phrases ...string) bool {
	if !refused(err) {
		return false
	}
	text := strings.ToLower(err.Error())
	for _, p := range phrases {
		if strings.Contains(text, p) {
			return true
		}
	}
	return false
}
