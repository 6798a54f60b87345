package api

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/rpc"
	"github.com/rs/cors"

	"github.com/lockstep-network/lockstep/node/feed"
	"github.com/lockstep-network/lockstep/node/pool"
	"github.com/lockstep-network/lockstep/node/store"
	"github.com/lockstep-network/lockstep/p2p/rpcport"
)

// Limits bounds what clients may take. The zero value of a field is its default.
type Limits struct {
	Connections                int   // at once; one more is closed at once
	RequestBytes               int64 // of one request or batch
	BatchItems                 int   // requests in a batch
	BatchResponseBytes         int   // answers of a batch together
	ProofBytes                 int   // of lanes in one proof document; one lane alone may be larger
	Subscriptions              int   // at once
	SubscriptionsPerConnection int
	ProofWait                  time.Duration // for the certificate of the block that commits to an answer
}

// withDefaults fills in what a node uses unless its operator says otherwise.
func (l Limits) withDefaults() Limits {
	set := func(field *int, value int) {
		if *field == 0 {
			*field = value
		}
	}
	set(&l.Connections, 1024)
	set(&l.BatchItems, 100)
	set(&l.BatchResponseBytes, 32<<20)
	set(&l.ProofBytes, 8<<20)
	set(&l.Subscriptions, 1024)
	set(&l.SubscriptionsPerConnection, 32)
	if l.ProofWait == 0 {
		l.ProofWait = 10 * time.Second
	}
	if l.RequestBytes == 0 {
		l.RequestBytes = 4 << 20 // three of the largest transactions, in hexadecimal digits
	}
	return l
}

// Config is what a server needs.
type Config struct {
	Listen    string   // host:port of HTTP and WebSocket; port 0 is chosen by the system
	Origins   []string // browsers' origins that are let in; none by default
	Store     *store.Store
	Pool      *pool.Pool
	Lanes     *feed.Server
	Network   Network
	Published func() (published, firm uint64) // what the node has seen of the DA layer; nil if it has none
	Version   string                          // of the software
	Limits    Limits
	Logger    *slog.Logger
}

// Server serves the methods. It listens from New on and serves while Run runs.
type Server struct {
	port    *rpcport.Port
	rpc     *rpc.Server
	service *Service
}

// New opens the port.
func New(ctx context.Context, c Config) (*Server, error) {
	c.Limits = c.Limits.withDefaults()
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	service, err := newService(c)
	if err != nil {
		return nil, fmt.Errorf("api: %w", err)
	}
	handler := rpc.NewServer()
	handler.SetBatchLimits(c.Limits.BatchItems, c.Limits.BatchResponseBytes)
	handler.SetHTTPBodyLimit(int(c.Limits.RequestBytes))
	handler.SetWebsocketReadLimit(c.Limits.RequestBytes)
	if err := handler.RegisterName("seq", service); err != nil {
		return nil, fmt.Errorf("api: %w", err)
	}
	port, err := rpcport.Open(ctx, rpcport.Config{
		Listen: c.Listen, Connections: c.Limits.Connections, Handler: route(handler, c.Origins), Log: c.Logger,
	})
	if err != nil {
		return nil, fmt.Errorf("api: %w", err)
	}
	service.subs.drop = port.Drop
	return &Server{port: port, rpc: handler, service: service}, nil
}

// route sends upgrades to the WebSocket and everything else to HTTP.
func route(handler *rpc.Server, origins []string) http.Handler {
	plain, socket := http.Handler(handler), handler.WebsocketHandler(origins)
	if len(origins) > 0 {
		plain = cors.New(cors.Options{
			AllowedOrigins: origins, AllowedMethods: []string{http.MethodPost, http.MethodGet}, AllowedHeaders: []string{"*"}, MaxAge: 600,
		}).Handler(plain)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
			socket.ServeHTTP(w, r)
			return
		}
		plain.ServeHTTP(w, r)
	})
}

// Addr is where the server listens.
func (s *Server) Addr() string { return s.port.Addr() }

// Run serves until the context ends, and then until answers under way are sent, or the port's time for them has passed.
func (s *Server) Run(ctx context.Context) error {
	err := s.port.Serve(ctx, func() {
		close(s.service.subs.stopped)
		s.rpc.Stop()
	})
	s.service.subs.work.Wait()
	return cmp.Or(err, ctx.Err())
}

// Close closes the port and every connection, whether Run ran or not.
func (s *Server) Close() error { return s.port.Close() }
