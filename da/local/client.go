package local

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/ethereum/go-ethereum/rpc"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/namespaces"
)

// Limits of a client.
const (
	answerTimeout = 60 * time.Second // beyond the server's own, so that its answer is the one that counts
	answerLimit   = 256 << 20        // bytes of one HTTP answer
	idleConns     = 64               // kept open, for readers with many heights in flight
)

// Client is a [da.Layer] served by another process.
type Client struct {
	url  *url.URL
	http *http.Client
	rpc  *rpc.Client
}

var (
	_ da.Layer  = (*Client)(nil)
	_ da.Seeker = (*Client)(nil)
)

// Dial returns a client of the server at an http or https URL. It does not connect: a server that does not answer makes the calls fail
// with [da.ErrUnavailable].
func Dial(rawURL string) (*Client, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, fmt.Errorf("dial local DA: %w", err)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("dial local DA %q: want http://host:port or https://host:port", rawURL)
	}
	transport := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		MaxIdleConnsPerHost: idleConns,
		IdleConnTimeout:     90 * time.Second,
	}
	web := &http.Client{Transport: boundedTransport{transport}, Timeout: answerTimeout}
	c, err := rpc.DialOptions(context.Background(), rawURL, rpc.WithHTTPClient(web))
	if err != nil {
		return nil, fmt.Errorf("dial local DA: %w", err)
	}
	return &Client{u, web, c}, nil
}

// Close lets go of the connections.
func (c *Client) Close() {
	c.rpc.Close()
	c.http.CloseIdleConnections()
}

// Submit implements [da.Layer].
func (c *Client) Submit(ctx context.Context, blobs []da.Blob) (uint64, error) {
	if err := da.Validate(blobs); err != nil {
		return 0, err
	}
	var height uint64
	err := c.call(ctx, &height, "submit", blobs)
	var status rpc.HTTPError
	if errors.As(err, &status) && status.StatusCode == http.StatusRequestEntityTooLarge {
		size := 0
		for _, b := range blobs {
			size += len(b.Data)
		}
		return 0, fmt.Errorf("submit to DA: %s: %w", status.Status, da.ErrTooLarge{Limit: max(size/2, 1)})
	}
	if err == nil && height == 0 {
		err = fmt.Errorf("da_submit: the answer is height 0: %w", da.ErrUnavailable)
	}
	return height, err
}

// Head implements [da.Layer].
func (c *Client) Head(ctx context.Context) (da.Head, error) {
	var h da.Head
	err := c.call(ctx, &h, "head")
	return h, err
}

// Time implements [da.Layer].
func (c *Client) Time(ctx context.Context, height uint64) (uint64, error) {
	var ms uint64
	err := c.call(ctx, &ms, "time", height)
	return ms, err
}

// Seek implements [da.Seeker].
func (c *Client) Seek(ctx context.Context, from uint64, ns []namespaces.Namespace) (uint64, error) {
	var height uint64
	err := c.call(ctx, &height, "seek", from, ns)
	return height, err
}

func (c *Client) call(ctx context.Context, out any, method string, args ...any) error {
	err := c.rpc.CallContext(ctx, out, rpcName+"_"+method, args...)
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%s_%s: %w", rpcName, method, ctx.Err())
	}
	return fmt.Errorf("%s_%s: %w", rpcName, method, fromWire(err))
}

// boundedTransport cuts answers that are longer than any valid one.
type boundedTransport struct{ *http.Transport } // embedded: CloseIdleConnections is its own

func (t boundedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.Transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	resp.Body = http.MaxBytesReader(nil, resp.Body, answerLimit)
	return resp, nil
}
