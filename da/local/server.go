package local

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/ethereum/go-ethereum/rpc"
	"golang.org/x/sync/semaphore"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/namespaces"
)

// Limits of a server.
const (
	batchItems     = 64               // JSON-RPC calls in one request
	batchResponse  = 128 << 20        // bytes of their answers
	requestTimeout = 30 * time.Second // for one call; a Submit that has not landed by then has an unknown outcome
	bodiesInFlight = 4                // request bodies of full size that are held at once
	smallBody      = 64 << 10         // what a request weighs at least, so that their number is bounded too
)

// NewServer serves a layer to other processes as JSON-RPC over HTTP, reads as plain HTTP. It answers 503 while too many bytes of requests are in flight.
func NewServer(l *Layer) (http.Handler, error) {
	limit := bodyLimit(l.opts.MaxBlock)
	s := rpc.NewServer()
	s.SetBatchLimits(batchItems, batchResponse)
	s.SetHTTPBodyLimit(limit)
	if err := s.RegisterName(rpcName, &service{l}); err != nil {
		return nil, fmt.Errorf("serve local DA: %w", err)
	}
	inFlight := semaphore.NewWeighted(int64(bodiesInFlight * limit))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		weight := r.ContentLength
		if weight < 0 || weight > int64(limit) {
			weight = int64(limit)
		}
		weight = max(weight, smallBody)
		if !inFlight.TryAcquire(weight) {
			http.Error(w, "too many requests in flight, try again later", http.StatusServiceUnavailable)
			return
		}
		defer inFlight.Release(weight)
		ctx, cancel := context.WithTimeout(r.Context(), requestTimeout)
		defer cancel()
		if r.Method == http.MethodGet {
			serveRead(w, r.WithContext(ctx), l)
			return
		}
		s.ServeHTTP(w, r.WithContext(ctx))
	}), nil
}

// bodyLimit is the size of the largest valid request: base64 of a full block, and JSON around each blob.
func bodyLimit(maxBlock int) int { return maxBlock/3*4 + maxBlobsPerSubmit*64 + (64 << 10) }

// service holds the methods that the rpc package finds by their names.
type service struct{ layer *Layer }

// Submit is da_submit.
func (s *service) Submit(ctx context.Context, blobs []da.Blob) (uint64, error) {
	h, err := s.layer.Submit(ctx, blobs)
	return h, toWire(err)
}

// Head is da_head.
func (s *service) Head(ctx context.Context) (da.Head, error) {
	h, err := s.layer.Head(ctx)
	return h, toWire(err)
}

// Time is da_time.
func (s *service) Time(ctx context.Context, height uint64) (uint64, error) {
	ms, err := s.layer.Time(ctx, height)
	return ms, toWire(err)
}

// Seek is da_seek.
func (s *service) Seek(ctx context.Context, from uint64, ns []namespaces.Namespace) (uint64, error) {
	if len(ns) > da.MaxSeek {
		return 0, toWire(fmt.Errorf("seek %d namespaces, at most %d: %w", len(ns), da.MaxSeek, da.ErrInvalid))
	}
	h, err := s.layer.Seek(ctx, from, ns)
	return h, toWire(err)
}
