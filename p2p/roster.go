package p2p

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/peerstore"
	ma "github.com/multiformats/go-multiaddr"
)

// rosterInterval is the pause between two looks at the roster: operators change once in an epoch.
const rosterInterval = time.Second

// explicitTag protects connections from trimming.
const explicitTag = "explicit"

// link keeps one peer connected, until it is ended.
type link struct {
	info     peer.AddrInfo
	explicit bool
	// lost wakes the link when a connection was closed.
	lost chan struct{}
	// ctx is the link's own lifetime, within the host's.
	ctx context.Context //nolint:containedctx // as of the host
	end context.CancelFunc
}

// same says whether a link already does what is wanted.
func (l *link) same(info peer.AddrInfo, explicit bool) bool {
	return l != nil && l.explicit == explicit && slices.EqualFunc(l.info.Addrs, info.Addrs, ma.Multiaddr.Equal)
}

// linked are the peers that are kept connected: explicit ones, and those by which the network is entered.
type linked struct {
	mu    sync.RWMutex
	links map[peer.ID]*link // under mu
}

func newLinked() *linked { return &linked{links: make(map[peer.ID]*link)} }

// get returns the link to a peer, or nil.
func (l *linked) get(p peer.ID) *link {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.links[p]
}

func (l *linked) isExplicit(p peer.ID) bool {
	k := l.get(p)
	return k != nil && k.explicit
}

// explicit lists the explicit peers, in no order.
func (l *linked) explicit() []peer.ID {
	l.mu.RLock()
	defer l.mu.RUnlock()
	out := make([]peer.ID, 0, len(l.links))
	for p, k := range l.links {
		if k.explicit {
			out = append(out, p)
		}
	}
	return out
}

// relink makes the links those that are wanted now; who is on no list any more is an ordinary peer, and stays connected while it likes to.
func (h *Host) relink(p parsed, roster func() []string) {
	explicit := infos(p.explicit)
	if roster != nil {
		for id, info := range h.parseRoster(roster()) {
			if _, fixed := explicit[id]; !fixed {
				explicit[id] = info
			}
		}
	}
	wanted := infos(p.bootstrap)
	for id, info := range explicit {
		wanted[id] = peer.AddrInfo{ID: id, Addrs: ma.Unique(slices.Concat(info.Addrs, wanted[id].Addrs))}
	}

	h.linked.mu.Lock()
	defer h.linked.mu.Unlock()
	for id, l := range h.linked.links {
		if _, ok := wanted[id]; !ok {
			h.drop(id, l)
		}
	}
	for id, info := range wanted {
		_, isExplicit := explicit[id]
		l := h.linked.links[id]
		if l.same(info, isExplicit) {
			continue
		}
		if l != nil {
			h.drop(id, l)
		}
		h.add(info, isExplicit)
	}
}

// add begins a link; the caller holds the lock.
func (h *Host) add(info peer.AddrInfo, explicit bool) {
	if explicit {
		h.net.ConnManager().Protect(info.ID, explicitTag)
	}
	h.net.Peerstore().AddAddrs(info.ID, info.Addrs, peerstore.PermanentAddrTTL)
	l := &link{info: info, explicit: explicit, lost: make(chan struct{}, 1)}
	l.ctx, l.end = context.WithCancel(h.ctx)
	h.linked.links[info.ID] = l
	h.work.Go(func() { h.keep(l) })
}

// drop ends a link; the caller holds the lock.
func (h *Host) drop(id peer.ID, l *link) {
	l.end()
	delete(h.linked.links, id)
	h.net.ConnManager().Unprotect(id, explicitTag)
	h.net.Peerstore().UpdateAddrs(id, peerstore.PermanentAddrTTL, peerstore.TempAddrTTL)
}

// parseRoster reads what is an address, of others.
func (h *Host) parseRoster(texts []string) map[peer.ID]peer.AddrInfo {
	var good []ma.Multiaddr
	for _, text := range texts {
		a, err := ma.NewMultiaddr(text)
		if err != nil {
			continue
		}
		if _, err := peer.AddrInfoFromP2pAddr(a); err == nil {
			good = append(good, a)
		}
	}
	list, err := peer.AddrInfosFromP2pAddrs(good...)
	if err != nil {
		return nil // each of them was read before
	}
	out := infos(list)
	delete(out, h.self)
	return out
}

// infos is a list by peer.
func infos(list []peer.AddrInfo) map[peer.ID]peer.AddrInfo {
	out := make(map[peer.ID]peer.AddrInfo, len(list))
	for _, info := range list {
		out[info.ID] = info
	}
	return out
}
