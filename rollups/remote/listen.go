package remote

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

const (
	headerTime  = 5 * time.Second  // for a request's header
	requestTime = 30 * time.Second // for a whole request
	idleTime    = 2 * time.Minute  // between two requests of a connection
	stopTime    = 10 * time.Second // for what is at work when the server stops

	maxPath = 100 // bytes of a socket's path: systems take 104 to 108
)

// Serve answers on a unix socket at path until ctx ends. Only this user reaches it: the socket is made in a folder of its own that nobody
// else may enter, and is moved to path when its mode is set. A socket that an earlier process has left at path gives way; anything else there is
// an error.
func (s *Server) Serve(ctx context.Context, path string) (err error) {
	l, err := listen(ctx, path)
	if err != nil {
		return fmt.Errorf("serve the executor at %s: %w", path, err)
	}
	server := &http.Server{
		Handler: s.Handler(), ReadHeaderTimeout: headerTime, ReadTimeout: requestTime, IdleTimeout: idleTime, MaxHeaderBytes: 16 << 10,
		BaseContext: func(net.Listener) context.Context { return ctx },
		ErrorLog:    slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
		defer cancel()
		_ = server.Shutdown(grace) // what is left is closed below
	})
	s.log.InfoContext(ctx, "executor listens", "socket", path)
	err = server.Serve(l)
	if !stop() {
		<-stopped
		err = ctx.Err()
	}
	_ = server.Close()
	s.drive.Lock() // nothing is at work in the executor when this returns
	defer s.drive.Unlock()
	return errors.Join(err, gone(os.Remove(path)))
}

// listen makes the socket. The executor's own folder is locked by the executor, so no other process serves it.
func listen(ctx context.Context, path string) (net.Listener, error) {
	if info, err := os.Lstat(path); err == nil && info.Mode().Type() != os.ModeSocket {
		return nil, errors.New("what is there is no socket: name another path, or remove it")
	}
	dir, err := os.MkdirTemp(filepath.Dir(path), ".executor-") // mode 0700
	if err != nil {
		return nil, err
	}
	made := filepath.Join(dir, "s")
	if len(made) > maxPath || len(path) > maxPath {
		return nil, errors.Join(fmt.Errorf("the path is too long for a socket: %d bytes, at most %d", max(len(made), len(path)), maxPath), os.Remove(dir))
	}
	l, err := new(net.ListenConfig).Listen(ctx, "unix", made)
	if err != nil {
		return nil, errors.Join(err, os.Remove(dir))
	}
	if u, ok := l.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(false) // it is not there any more
	}
	err = os.Chmod(made, 0o600)
	if err == nil {
		err = os.Rename(made, path)
	}
	if err != nil {
		return nil, errors.Join(err, l.Close(), gone(os.Remove(made)), os.Remove(dir))
	}
	return l, os.Remove(dir)
}

// gone leaves out that a file was not there.
func gone(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
