package p2p

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
)

// Request asks a peer and calls onFrame for each frame of the answer, in order; an error of onFrame ends the request and is
// returned. An *Error is what the peer answered. Each wait is bounded by the protocol's Timeout, the whole by the context.
// A frame's bytes belong to onFrame.
func (h *Host) Request(ctx context.Context, to peer.ID, p Protocol, request []byte, onFrame func(frame []byte) error) (err error) {
	if err := p.validate(); err != nil {
		return fmt.Errorf("request: %w", err)
	}
	if len(request) > p.MaxRequest {
		return fmt.Errorf("request %s: %d bytes above %d", p.Name, len(request), p.MaxRequest)
	}
	if h.ctx.Err() != nil {
		return fmt.Errorf("request %s: %w", p.Name, ErrClosed)
	}
	outcome := "failed"
	defer func() { h.metrics.requests.WithLabelValues(p.Name, "client", outcome).Inc() }()
	stream, err := h.open(ctx, to, p)
	if err != nil {
		return fmt.Errorf("request %s: %w", p.Name, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = stream.Reset() })
	defer stop()
	err = h.exchange(stream, p, request, onFrame)
	coded, isCoded := errors.AsType[*Error](err)
	switch {
	case err == nil:
		outcome = "ok"
		_ = stream.Close()
		return nil
	case isCoded:
		outcome = coded.Code.String()
	}
	_ = stream.Reset()
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return fmt.Errorf("request %s: %w", p.Name, err)
}

func (h *Host) open(ctx context.Context, to peer.ID, p Protocol) (network.Stream, error) {
	ctx, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	stream, err := h.net.NewStream(ctx, to, h.protocolID(p.Name))
	if err != nil {
		return nil, fmt.Errorf("open stream: %w", err)
	}
	return stream, nil
}

// exchange writes the request and reads the answer, and charges the server when it is not one.
func (h *Host) exchange(stream network.Stream, p Protocol, request []byte, onFrame func([]byte) error) error {
	// A busy server answers without reading: then the write may fail, and the answer says why.
	sent := send(stream, p, request)
	r := bufio.NewReader(stream)
	scope := stream.Scope()
	for {
		if err := stream.SetReadDeadline(time.Now().Add(p.Timeout)); err != nil {
			return fmt.Errorf("set read deadline: %w", err)
		}
		frame, err := readResponse(r, p.MaxFrame, reserveOn(stream))
		_, answered := errors.AsType[*Error](err)
		switch {
		case err == nil:
			h.metrics.responseBytes.WithLabelValues(p.Name, "client").Add(float64(len(frame)))
			err = onFrame(frame)
			scope.ReleaseMemory(len(frame))
			if err != nil {
				return err
			}
			continue
		case errors.Is(err, io.EOF): // the end: all frames were sent; a stream that is cut short gives another error
			return nil
		case answered:
			return err
		case stream.Conn().IsClosed():
		case errors.Is(err, errMalformed):
			h.Penalize(stream.Conn().RemotePeer(), OffenceMalformed, p.Name+": "+err.Error())
		case isTimeout(err):
			h.Penalize(stream.Conn().RemotePeer(), OffenceSlow, p.Name+": response")
		}
		return errors.Join(sent, err)
	}
}

func send(stream network.Stream, p Protocol, request []byte) error {
	if err := stream.SetWriteDeadline(time.Now().Add(p.Timeout)); err != nil {
		return fmt.Errorf("set write deadline: %w", err)
	}
	if _, err := stream.Write(append(head(nil, len(request)), request...)); err != nil {
		return fmt.Errorf("write request: %w", err)
	}
	if err := stream.CloseWrite(); err != nil {
		return fmt.Errorf("end request: %w", err)
	}
	return nil
}
