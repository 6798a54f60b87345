package api

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/rpc"
	"github.com/rs/cors"

	"github.com/lockstep-network/lockstep/node/feed"
	"github.com/lockstep-network/lockstep/node/pool"
	"github.com/lockstep-network/lockstep/node/store"
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
	if l.RequestBytes == 0 {
		l.RequestBytes = 4 << 20 // three of the largest transactions, in hexadecimal digits
	}
	return l
}

// Times of the HTTP server.
const (
	headerTimeout = 5 * time.Second  // for a request's header
	readTimeout   = 20 * time.Second // for a whole request
	answerTimeout = 30 * time.Second // for its answer: a method is cancelled just before
	idleTimeout   = 2 * time.Minute  // between two requests of a connection
	stopTimeout   = 3 * time.Second  // for answers under way when the server stops
	maxHeader     = 16 << 10         // bytes of a request's header
)

// Config is what a server needs.
type Config struct {
	Listen    string   // host:port of HTTP and WebSocket; port 0 is chosen by the system
	Origins   []string // browsers' origins that are let in; none by default
	Store     *store.Store
	Pool      *pool.Pool
	Lanes     *feed.Server
	Network   Network
	Published func() (published, firm uint64) // where the node's publisher is; nil if it has none
	Version   string                          // of the software
	Limits    Limits
	Logger    *slog.Logger
}

// Server serves the methods. It listens from New on and serves while Run runs.
type Server struct {
	listener *listener
	http     *http.Server
	rpc      *rpc.Server
	service  *Service
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
	plain, err := new(net.ListenConfig).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return nil, fmt.Errorf("api: listen on %s: %w", c.Listen, err)
	}
	s := &Server{listener: newListener(plain, c.Limits.Connections), rpc: handler, service: service}
	service.subs.drop = s.listener.drop
	s.http = &http.Server{
		Handler: route(handler, c.Origins), ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: answerTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(c.Logger.Handler(), slog.LevelDebug),
	}
	return s, nil
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
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Run serves until the context ends, and then until answers under way are sent, or stopTimeout has passed.
func (s *Server) Run(ctx context.Context) error {
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		close(s.service.subs.stopped)
		s.rpc.Stop()
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		_ = s.http.Shutdown(grace) // what is left is closed below
	})
	err := s.http.Serve(s.listener)
	if !stop() {
		<-ended
		err = ctx.Err()
	}
	_ = s.Close()
	s.service.subs.work.Wait()
	return err
}

// Close closes the port and every connection, whether Run ran or not.
func (s *Server) Close() error {
	err := s.http.Close()
	s.listener.closeAll()
	return err
}

// listener bounds the connections, and can close one by its remote address, a WebSocket too.
type listener struct {
	net.Listener
	most int

	mu    sync.Mutex // guards conns
	conns map[string]net.Conn
}

func newListener(l net.Listener, most int) *listener {
	return &listener{Listener: l, most: most, conns: make(map[string]net.Conn)}
}

// Accept returns the next connection within the bound; others are closed at once, so that a client learns soon.
func (l *listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if tracked := l.track(c); tracked != nil {
			return tracked, nil
		}
		_ = c.Close()
	}
}

func (l *listener) track(c net.Conn) net.Conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.conns) >= l.most {
		return nil
	}
	l.conns[c.RemoteAddr().String()] = c
	return &trackedConn{Conn: c, forget: sync.OnceFunc(func() { l.forget(c) })}
}

func (l *listener) forget(c net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, c.RemoteAddr().String())
}

// drop resets a connection: what its client has not read is given up, in the kernel too.
func (l *listener) drop(remote string) {
	l.mu.Lock()
	c := l.conns[remote]
	l.mu.Unlock()
	if c == nil {
		return
	}
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetLinger(0) // on an error Close is still right, if slower
	}
	_ = c.Close()
}

func (l *listener) closeAll() {
	_ = l.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.conns {
		_ = c.Close()
	}
}

// trackedConn leaves the listener's list when it is closed.
type trackedConn struct {
	net.Conn
	forget func()
}

// Close closes the connection.
func (c *trackedConn) Close() error {
	c.forget()
	return c.Conn.Close()
}
