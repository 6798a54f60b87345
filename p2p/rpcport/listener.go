package rpcport

import (
	"net"
	"sync"
)

// listener bounds the connections, and can close one by its remote address.
type listener struct {
	net.Listener
	most    int
	open    func(connections int)
	refused func()

	mu    sync.Mutex
	conns map[string]net.Conn // guarded by mu; by remote address
}

func newListener(l net.Listener, c Config) *listener {
	out := &listener{Listener: l, most: c.Connections, open: c.Open, refused: c.Refused, conns: make(map[string]net.Conn)}
	if out.open == nil {
		out.open = func(int) {}
	}
	if out.refused == nil {
		out.refused = func() {}
	}
	return out
}

// Accept returns the next connection within the bound. One more is closed at once, so that its client learns soon.
func (l *listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if l.track(c) {
			return &tracked{Conn: c, forget: sync.OnceFunc(func() { l.forget(c) })}, nil
		}
		_ = c.Close() // nothing was said yet
		l.refused()
	}
}

func (l *listener) track(c net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.conns) >= l.most {
		return false
	}
	l.conns[c.RemoteAddr().String()] = c
	l.open(len(l.conns))
	return true
}

// forget takes a connection off the list. Its address may be another connection's by now, if it was dropped.
func (l *listener) forget(c net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	remote := c.RemoteAddr().String()
	if l.conns[remote] != c {
		return
	}
	delete(l.conns, remote)
	l.open(len(l.conns))
}

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
	_ = c.Close() // its readers see the end, and then it is forgotten
}

func (l *listener) closeAll() {
	_ = l.Close() // the server has closed it already, most often
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.conns {
		_ = c.Close()
	}
}

// tracked leaves the listener's list when it is closed.
type tracked struct {
	net.Conn
	forget func()
}

// Close closes the connection.
func (c *tracked) Close() error {
	c.forget()
	return c.Conn.Close()
}
