package ethereum

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto/kzg4844"
)

// errLacks says that a beacon node answered, and does not have what was asked for.
var errLacks = errors.New("it does not have the blobs")

// beacon is one beacon node. It may lag, lie, reorder or lack: what it answers is checked by who asked.
type beacon struct {
	base    *url.URL
	client  *http.Client
	timeout time.Duration

	mu      sync.Mutex // guards the fields below
	known   bool       // the fields below are
	numbers bool       // blobs are asked for by block number: it has no slots (Anvil)
	genesis uint64     // seconds
	slot    uint64     // milliseconds
}

func newBeacon(raw string, timeout time.Duration) (*beacon, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, errors.New("open ethereum DA: the URL of a beacon node cannot be read")
	}
	return &beacon{base: u, client: httpClient(), timeout: timeout}, nil
}

// name is what may be logged.
func (e *beacon) name() string { return e.base.Host }

// get asks for JSON of at most limit bytes. found is false if the node answers 404.
func (e *beacon) get(ctx context.Context, path string, query url.Values, limit int64, out any) (found bool, err error) {
	limited, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	u := e.base.JoinPath(path)
	if len(query) > 0 {
		u.RawQuery = query.Encode()
	}
	req, err := http.NewRequestWithContext(limited, http.MethodGet, u.String(), nil)
	if err != nil {
		return false, errors.New("beacon node: its URL makes no request")
	}
	req.Header.Set("Accept", "application/json")
	resp, err := e.client.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		return false, fmt.Errorf("beacon node %s: %w", e.name(), withoutURL(err))
	}
	defer func() { _ = resp.Body.Close() }()
	switch {
	case resp.StatusCode == http.StatusNotFound:
		return false, nil
	case resp.StatusCode != http.StatusOK:
		return false, fmt.Errorf("beacon node %s: %s", e.name(), resp.Status)
	}
	raw, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case err != nil:
		return false, fmt.Errorf("beacon node %s: read the answer: %w", e.name(), withoutURL(err))
	case int64(len(raw)) > limit:
		return false, fmt.Errorf("beacon node %s: the answer has more than %d bytes", e.name(), limit)
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return false, fmt.Errorf("beacon node %s: read the answer: %w", e.name(), err)
	}
	return true, nil
}

// place is what the node calls a block: its slot, or its number.
func (e *beacon) place(ctx context.Context, b *block) (uint64, error) {
	e.mu.Lock()
	known := e.known
	e.mu.Unlock()
	if !known {
		if err := e.learn(ctx); err != nil {
			return 0, err
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.numbers {
		return b.number, nil
	}
	if b.time < e.genesis {
		return 0, fmt.Errorf("beacon node %s: block %d is older than the chain of this node", e.name(), b.number)
	}
	return (b.time - e.genesis) * 1000 / e.slot, nil
}

// learn asks for the time of the first slot and the length of each. A node without a specification has no slots.
func (e *beacon) learn(ctx context.Context) error {
	const limit = 1 << 20
	var spec struct {
		Data map[string]json.RawMessage `json:"data"`
	}
	found, err := e.get(ctx, "/eth/v1/config/spec", nil, limit, &spec)
	if err != nil {
		return err
	}
	if !found {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.known, e.numbers = true, true
		return nil
	}
	var genesis struct {
		Data struct {
			Time string `json:"genesis_time"`
		} `json:"data"`
	}
	if _, err := e.get(ctx, "/eth/v1/beacon/genesis", nil, limit, &genesis); err != nil {
		return err
	}
	start, err := strconv.ParseUint(genesis.Data.Time, 10, 64)
	if err != nil {
		return fmt.Errorf("beacon node %s: no genesis time", e.name())
	}
	slot := number(spec.Data["SLOT_DURATION_MS"])
	if slot == 0 {
		slot = 1000 * number(spec.Data["SECONDS_PER_SLOT"])
	}
	if slot == 0 || slot > 1<<32 {
		return fmt.Errorf("beacon node %s: no length of a slot", e.name())
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.known, e.genesis, e.slot = true, start, slot
	return nil
}

// number reads a decimal string of at most nine digits; 0 if it is none.
func number(raw json.RawMessage) uint64 {
	n, err := strconv.ParseUint(strings.Trim(string(raw), `"`), 10, 30)
	if err != nil {
		return 0
	}
	return n
}

// blobs asks for blobs of a block by their versioned hashes. What comes may be all of the block's, fewer, in any order, or wrong; nil where it is no blob.
func (e *beacon) blobs(ctx context.Context, b *block, hashes []common.Hash) ([]*kzg4844.Blob, error) {
	place, err := e.place(ctx, b)
	if err != nil {
		return nil, err
	}
	query := url.Values{}
	for _, h := range hashes {
		query.Add("versioned_hashes", h.Hex())
	}
	given, err := e.list(ctx, b, place, query)
	if err == nil && len(given) < len(hashes) && len(hashes) > 1 { // there are nodes that read one hash of many
		given, err = e.list(ctx, b, place, nil)
	}
	if err != nil {
		return nil, err
	}
	out := make([]*kzg4844.Blob, len(given))
	for i, raw := range given {
		var text string
		if json.Unmarshal(raw, &text) != nil || len(text) != 2+2*len(kzg4844.Blob{}) {
			continue
		}
		if data, err := hexutil.Decode(text); err == nil {
			out[i] = new(kzg4844.Blob)
			copy(out[i][:], data)
		}
	}
	return out, nil
}

func (e *beacon) list(ctx context.Context, b *block, place uint64, query url.Values) ([]json.RawMessage, error) {
	var answer struct {
		Data []json.RawMessage `json:"data"`
	}
	limit := int64(len(b.blobs))*int64(2*len(kzg4844.Blob{})+8) + 4096
	found, err := e.get(ctx, "/eth/v1/beacon/blobs/"+strconv.FormatUint(place, 10), query, limit, &answer)
	switch {
	case err != nil:
		return nil, err
	case !found || len(answer.Data) == 0:
		return nil, fmt.Errorf("beacon node %s, block %d: %w", e.name(), b.number, errLacks)
	case len(answer.Data) > len(b.blobs):
		return nil, fmt.Errorf("beacon node %s, block %d: %d blobs, the block has %d", e.name(), b.number, len(answer.Data), len(b.blobs))
	}
	return answer.Data, nil
}
