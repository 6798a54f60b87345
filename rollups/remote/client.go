package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/rpc"

	"github.com/lockstep-network/lockstep/rollups"
)

// retryPause is between two attempts to reach an executor.
const retryPause = 250 * time.Millisecond

// Client is an executor in another process. Its calls may be repeated: an executor that has done what was asked answers the same again.
type Client struct {
	rpc *rpc.Client
	id  common.Hash
	log *slog.Logger

	mu   sync.Mutex
	head rollups.Output // guarded by mu: the executor's, as it was told last
}

var _ rollups.Executor = (*Client)(nil)

// Dial waits until an executor answers on the unix socket at path, and checks that it serves the same rollup.
func Dial(ctx context.Context, path string, id Identity, log *slog.Logger) (*Client, error) {
	dialer := new(net.Dialer)
	transport := &http.Transport{
		DialContext:     func(ctx context.Context, _, _ string) (net.Conn, error) { return dialer.DialContext(ctx, "unix", path) },
		IdleConnTimeout: idleTime / 2, // sooner than the server's
	}
	c, err := rpc.DialOptions(ctx, "http://executor", rpc.WithHTTPClient(&http.Client{Transport: bounded{transport}}))
	if err != nil {
		return nil, fmt.Errorf("dial the executor at %s: %w", path, err)
	}
	client := &Client{rpc: c, id: id.hash(), log: log}
	for waiting := false; ; waiting = true {
		err := client.hello(ctx, id)
		if err == nil {
			return client, nil
		}
		var refused rpc.Error
		if errors.As(err, &refused) || ctx.Err() != nil {
			client.Close()
			return nil, fmt.Errorf("dial the executor at %s: %w", path, err)
		}
		if !waiting {
			log.WarnContext(ctx, "waiting for the executor", "socket", path, "error", err)
		}
		pause(ctx, retryPause)
	}
}

// Close lets go of the connections.
func (c *Client) Close() { c.rpc.Close() }

// Head implements rollups.Executor: the head as it was told last. A block whose answer was lost shows when it is asked for again.
func (c *Client) Head() rollups.Output {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.head
}

// Execute implements rollups.Executor.
func (c *Client) Execute(ctx context.Context, in rollups.Input) (rollups.Output, error) {
	return c.drive(ctx, fmt.Sprintf("execute shared height %d", in.Height), "execute", c.Head().BlockHash, encodeInput(in))
}

// Rollback implements rollups.Executor.
func (c *Client) Rollback(ctx context.Context, number uint64) error {
	_, err := c.drive(ctx, fmt.Sprintf("roll back to block %d", number), "rollback", hexutil.Uint64(number))
	return err
}

// drive makes a call that moves the head.
func (c *Client) drive(ctx context.Context, action, method string, args ...any) (rollups.Output, error) {
	ctx, cancel := context.WithTimeout(ctx, executeTime)
	defer cancel()
	var out outputJSON
	if err := c.call(ctx, &out, method, args...); err != nil {
		return rollups.Output{}, c.severe(fmt.Errorf("%s: %w", action, err))
	}
	c.moved(out.decode())
	return out.decode(), nil
}

// severe gives an error the severity that it had there, and takes over the head that came with it. A head that has moved on did more than the
// answers that arrived said; one that has not, and is another, has lost blocks: then soft cannot stand.
func (c *Client) severe(err error) error {
	var data rpc.DataError
	var detail errorJSON
	if !errors.As(err, &data) || remarshal(data.ErrorData(), &detail) != nil {
		return err
	}
	if detail.Severity == rollups.Critical.String() {
		return &rollups.ExecutorError{Severity: rollups.Critical, Err: err}
	}
	lost := false
	if detail.Head != nil {
		known, head := c.Head(), detail.Head.decode()
		c.moved(head)
		lost = head != known && head.Number <= known.Number
	}
	if lost || detail.Severity == rollups.Reset.String() {
		return &rollups.ExecutorError{Severity: rollups.Reset, Err: err}
	}
	return err
}

func (c *Client) moved(head rollups.Output) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.head = head
}

func (c *Client) hello(ctx context.Context, id Identity) error {
	ctx, cancel := context.WithTimeout(ctx, tellTime)
	defer cancel()
	var answer helloAnswer
	if err := c.rpc.CallContext(ctx, &answer, "executor_hello", id.hello()); err != nil {
		return err
	}
	if answer.Version != Version {
		return &wireError{code: codeIdentity, text: fmt.Sprintf("it speaks version %d of the protocol, here it is %d", answer.Version, Version)}
	}
	c.moved(answer.Head.decode())
	return nil
}

func (c *Client) call(ctx context.Context, answer any, method string, args ...any) error {
	return c.rpc.CallContext(ctx, answer, "executor_"+method, append([]any{c.id}, args...)...)
}

// bounded cuts off answers above maxAnswer.
type bounded struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		answer.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(answer.Body, maxAnswer), answer.Body}
	}
	return answer, err
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
