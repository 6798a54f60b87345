package p2p

import (
	"math"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// Offence is something that no honest peer does, or does only when it is in trouble. Each costs points; points halve
// every minute; at disconnectPoints the peer is disconnected and refused until it is back below releasePoints.
type Offence int

// The offences, from the lightest to the gravest.
const (
	// OffenceExcess is a request above the limit of concurrent requests: 1 point.
	OffenceExcess Offence = iota + 1
	// OffenceSlow is a request, or a frame, that did not arrive before its deadline: 5 points.
	OffenceSlow
	// OffenceMalformed is bytes that break the framing or the grammar of a stream: 25 points.
	OffenceMalformed
	// OffenceRejected is a gossip message with the verdict Reject: 25 points.
	OffenceRejected
	// OffenceInvalid is content that proves its sender wrong (a header that does not match its certificate, a lane
	// that does not match its root): 50 points.
	OffenceInvalid
)

// Points by which a peer is judged.
const (
	// disconnectPoints: four rejected messages, or two invalid answers, within nine seconds (points decay from the start), or
	// one rejected message each 25 s for ever.
	disconnectPoints = 90
	// releasePoints: one half-life after disconnection, a peer may try again.
	releasePoints = disconnectPoints / 2
	// pointsHalfLife lets an operator whose bug was mended come back without anybody's help.
	pointsHalfLife = time.Minute
	// maxConductRecords bounds the memory that short-lived identities can take (about 100 bytes each).
	maxConductRecords = 8192
)

// points is the price of an offence.
func (o Offence) points() float64 {
	switch o {
	case OffenceExcess:
		return 1
	case OffenceSlow:
		return 5
	case OffenceMalformed, OffenceRejected:
		return 25
	case OffenceInvalid:
		return 50
	default:
		return 0
	}
}

// String names the offence as metrics and logs do.
func (o Offence) String() string {
	switch o {
	case OffenceExcess:
		return "excess"
	case OffenceSlow:
		return "slow"
	case OffenceMalformed:
		return "malformed"
	case OffenceRejected:
		return "rejected"
	case OffenceInvalid:
		return "invalid"
	default:
		return "unknown"
	}
}

// conduct is the account of all peers' offences. The zero value is not usable: newConduct.
type conduct struct {
	mu sync.Mutex
	// peers is guarded by mu. A record below one point is as good as none.
	peers map[peer.ID]*record
}

type record struct {
	points float64   // at the time at
	at     time.Time // of the last offence
	banned bool      // since points reached disconnectPoints
}

func newConduct() *conduct {
	return &conduct{peers: make(map[peer.ID]*record)}
}

// now returns the points left of a record at time t.
func (r *record) now(t time.Time) float64 {
	return r.points * math.Exp2(-t.Sub(r.at).Seconds()/pointsHalfLife.Seconds())
}

// charge adds an offence and says whether the peer has to be disconnected.
func (c *conduct) charge(p peer.ID, o Offence) (disconnect bool) {
	t := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.peers[p]
	if r == nil {
		c.makeRoom(t)
		r = &record{}
		c.peers[p] = r
	}
	r.points, r.at = r.now(t)+o.points(), t
	if r.points >= disconnectPoints {
		r.banned = true
	}
	return r.banned
}

// makeRoom forgets what has decayed and, when that is not enough, the peer with the fewest points. Needs mu.
func (c *conduct) makeRoom(t time.Time) {
	if len(c.peers) < maxConductRecords {
		return
	}
	var least peer.ID
	fewest := math.Inf(1)
	for p, r := range c.peers {
		points := r.now(t)
		if points < 1 {
			delete(c.peers, p)
		} else if points < fewest {
			least, fewest = p, points
		}
	}
	if len(c.peers) >= maxConductRecords {
		delete(c.peers, least)
	}
}

// points returns what is left of a peer's points.
func (c *conduct) points(p peer.ID) float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.peers[p]
	if r == nil {
		return 0
	}
	return r.now(time.Now())
}

// banned says whether a peer is refused now.
func (c *conduct) banned(p peer.ID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.peers[p]
	if r == nil || !r.banned {
		return false
	}
	if r.now(time.Now()) < releasePoints {
		r.banned = false
	}
	return r.banned
}
