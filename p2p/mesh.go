package p2p

import (
	"sync"

	"github.com/libp2p/go-libp2p/core/peer"
)

// meshes knows, for each topic, the peers to which our messages go at once. Gossipsub tells it by the tracer.
type meshes struct {
	mu sync.Mutex
	// members and grown are guarded by mu. grown is closed, and made anew, when a peer comes into a mesh.
	members map[string]map[peer.ID]struct{}
	grown   chan struct{}
}

func newMeshes() *meshes {
	return &meshes{members: make(map[string]map[peer.ID]struct{}), grown: make(chan struct{})}
}

func (m *meshes) add(topic string, p peer.ID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.members[topic] == nil {
		m.members[topic] = make(map[peer.ID]struct{})
	}
	m.members[topic][p] = struct{}{}
	close(m.grown)
	m.grown = make(chan struct{})
}

func (m *meshes) remove(topic string, p peer.ID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.members[topic], p)
}

// removePeer takes a peer that has gone out of every mesh.
func (m *meshes) removePeer(p peer.ID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, members := range m.members {
		delete(members, p)
	}
}

func (m *meshes) leave(topic string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.members, topic)
}

// size returns the number of peers in a mesh, and a channel that is closed when any mesh has grown.
func (m *meshes) size(topic string) (int, <-chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.members[topic]), m.grown
}
