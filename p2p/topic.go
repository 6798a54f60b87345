package p2p

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/peer"
)

// Verdict is what a node does with a gossip message.
type Verdict int

// The verdicts. The zero value is none of them and counts as Ignore.
const (
	// Accept delivers the message here and passes it on.
	Accept Verdict = iota + 1
	// Ignore drops the message and blames nobody: it may be old, known, or premature.
	Ignore
	// Reject drops the message and charges its sender: no honest peer can have sent it.
	Reject
)

// TopicConfig says how the messages of a topic are read and judged.
type TopicConfig[T any] struct {
	// Decode turns a message into its value. An error is a Reject: an honest peer has decoded it before it passed it on.
	// The bytes are never changed afterwards; the value may keep them.
	Decode func(data []byte) (T, error)
	// Validate judges a decoded message of another peer. It runs on many goroutines at once; the context ends with the host.
	Validate func(ctx context.Context, from peer.ID, value T) Verdict
	// MaxMessage is the largest message in bytes, at most the package's MaxMessage. A larger one is a Reject, undecoded.
	MaxMessage int
	// Queue is the number of accepted messages that wait for Next. One more is dropped here, counted, and still passed on.
	Queue int
	// Validators is the number of messages in Decode and Validate at once. A few more wait for that, or to be passed on (see waiting); one more than
	// these is dropped and counted, and not passed on.
	Validators int
}

func (c TopicConfig[T]) validate() error {
	switch {
	case c.Decode == nil || c.Validate == nil:
		return errors.New("need Decode and Validate")
	case c.MaxMessage < 1 || c.MaxMessage > MaxMessage:
		return fmt.Errorf("largest message %d: need 1 to %d bytes", c.MaxMessage, MaxMessage)
	case c.Queue < 1 || c.Validators < 1:
		return errors.New("need a queue and validators of at least 1")
	}
	return nil
}

// Received is a message that was accepted.
type Received[T any] struct {
	// From is the peer that brought it, not its author.
	From  peer.ID
	Value T
	Data  []byte
}

// Topic is a gossip topic that the host is in. Its methods may be called from any goroutine.
type Topic[T any] struct {
	host   *Host
	name   string
	cfg    TopicConfig[T]
	topic  *pubsub.Topic
	queue  chan Received[T]
	slots  chan struct{} // holds one for each message in Decode and Validate
	unjoin pubsub.RelayCancelFunc
	once   sync.Once
	closed chan struct{}
}

// Join enters a topic: its messages are validated, queued for Next and passed on. The name is an ASCII path such as
// "txs/1", at most 64 bytes; the wire sees it behind the network's prefix. A host joins a topic once.
func Join[T any](h *Host, name string, cfg TopicConfig[T]) (*Topic[T], error) {
	if err := cfg.validate(); err != nil {
		return nil, fmt.Errorf("join topic %q: %w", name, err)
	}
	if name == "" || len(name) > maxTopicName {
		return nil, fmt.Errorf("join topic %q: name needs 1 to %d bytes", name, maxTopicName)
	}
	if err := h.enter(name); err != nil {
		return nil, fmt.Errorf("join topic %q: %w", name, err)
	}
	t := &Topic[T]{host: h, name: name, cfg: cfg, queue: make(chan Received[T], cfg.Queue), slots: make(chan struct{}, cfg.Validators), closed: make(chan struct{})}
	if err := t.start(); err != nil {
		h.leave(name)
		return nil, fmt.Errorf("join topic %q: %w", name, err)
	}
	return t, nil
}

func (t *Topic[T]) start() error {
	full := t.full()
	err := t.host.pubsub.RegisterTopicValidator(full, t.judge, pubsub.WithValidatorConcurrency(t.cfg.Validators+waiting))
	if err != nil {
		return fmt.Errorf("register validator: %w", err)
	}
	undo := func(err error) error {
		if t.topic != nil {
			err = errors.Join(err, t.topic.Close())
		}
		return errors.Join(err, t.host.pubsub.UnregisterTopicValidator(full))
	}
	if t.topic, err = t.host.pubsub.Join(full); err != nil {
		return undo(fmt.Errorf("join: %w", err))
	}
	if err = t.topic.SetScoreParams(topicScoreParams()); err != nil {
		return undo(fmt.Errorf("set score parameters: %w", err))
	}
	// The topic is relayed, not subscribed to: the queue is filled by judge, before gossipsub passes the message on.
	if t.unjoin, err = t.topic.Relay(); err != nil {
		return undo(fmt.Errorf("enter mesh: %w", err))
	}
	return nil
}

// judge is the one way of a message from the wire to Next, and its one verdict for gossipsub. Gossipsub calls it once
// for each message id. The host's own messages are what the caller has checked.
func (t *Topic[T]) judge(ctx context.Context, from peer.ID, msg *pubsub.Message) pubsub.ValidationResult {
	if from == t.host.self {
		return pubsub.ValidationAccept
	}
	if !t.host.begin() {
		return pubsub.ValidationIgnore
	}
	defer t.host.work.Done()
	switch t.verdict(ctx, from, msg.Data) {
	case Accept:
		t.host.holdBack(ctx, len(msg.Data)) // without a slot: it takes time, and nothing else
		return pubsub.ValidationAccept
	case Reject:
		return pubsub.ValidationReject
	case Ignore:
		return pubsub.ValidationIgnore
	default:
		return pubsub.ValidationIgnore
	}
}

// verdict decodes and validates a message when there is a slot for it, and delivers it if it is accepted.
func (t *Topic[T]) verdict(ctx context.Context, from peer.ID, data []byte) Verdict {
	if len(data) > t.cfg.MaxMessage {
		return Reject
	}
	select {
	case t.slots <- struct{}{}:
		defer func() { <-t.slots }()
	case <-ctx.Done():
		return Ignore
	}
	value, err := t.cfg.Decode(data)
	if err != nil {
		return Reject
	}
	v := t.cfg.Validate(ctx, from, value)
	if v == Accept {
		t.deliver(Received[T]{From: from, Value: value, Data: data})
	}
	return v
}

// deliver queues a message for Next, or drops it and counts it.
func (t *Topic[T]) deliver(r Received[T]) {
	select {
	case t.queue <- r:
	default:
		t.host.metrics.dropped.WithLabelValues(t.name, "deliver").Inc()
	}
}

// Publish sends a message to the mesh. It is not validated here and does not come back by Next. The bytes belong to the
// topic from now on. Delivery is not promised: queues drop, and what matters is announced again after SeenTTL.
func (t *Topic[T]) Publish(ctx context.Context, data []byte) error {
	if len(data) > t.cfg.MaxMessage {
		return fmt.Errorf("publish on %s: %d bytes above %d", t.name, len(data), t.cfg.MaxMessage)
	}
	if t.host.ctx.Err() != nil {
		return fmt.Errorf("publish on %s: %w", t.name, ErrClosed)
	}
	if err := t.awaitMesh(ctx); err != nil {
		return fmt.Errorf("publish on %s: %w", t.name, err)
	}
	if err := t.topic.Publish(ctx, data); err != nil {
		return fmt.Errorf("publish on %s: %w", t.name, err)
	}
	return nil
}

// awaitMesh waits a moment for the first peer of the mesh when others are in the topic: a message that is published
// between a connection and the next heartbeat would reach nobody, and gossipsub would not advertise it either.
func (t *Topic[T]) awaitMesh(ctx context.Context) error {
	var moment <-chan time.Time
	for {
		size, grown := t.host.meshes.size(t.full())
		if size > 0 || len(t.Peers()) == 0 {
			return nil
		}
		if moment == nil {
			moment = time.After(2 * heartbeat)
		}
		select {
		case <-grown:
		case <-moment:
			return nil
		case <-t.host.ctx.Done():
			return ErrClosed
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Next waits for the next accepted message. It returns ErrClosed once the topic or the host is closed.
func (t *Topic[T]) Next(ctx context.Context) (Received[T], error) {
	err := ErrClosed
	select {
	case r := <-t.queue:
		return r, nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-t.closed:
	case <-t.host.ctx.Done():
	}
	return Received[T]{}, fmt.Errorf("next on %s: %w", t.name, err)
}

// full is the topic's name on the wire.
func (t *Topic[T]) full() string { return t.host.prefix + "/" + t.name }

// Peers returns the peers that are in the topic too.
func (t *Topic[T]) Peers() []peer.ID { return t.topic.ListPeers() }

// Close leaves the topic.
func (t *Topic[T]) Close() error {
	var err error
	t.once.Do(func() {
		close(t.closed)
		if t.host.ctx.Err() != nil {
			return // gossip has ended, and the topic with it
		}
		t.unjoin()
		err = errors.Join(t.topic.Close(), t.host.pubsub.UnregisterTopicValidator(t.full()))
		t.host.leave(t.name)
	})
	if err != nil {
		return fmt.Errorf("leave topic %s: %w", t.name, err)
	}
	return nil
}

func (h *Host) enter(name string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return ErrClosed
	}
	if _, ok := h.topics[name]; ok {
		return errors.New("joined already")
	}
	h.topics[name] = struct{}{}
	return nil
}

func (h *Host) leave(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.topics, name)
}

func (h *Host) joined(name string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, ok := h.topics[name]
	return ok
}
