package ethapi

import (
	"context"
	"fmt"
	"net/http"
	"sync"

	"github.com/ethereum/go-ethereum/rpc"

	"github.com/lockstep-network/lockstep/p2p/rpcport"
)

// Server serves the methods.
type Server struct {
	cfg     Config
	rpc     *rpc.Server
	handler http.Handler
	subs    *subscriptions
	filters *filters
	metrics *metrics

	gate   sync.RWMutex // held for reading by each request, a WebSocket's all its life
	closed bool         // guarded by gate
}

// New makes a server. It listens when Serve is called.
func New(cfg Config) (*Server, error) {
	cfg = cfg.withDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	m, err := newMetrics(cfg.Registry)
	if err != nil {
		return nil, err
	}
	b := newBackend(cfg, m)
	s := &Server{cfg: cfg, rpc: rpc.NewServer(), metrics: m, subs: newSubscriptions(cfg.Limits, m, cfg.Log), filters: newFilters(b)}
	s.rpc.SetBatchLimits(cfg.Limits.Batch, cfg.Limits.Response)
	s.rpc.SetHTTPBodyLimit(cfg.Limits.Body)
	s.rpc.SetWebsocketReadLimit(int64(cfg.Limits.Body))
	for _, api := range []struct {
		namespace string
		methods   any
	}{
		{"eth", &blocksAPI{b}},
		{"eth", &transactionsAPI{b}},
		{"eth", &stateAPI{b}},
		{"eth", &callsAPI{b}},
		{"eth", &feesAPI{b}},
		{"eth", &logsAPI{b}},
		{"eth", &filtersAPI{s.filters}},
		{"eth", &subscriptionsAPI{b, s.subs}},
		{"net", &netAPI{b}},
		{"web3", &web3API{b}},
		{"lockstep", &lockstepAPI{b}},
	} {
		if err := s.rpc.RegisterName(api.namespace, api.methods); err != nil {
			return nil, fmt.Errorf("register methods of %s: %w", api.namespace, err)
		}
	}
	s.handler = s.route()
	return s, nil
}

// Handler serves HTTP and WebSocket, without the bound on connections.
func (s *Server) Handler() http.Handler { return s.handler }

// Serve listens and serves until ctx ends (nil). When it returns, no method reads the chain any more.
func (s *Server) Serve(ctx context.Context) error {
	port, err := s.listen(ctx)
	if err != nil {
		return err
	}
	return s.serve(ctx, port)
}

func (s *Server) listen(ctx context.Context) (*rpcport.Port, error) {
	port, err := rpcport.Open(ctx, rpcport.Config{
		Listen: s.cfg.Listen, Connections: s.cfg.Limits.Connections, Handler: s.handler, Log: s.cfg.Log,
		Open:    func(connections int) { s.metrics.connections.Set(float64(connections)) },
		Refused: s.metrics.refused.WithLabelValues("connections").Inc,
	})
	if err != nil {
		return nil, fmt.Errorf("RPC: %w", err)
	}
	s.subs.port.Store(port)
	return port, nil
}

func (s *Server) serve(ctx context.Context, port *rpcport.Port) error {
	s.cfg.Log.InfoContext(ctx, "RPC listens", "address", port.Addr())
	err := port.Serve(ctx, s.rpc.Stop) // closes WebSockets, and so ends their subscriptions
	s.close()
	if err != nil {
		return fmt.Errorf("RPC: %w", err)
	}
	return nil
}

// close waits until no method is at work, and lets none begin.
func (s *Server) close() {
	s.gate.Lock()
	s.closed = true
	s.gate.Unlock()
	s.subs.work.Wait()
	s.filters.close()
}
