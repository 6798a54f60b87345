package p2p

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
)

// Protocol is one kind of request, known alike to both sides.
type Protocol struct {
	// Name is the part of the protocol id after the network's prefix, with a version, as "headers/1".
	Name string
	// MaxRequest and MaxFrame bound a request and each frame of a response, in bytes, at most 16 MiB.
	MaxRequest, MaxFrame int
	// Timeout bounds the arrival of the request, the sending of each frame and the wait for the next one.
	Timeout time.Duration
}

func (p Protocol) validate() error {
	switch {
	case p.Name == "":
		return errors.New("protocol without a name")
	case p.MaxRequest < 0 || p.MaxRequest > maxFrameBytes || p.MaxFrame < 0 || p.MaxFrame > maxFrameBytes:
		return fmt.Errorf("protocol %s: need bounds of 0 to %d bytes", p.Name, maxFrameBytes)
	case p.Timeout <= 0:
		return fmt.Errorf("protocol %s: need a timeout", p.Name)
	}
	return nil
}

// ServeLimits bounds the requests that are served at once; one more is answered CodeBusy.
type ServeLimits struct {
	PerPeer, Total int
}

// Handler answers a request by zero or more frames. An *Error that it returns reaches the client; of any other error the
// client learns CodeInternal. respond may be called until the handler returns, from its goroutine, and fails when the client
// has gone; the bytes are written before it returns.
type Handler func(ctx context.Context, from peer.ID, request []byte, respond func(frame []byte) error) error

// Handle serves a protocol until the host closes. A second call for the same protocol is an error of the caller.
func (h *Host) Handle(p Protocol, limits ServeLimits, handler Handler) error {
	if err := p.validate(); err != nil {
		return fmt.Errorf("handle: %w", err)
	}
	if limits.PerPeer < 1 || limits.Total < limits.PerPeer {
		return fmt.Errorf("handle %s: need 1 <= per peer (%d) <= total (%d)", p.Name, limits.PerPeer, limits.Total)
	}
	id := h.protocolID(p.Name)
	for _, known := range h.net.Mux().Protocols() {
		if known == id {
			return fmt.Errorf("handle %s: handled already", p.Name)
		}
	}
	s := &server{host: h, protocol: p, limits: limits, handler: handler, active: make(map[peer.ID]int)}
	h.net.SetStreamHandler(id, func(stream network.Stream) {
		if !h.begin() {
			_ = stream.Reset()
			return
		}
		defer h.work.Done()
		s.serve(stream)
	})
	return nil
}

// server serves one protocol.
type server struct {
	host     *Host
	protocol Protocol
	limits   ServeLimits
	handler  Handler

	mu sync.Mutex
	// active and total are guarded by mu.
	active map[peer.ID]int
	total  int
}

func (s *server) enter(p peer.ID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.total >= s.limits.Total || s.active[p] >= s.limits.PerPeer {
		return false
	}
	s.total++
	s.active[p]++
	return true
}

func (s *server) leave(p peer.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.total--
	if s.active[p]--; s.active[p] == 0 {
		delete(s.active, p)
	}
}

// serve answers one stream and releases it, whatever happens.
func (s *server) serve(stream network.Stream) {
	from := stream.Conn().RemotePeer()
	outcome := "ok"
	defer func() { s.host.metrics.requests.WithLabelValues(s.protocol.Name, "server", outcome).Inc() }()
	if !s.enter(from) {
		s.host.Penalize(from, OffenceExcess, s.protocol.Name)
		outcome = CodeBusy.String()
		s.finish(stream, &Error{Code: CodeBusy, Text: "too many requests at once"})
		return
	}
	defer s.leave(from)
	request, err := s.readRequest(stream)
	if err != nil {
		outcome = "unreadable"
		s.blame(stream, err)
		_ = stream.Reset()
		return
	}
	ctx, cancel := context.WithCancel(s.host.ctx)
	defer cancel()
	err = s.handler(ctx, from, request, func(frame []byte) error { return s.respond(stream, frame) })
	coded, isCoded := errors.AsType[*Error](err)
	switch {
	case err == nil:
		s.finish(stream, nil)
	case isCoded:
		outcome = coded.Code.String()
		s.finish(stream, coded)
		if coded.Code == CodeBadRequest {
			s.host.Penalize(from, OffenceMalformed, s.protocol.Name+": "+coded.Text)
		}
	default:
		outcome = CodeInternal.String()
		s.host.log.DebugContext(ctx, "request not answered", "protocol", s.protocol.Name, "peer", from, "error", err)
		s.finish(stream, &Error{Code: CodeInternal, Text: "internal error"})
	}
}

func (s *server) readRequest(stream network.Stream) ([]byte, error) {
	if err := stream.SetReadDeadline(time.Now().Add(s.protocol.Timeout)); err != nil {
		return nil, fmt.Errorf("set read deadline: %w", err)
	}
	r := bufio.NewReader(stream)
	request, err := readPayload(r, s.protocol.MaxRequest, reserveOn(stream))
	if err != nil {
		return nil, err
	}
	if n := r.Buffered(); n > 0 {
		return nil, fmt.Errorf("%w: %d bytes after the request", errMalformed, n)
	}
	return request, nil
}

// blame charges the client for an unreadable request, unless the connection is what failed.
func (s *server) blame(stream network.Stream, err error) {
	from := stream.Conn().RemotePeer()
	switch {
	case stream.Conn().IsClosed():
	case errors.Is(err, errMalformed):
		s.host.Penalize(from, OffenceMalformed, s.protocol.Name+": "+err.Error())
	case isTimeout(err):
		s.host.Penalize(from, OffenceSlow, s.protocol.Name+": request")
	}
}

func (s *server) respond(stream network.Stream, frame []byte) error {
	if len(frame) > s.protocol.MaxFrame {
		return fmt.Errorf("respond: frame of %d bytes above %d", len(frame), s.protocol.MaxFrame)
	}
	s.host.metrics.responseBytes.WithLabelValues(s.protocol.Name, "server").Add(float64(len(frame)))
	return s.write(stream, head([]byte{statusFrame}, len(frame)), frame)
}

// finish sends the last byte, or the error, and closes the stream.
func (s *server) finish(stream network.Stream, e *Error) {
	last := []byte{statusEnd}
	if e != nil {
		last = encodeError(e)
	}
	if err := s.write(stream, last, nil); err != nil {
		_ = stream.Reset()
		return
	}
	_ = stream.Close()
}

// joinBelow is the size up to which a frame is copied behind its head rather than written separately.
const joinBelow = 32 << 10

func (s *server) write(stream network.Stream, first, then []byte) error {
	if err := stream.SetWriteDeadline(time.Now().Add(s.protocol.Timeout)); err != nil {
		return fmt.Errorf("set write deadline: %w", err)
	}
	if len(then) <= joinBelow {
		first, then = append(first, then...), nil
	}
	for _, b := range [][]byte{first, then} {
		if len(b) == 0 {
			continue
		}
		if _, err := stream.Write(b); err != nil {
			return fmt.Errorf("write response: %w", err)
		}
	}
	return nil
}

// reserveOn asks the resource manager for memory in the stream's name; it is returned when the stream ends.
func reserveOn(stream network.Stream) reserve {
	return func(n int) error {
		if err := stream.Scope().ReserveMemory(n, network.ReservationPriorityMedium); err != nil {
			return fmt.Errorf("stream scope: %w", err)
		}
		return nil
	}
}

// isTimeout says whether a deadline passed; the transports have their own words for it.
func isTimeout(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return errors.Is(err, os.ErrDeadlineExceeded) || ok && timeout.Timeout()
}
