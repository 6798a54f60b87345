package rpcport

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"
)

// AnswerTime is how long an answer may take, from the end of the request's header: the RPC library cancels a method just before.
const AnswerTime = 30 * time.Second

// The other times and sizes of the HTTP server.
const (
	headerTime = 5 * time.Second  // for a request's header
	readTime   = 20 * time.Second // for a whole request
	idleTime   = 2 * time.Minute  // between two requests of a connection
	stopTime   = 3 * time.Second  // for answers under way when the server stops
	maxHeader  = 16 << 10         // bytes of a request's header
)

// Config is what a port needs.
type Config struct {
	Listen      string // host:port; port 0 is chosen by the system
	Connections int    // at once, at least 1; one more is closed at once
	Handler     http.Handler
	Log         *slog.Logger

	Open    func(connections int) // told how many are open, after each change, one call at a time; may be nil
	Refused func()                // told of each connection above the bound; may be nil
}

// Port listens from Open on and serves while Serve runs.
type Port struct {
	listener *listener
	http     *http.Server
}

// Open opens the port.
func Open(ctx context.Context, c Config) (*Port, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", c.Listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("listen on %s: the port is taken by another process: stop it or choose another port: %w", c.Listen, err)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", c.Listen, err)
	}
	return newPort(l, c), nil
}

func newPort(l net.Listener, c Config) *Port {
	return &Port{
		listener: newListener(l, c),
		http: &http.Server{
			Handler: c.Handler, ReadHeaderTimeout: headerTime, ReadTimeout: readTime, WriteTimeout: AnswerTime, IdleTimeout: idleTime,
			MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(c.Log.Handler(), slog.LevelDebug),
		},
	}
}

// Addr is where the port listens, host:port.
func (p *Port) Addr() string { return p.listener.Addr().String() }

// Drop resets the connection from a remote address, if there is one: what its client has not read is given up, in the kernel too.
func (p *Port) Drop(remote string) { p.listener.drop(remote) }

// Serve serves until ctx ends (nil), or the port fails. Then it calls hangUp, which ends what the handler keeps open by itself (WebSockets); when
// ctx has ended it waits for answers under way, three seconds at most. All connections are closed when it returns.
func (p *Port) Serve(ctx context.Context, hangUp func()) error {
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		hangUp()
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
		defer cancel()
		_ = p.http.Shutdown(grace) // what is left is closed below
	})
	err := p.http.Serve(p.listener)
	if stop() {
		hangUp()
		err = fmt.Errorf("serve on %s: %w", p.Addr(), err)
	} else {
		<-ended
		err = nil
	}
	_ = p.Close() // nothing to lose
	return err
}

// Close closes the port and every connection, whether Serve ran or not.
func (p *Port) Close() error {
	err := p.http.Close()
	p.listener.closeAll()
	return err
}
