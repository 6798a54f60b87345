package engine

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cometbft/cometbft/p2p"
)

// Link is another operator's end of the links between operators.
type Link struct {
	ConsensusID string // 40 hexadecimal digits in lower case
	Address     string // host:port; empty: it dials, this node does not
}

// roster is who may link: the configured peers and who operates now. Everybody else follows over libp2p.
type roster struct {
	self      string
	fixed     []Link
	operators func() []Link // nil: nobody but the fixed
	current   atomic.Pointer[map[string]string]
}

func newRoster(self string, fixed []Link, operators func() []Link) *roster {
	r := &roster{self: self, fixed: fixed, operators: operators}
	r.refresh()
	return r
}

// refresh asks who operates now: no two name one node. A configured peer keeps its configured address.
func (r *roster) refresh() {
	now := map[string]string{}
	if r.operators != nil {
		for _, l := range r.operators() {
			now[l.ConsensusID] = l.Address
		}
	}
	for _, l := range r.fixed {
		now[l.ConsensusID] = l.Address
	}
	delete(now, r.self)
	r.current.Store(&now)
}

func (r *roster) admits(id string) bool {
	_, ok := (*r.current.Load())[id]
	return ok
}

// links are CometBFT's, as far as a linker needs them.
type links interface {
	Linked() []string // consensus ids
	Dial(to Link)     // comes back when the link stands, or does not
	Cut(id string)    // ends a link
}

// dialPatience is how many rounds a node waits for the other side to dial, when that is the other side's turn: of two nodes the one with
// the lower id dials, so that not both do at once and each refuses the other's link as the second.
const dialPatience = 5

// linker holds the links to what the roster says: it dials who is missing and cuts who operates no more. CometBFT's own persistent peers are
// fixed when it starts.
type linker struct {
	roster *roster
	links  links

	missing map[string]int // rounds that a link has been missing

	mu      sync.Mutex
	dialing map[string]bool // under mu
}

func newLinker(r *roster, l links) *linker {
	return &linker{roster: r, links: l, missing: map[string]int{}, dialing: map[string]bool{}}
}

// run makes a round each redialPeriod until stopping is closed.
func (l *linker) run(stopping <-chan struct{}) {
	ticker := time.NewTicker(redialPeriod)
	defer ticker.Stop()
	for {
		l.round()
		select {
		case <-stopping:
			return
		case <-ticker.C:
			l.roster.refresh()
		}
	}
}

func (l *linker) round() {
	linked := map[string]bool{}
	for _, id := range l.links.Linked() {
		if linked[id] = true; !l.roster.admits(id) {
			l.links.Cut(id)
		}
	}
	wanted := *l.roster.current.Load()
	for _, id := range slices.Sorted(maps.Keys(wanted)) {
		if linked[id] {
			delete(l.missing, id)
			continue
		}
		rounds := l.missing[id]
		l.missing[id]++
		if wanted[id] != "" && (l.roster.self < id || rounds%dialPatience == dialPatience-1) {
			l.dial(Link{id, wanted[id]})
		}
	}
	maps.DeleteFunc(l.missing, func(id string, _ int) bool { return !l.roster.admits(id) })
}

// dial dials in the background, one call at a time for each peer: a name server may take its time.
func (l *linker) dial(to Link) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dialing[to.ConsensusID] {
		return
	}
	l.dialing[to.ConsensusID] = true
	go func() {
		l.links.Dial(to)
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.dialing, to.ConsensusID)
	}()
}

// switchLinks are the links of a CometBFT node.
type switchLinks struct{ sw p2p.Switcher }

// Linked implements links.
func (s switchLinks) Linked() []string {
	var out []string
	s.sw.Peers().ForEach(func(p p2p.Peer) { out = append(out, string(p.ID())) })
	return out
}

// Dial implements links. That it failed is CometBFT's to log; the next round tries again.
func (s switchLinks) Dial(to Link) {
	address, err := p2p.NewNetAddressString(to.ConsensusID + "@" + to.Address)
	if err == nil {
		err = s.sw.DialPeerWithAddress(address)
	}
	if err != nil {
		s.sw.Log().Debug("dial operator", "id", to.ConsensusID, "address", to.Address, "err", err)
	}
}

// Cut implements links.
func (s switchLinks) Cut(id string) {
	if peer := s.sw.Peers().Get(p2p.ID(id)); peer != nil {
		s.sw.StopPeerGracefully(peer)
	}
}
