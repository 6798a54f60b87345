package local

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/ethereum/go-ethereum/rpc"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/namespaces"
)

// Reads are HTTP beside JSON-RPC, on the same URL: every operator reads all that is published, and to scan each byte of it as base64 in JSON costs it more
// than all else that it does with it.
//
//	GET ?height=<decimal>&namespace=0x<20 hex digits>
//	200, with its length: (length(4, big endian) | data)...      in DA order
//	422: {"code", "message"}                                       as JSON-RPC's errors
const (
	queryHeight    = "height"
	queryNamespace = "namespace"
	lengthBytes    = 4
)

// refused is the body of an answer that is not 200.
type refused struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// serveRead answers one read. What goes wrong while the answer is written ends the connection, and the reader sees that it is short.
func serveRead(w http.ResponseWriter, r *http.Request, l *Layer) {
	blobs, err := readFor(r, l)
	if err != nil {
		answer := refused{Code: codeUnavailable, Message: err.Error()}
		var coded wireError
		if errors.As(toWire(err), &coded) {
			answer.Code = coded.code
		}
		raw, err := json.Marshal(answer)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnprocessableEntity)
		_, _ = w.Write(raw)
		return
	}
	size := 0
	for _, b := range blobs {
		size += lengthBytes + len(b.Data)
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.Itoa(size))
	for _, b := range blobs {
		if _, err := w.Write(binary.BigEndian.AppendUint32(nil, uint32(len(b.Data)))); err != nil {
			return
		}
		if _, err := w.Write(b.Data); err != nil {
			return
		}
	}
}

func readFor(r *http.Request, l *Layer) ([]da.Blob, error) {
	query := r.URL.Query()
	height, err := strconv.ParseUint(query.Get(queryHeight), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("read DA: height %q: %w", query.Get(queryHeight), da.ErrInvalid)
	}
	var ns namespaces.Namespace
	if err := ns.UnmarshalText([]byte(query.Get(queryNamespace))); err != nil {
		return nil, fmt.Errorf("read DA: %w: %w", err, da.ErrInvalid)
	}
	return l.Read(r.Context(), height, ns)
}

// Read implements [da.Layer].
func (c *Client) Read(ctx context.Context, height uint64, ns namespaces.Namespace) ([]da.Blob, error) {
	blobs, err := c.read(ctx, height, ns)
	switch {
	case err == nil:
		return blobs, nil
	case ctx.Err() != nil:
		return nil, fmt.Errorf("read DA height %d: %w", height, ctx.Err())
	}
	return nil, fmt.Errorf("read DA height %d: %w", height, fromWire(err))
}

func (c *Client) read(ctx context.Context, height uint64, ns namespaces.Namespace) ([]da.Blob, error) {
	at := *c.url
	at.RawQuery = url.Values{queryHeight: {strconv.FormatUint(height, 10)}, queryNamespace: {ns.String()}}.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
		return decodeBlobs(resp.Body, resp.ContentLength, ns)
	case http.StatusUnprocessableEntity:
		var why refused
		if err := json.NewDecoder(io.LimitReader(resp.Body, smallBody)).Decode(&why); err != nil {
			return nil, fmt.Errorf("status %s: %w", resp.Status, err)
		}
		return nil, wireError{errors.New(why.Message), why.Code, nil}
	}
	return nil, rpc.HTTPError{StatusCode: resp.StatusCode, Status: resp.Status}
}

// decodeBlobs reads an answer of so many bytes. Nothing is allocated for more than it says to have, and each blob is memory of its own.
func decodeBlobs(body io.Reader, size int64, ns namespaces.Namespace) (blobs []da.Blob, err error) {
	if size < 0 || size > answerLimit {
		return nil, fmt.Errorf("an answer of %d bytes, want 0 to %d", size, answerLimit)
	}
	in := bufio.NewReader(body)
	for size > 0 {
		var head [lengthBytes]byte
		if _, err := io.ReadFull(in, head[:]); err != nil {
			return nil, err
		}
		length := int64(binary.BigEndian.Uint32(head[:]))
		if size -= lengthBytes; length == 0 || length > size {
			return nil, fmt.Errorf("blob %d of %d bytes, %d are left", len(blobs), length, size)
		}
		data := make([]byte, length)
		if _, err := io.ReadFull(in, data); err != nil {
			return nil, err
		}
		size -= length
		blobs = append(blobs, da.Blob{Namespace: ns, Data: data})
	}
	return blobs, nil
}
