package p2p

import (
	"context"
	"errors"
	"fmt"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
)

// Outlet is a gossip topic that the host publishes to without being in it: its messages go to peers that are, and none comes here.
type Outlet struct {
	host  *Host
	name  string
	topic *pubsub.Topic
}

// OpenOutlet opens a topic for publishing. The name is as in [Join]; a host either joins a topic or opens an outlet to it, once.
func OpenOutlet(h *Host, name string) (*Outlet, error) {
	if name == "" || len(name) > maxTopicName {
		return nil, fmt.Errorf("open outlet %q: name needs 1 to %d bytes", name, maxTopicName)
	}
	if err := h.enter(name); err != nil {
		return nil, fmt.Errorf("open outlet %q: %w", name, err)
	}
	topic, err := h.pubsub.Join(h.prefix + "/" + name)
	if err != nil {
		h.leave(name)
		return nil, fmt.Errorf("open outlet %q: %w", name, err)
	}
	return &Outlet{h, name, topic}, nil
}

// ErrNobody is returned by Publish when no connected peer is in the topic.
var ErrNobody = errors.New("no peer is in the topic")

// Publish sends a message of at most [MaxMessage] bytes, which belong to the outlet from now on. Delivery is not promised.
func (o *Outlet) Publish(ctx context.Context, data []byte) error {
	switch {
	case len(data) > MaxMessage:
		return fmt.Errorf("publish on %s: %d bytes above %d", o.name, len(data), MaxMessage)
	case o.host.ctx.Err() != nil:
		return fmt.Errorf("publish on %s: %w", o.name, ErrClosed)
	case len(o.topic.ListPeers()) == 0:
		return fmt.Errorf("publish on %s: %w", o.name, ErrNobody)
	}
	if err := o.topic.Publish(ctx, data); err != nil {
		return fmt.Errorf("publish on %s: %w", o.name, err)
	}
	return nil
}
