package p2p

import (
	"context"
	"errors"
	"fmt"
	"time"

	ds "github.com/ipfs/go-datastore"
	dssync "github.com/ipfs/go-datastore/sync"
	dht "github.com/libp2p/go-libp2p-kad-dht"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/p2p/discovery/routing"
)

const (
	// findMin and findMax bound the pause between two searches for peers: short while there are few.
	findMin = 500 * time.Millisecond
	findMax = time.Minute
	// findTimeout bounds one search.
	findTimeout = 20 * time.Second
	// advertiseInterval renews the record that a restarted node has forgotten; advertiseRetry is the pause after a failure.
	advertiseInterval = 5 * time.Minute
	advertiseRetry    = time.Second
	// maxDiscovered bounds the dials of one search.
	maxDiscovered = 32
	// maxProviderRecords bounds what others may make this node remember, in records of about 100 bytes, for at most two days.
	maxProviderRecords = 1 << 16
)

// newDHT joins the Kademlia network of this protocol prefix, as a server, with provider records only. It filters no
// address: a devnet lives on loopback.
func newDHT(h host.Host, prefix string, bootstrap []peer.AddrInfo) (*dht.IpfsDHT, error) {
	d, err := dht.New(h,
		dht.Mode(dht.ModeServer),
		dht.ProtocolPrefix(protocol.ID(prefix)),
		dht.BootstrapPeers(bootstrap...),
		dht.DisableValues(),
		dht.Datastore(dssync.MutexWrap(&boundedStore{MapDatastore: ds.NewMapDatastore(), limit: maxProviderRecords})),
	)
	if err != nil {
		return nil, fmt.Errorf("start DHT: %w", err)
	}
	return d, nil
}

// advertise keeps this node's record at the rendezvous, which is the prefix.
func (h *Host) advertise() {
	rendezvous := routing.NewRoutingDiscovery(h.dht)
	wait := time.Duration(0)
	for h.pause(h.ctx, wait, nil) {
		wait = advertiseInterval
		// Without a peer in the routing table there is nobody to tell.
		if h.dht.RoutingTable().Size() == 0 {
			wait = advertiseRetry
		} else if _, err := rendezvous.Advertise(h.ctx, h.prefix); err != nil {
			h.log.DebugContext(h.ctx, "not advertised yet", "error", err)
			wait = advertiseRetry
		}
	}
}

// discover looks for peers at the rendezvous while there are fewer than enoughPeers, and now and then afterwards.
func (h *Host) discover() {
	wait := findMin
	for h.pause(h.ctx, wait, nil) {
		if h.dht.RoutingTable().Size() > 0 {
			h.find()
		}
		wait = min(2*wait, findMax)
		if len(h.Peers()) == 0 {
			wait = findMin
		}
	}
}

// find makes one search and dials whom it finds.
func (h *Host) find() {
	ctx, cancel := context.WithTimeout(h.ctx, findTimeout)
	defer cancel()
	found, err := routing.NewRoutingDiscovery(h.dht).FindPeers(ctx, h.prefix)
	if err != nil {
		h.log.DebugContext(ctx, "search for peers failed", "error", err)
		return
	}
	dialled := 0
	for info := range found {
		switch {
		case info.ID == h.self, h.Connected(info.ID), h.linked.get(info.ID) != nil, len(info.Addrs) == 0:
		case dialled >= maxDiscovered:
		case h.conduct.banned(info.ID):
		default:
			dialled++
			h.work.Go(func() { _ = h.dial(info) })
		}
	}
}

// errStoreFull refuses one more provider record.
var errStoreFull = errors.New("provider records: store is full")

// boundedStore is a datastore in memory that refuses to grow above a limit.
type boundedStore struct {
	*ds.MapDatastore
	limit int
	// size is guarded by the mutex around the store.
	size int
}

// Put stores a value, or refuses a new key when the store is full.
func (s *boundedStore) Put(ctx context.Context, key ds.Key, value []byte) error {
	known, err := s.Has(ctx, key)
	if err != nil {
		return fmt.Errorf("look up %s: %w", key, err)
	}
	if !known {
		if s.size >= s.limit {
			return errStoreFull
		}
		s.size++
	}
	return s.MapDatastore.Put(ctx, key, value)
}

// Delete forgets a key.
func (s *boundedStore) Delete(ctx context.Context, key ds.Key) error {
	known, err := s.Has(ctx, key)
	if err != nil {
		return fmt.Errorf("look up %s: %w", key, err)
	}
	if known {
		s.size--
	}
	return s.MapDatastore.Delete(ctx, key)
}

// Batch collects writes; each goes through Put and Delete.
func (s *boundedStore) Batch(context.Context) (ds.Batch, error) {
	return ds.NewBasicBatch(s), nil
}
