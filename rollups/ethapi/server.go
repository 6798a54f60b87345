package ethapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"github.com/ethereum/go-ethereum/rpc"
)

// Times of the HTTP server.
const (
	headerTimeout = 5 * time.Second  // for a request's header
	readTimeout   = 20 * time.Second // for a whole request
	answerTimeout = 30 * time.Second // for its answer: a method is cancelled just before
	idleTimeout   = 2 * time.Minute  // between two requests of a connection
	stopTimeout   = 3 * time.Second  // for answers under way when the server stops
	maxHeader     = 16 << 10         // bytes of a request's header
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
	plain, err := new(net.ListenConfig).Listen(ctx, "tcp", s.cfg.Listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("listen for RPC on %s: the port is taken by another process: stop it or choose another port: %w", s.cfg.Listen, err)
	}
	if err != nil {
		return fmt.Errorf("listen for RPC on %s: %w", s.cfg.Listen, err)
	}
	return s.serve(ctx, plain)
}

func (s *Server) serve(ctx context.Context, plain net.Listener) error {
	l := newListener(plain, s.cfg.Limits.Connections, s.metrics)
	s.subs.listener.Store(l)
	server := &http.Server{
		Handler: s.handler, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: answerTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(s.cfg.Log.Handler(), slog.LevelDebug),
	}
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		s.rpc.Stop() // closes WebSockets, and so ends their subscriptions
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		_ = server.Shutdown(grace) // what is left is closed below
	})
	s.cfg.Log.InfoContext(ctx, "RPC listens", "address", plain.Addr().String())
	err := server.Serve(l)
	if !stop() {
		<-stopped
		err = nil
	} else if err != nil {
		s.rpc.Stop()
		err = fmt.Errorf("serve RPC: %w", err)
	}
	_ = server.Close() // nothing to lose
	l.closeAll()
	s.close()
	return err
}

// close waits until no method is at work, and lets none begin.
func (s *Server) close() {
	s.gate.Lock()
	s.closed = true
	s.gate.Unlock()
	s.subs.work.Wait()
	s.filters.close()
}
