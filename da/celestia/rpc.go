package celestia

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/lockstep-network/lockstep/da"
)

// Bounds of an answer in bytes, each above the largest that an honest node gives.
const (
	smallAnswer  = 1 << 20   // a number, a truth value
	headerAnswer = 4 << 20   // a header, with the roots of 1,024 rows and columns and a few hundred validators
	proofAnswer  = 16 << 20  // a proof of a blob in every row
	blobsAnswer  = 256 << 20 // a block of 128 MiB that is all of one namespace, in base64

	idleConns = 64 // kept open to one node, for readers with many heights in flight
)

// node is one celestia-node.
type node struct {
	url     string
	token   Token
	timeout time.Duration
	client  *http.Client
	ids     atomic.Uint64
}

func newNode(rawURL string, token Token, timeout time.Duration) *node {
	return &node{url: rawURL, token: token, timeout: timeout, client: &http.Client{
		Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: idleConns, IdleConnTimeout: 90 * time.Second},
		// A node does not redirect; who does would get the token.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (n *node) close() { n.client.CloseIdleConnections() }

type request struct {
	Version string `json:"jsonrpc"`
	ID      uint64 `json:"id"`
	Method  string `json:"method"`
	Params  []any  `json:"params"`
}

type answer[T any] struct {
	ID     uint64   `json:"id"`
	Result T        `json:"result"`
	Error  *refusal `json:"error"`
}

// ask sends a request that ends within the node's own time, see [tell].
func ask[T any](ctx context.Context, n *node, limit int64, method string, params ...any) (T, error) {
	limited, cancel := context.WithTimeout(ctx, n.timeout)
	defer cancel()
	out, err := tell[T](limited, n, limit, method, params...)
	if err != nil && ctx.Err() != nil {
		return out, fmt.Errorf("%s: %w", method, ctx.Err())
	}
	return out, err
}

// tell sends a request. An error is a [refusedError] in which the node's own words stand, [ErrToken], or [da.ErrUnavailable].
func tell[T any](ctx context.Context, n *node, limit int64, method string, params ...any) (out T, err error) {
	id := n.ids.Add(1)
	body, err := json.Marshal(request{"2.0", id, method, params})
	if err != nil {
		return out, fmt.Errorf("%s: encode request: %w: %w", method, err, da.ErrInvalid)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, n.url, bytes.NewReader(body))
	if err != nil {
		return out, fmt.Errorf("%s: %w: %w", method, withoutURL(err), da.ErrInvalid)
	}
	req.Header.Set("Content-Type", "application/json")
	if n.token != "" {
		req.Header.Set("Authorization", "Bearer "+string(n.token))
	}
	resp, err := n.client.Do(req)
	if err != nil {
		return out, fmt.Errorf("%s: %w: %w", method, withoutURL(err), da.ErrUnavailable)
	}
	defer func() { _ = resp.Body.Close() }() // all that matters was read
	if err := status(resp, method); err != nil {
		return out, err
	}
	if resp.ContentLength > limit {
		return out, fmt.Errorf("%s: the answer has %d bytes, at most %d are taken: %w", method, resp.ContentLength, limit, da.ErrUnavailable)
	}
	var a answer[T]
	if err := json.NewDecoder(http.MaxBytesReader(nil, resp.Body, limit)).Decode(&a); err != nil {
		return out, fmt.Errorf("%s: decode answer: %w: %w", method, err, da.ErrUnavailable)
	}
	switch {
	case a.Error != nil:
		return out, fmt.Errorf("%s: %w", method, a.Error.refused())
	case a.ID != id:
		return out, fmt.Errorf("%s: the answer is to another request: %w", method, da.ErrUnavailable)
	}
	return a.Result, nil
}

// status judges the answer's HTTP status. A refusal may come with any: then the body tells.
func status(resp *http.Response, method string) error {
	switch resp.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Errorf("%s: %s: %w", method, resp.Status, ErrToken)
	case http.StatusRequestEntityTooLarge:
		return fmt.Errorf("%s: %w", method, refusal{Message: "request too large"}.refused())
	case http.StatusOK:
		return nil
	}
	var a answer[json.RawMessage]
	if err := json.NewDecoder(io.LimitReader(resp.Body, smallAnswer)).Decode(&a); err == nil && a.Error != nil {
		return fmt.Errorf("%s: %w", method, a.Error.refused())
	}
	return fmt.Errorf("%s: %s: %w", method, resp.Status, da.ErrUnavailable)
}

// withoutURL drops the URL from a network error: a provider's may hold a key.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
