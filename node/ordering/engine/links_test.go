package engine

import (
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
)

// fakeLinks are links that stand as soon as they are dialled, to those that answer.
type fakeLinks struct {
	mu      sync.Mutex
	answers map[string]bool
	linked  map[string]bool
	dialled []Link
	cut     []string
}

func (f *fakeLinks) Linked() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Sorted(maps.Keys(f.linked))
}

func (f *fakeLinks) Dial(to Link) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dialled = append(f.dialled, to)
	if f.answers[to.ConsensusID] {
		f.linked[to.ConsensusID] = true
	}
}

func (f *fakeLinks) Cut(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cut = append(f.cut, id)
	delete(f.linked, id)
}

func TestLinksFollowTheOperators(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := []Link{{"aa", "a:1"}, {"cc", "c:1"}, {"dd", ""}, {"mm", "m:1"}}
		links := &fakeLinks{answers: map[string]bool{"aa": true, "cc": true, "ff": true}, linked: map[string]bool{"zz": true}}
		l := newLinker(newRoster("mm", []Link{{"ff", "f:1"}}, func() []Link { return now }), links)
		rounds := func(n int) {
			for range n {
				l.roster.refresh()
				l.round()
				synctest.Wait()
			}
		}
		hold := func(what string, want ...string) {
			t.Helper()
			if got := links.Linked(); !slices.Equal(got, want) {
				t.Fatalf("%s: linked to %v, want %v", what, got, want)
			}
		}
		rounds(dialPatience - 1)
		hold("it is the turn of those with lower ids, and a stranger is cut") // all ids are lower than mm
		rounds(1)
		hold("the others did not dial", "aa", "cc", "ff")
		now = []Link{{"aa", "a:1"}, {"pp", "p:1"}}
		rounds(1)
		hold("one has left", "aa", "ff")
		if l.roster.admits("cc") || !l.roster.admits("pp") || !l.roster.admits("ff") || l.roster.admits("mm") {
			t.Fatal("who left is let in, or who came or is configured is not")
		}
		links.answers["pp"] = true
		rounds(1)
		hold("one has come, and it is this node's turn", "aa", "ff", "pp")
		if !slices.Equal(links.cut, []string{"zz", "cc"}) {
			t.Fatalf("cut %v", links.cut)
		}
		if slices.ContainsFunc(links.dialled, func(l Link) bool { return l.Address == "" || l.ConsensusID == "mm" }) {
			t.Fatalf("dialled %v: without an address, or itself", links.dialled)
		}
	})
}

// What the ledger says of a configured peer does not move it.
func TestAConfiguredPeerKeepsItsAddress(t *testing.T) {
	member, fixed := Link{"aa00000000000000000000000000000000000000", "10.0.0.1:26656"}, Link{"bb00000000000000000000000000000000000000", "10.0.0.2:26656"}
	r := newRoster("ff", []Link{fixed}, func() []Link { return []Link{member, {fixed.ConsensusID, "203.0.113.9:1"}} })
	for _, want := range []Link{member, fixed} {
		if got := (*r.current.Load())[want.ConsensusID]; got != want.Address {
			t.Errorf("%s is dialled at %s, not at %s", want.ConsensusID, got, want.Address)
		}
	}
}
