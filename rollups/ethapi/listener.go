package ethapi

import (
	"net"
	"sync"
)

// listener bounds the connections, and can close one by its remote address: a WebSocket's too, which the RPC library does not hand out.
type listener struct {
	net.Listener
	most    int
	metrics *metrics

	mu    sync.Mutex
	conns map[string]net.Conn // guarded by mu; by remote address
}

func newListener(l net.Listener, most int, m *metrics) *listener {
	return &listener{Listener: l, most: most, metrics: m, conns: make(map[string]net.Conn)}
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
		l.metrics.refused.WithLabelValues("connections").Inc()
	}
}

func (l *listener) track(c net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.conns) >= l.most {
		return false
	}
	l.conns[c.RemoteAddr().String()] = c
	l.metrics.connections.Set(float64(len(l.conns)))
	return true
}

func (l *listener) forget(c net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, c.RemoteAddr().String())
	l.metrics.connections.Set(float64(len(l.conns)))
}

// drop closes the connection from a remote address.
func (l *listener) drop(remote string) {
	l.mu.Lock()
	c := l.conns[remote]
	l.mu.Unlock()
	if c != nil {
		_ = c.Close() // its readers see the end
	}
}

// closeAll closes the port and every connection.
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
