package p2p

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// Points halve each minute; a peer is refused from 90 points until it is below 45 again.
func TestPointsDecayAndRelease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := newConduct(), peer.ID("p")
		for i := range 3 {
			if c.charge(p, OffenceRejected) {
				t.Fatalf("disconnected after %d", i+1)
			}
		}
		time.Sleep(pointsHalfLife)
		if got := c.points(p); got < 37 || got > 38 {
			t.Errorf("75 points became %f", got)
		}
		c.charge(p, OffenceInvalid)
		if !c.charge(p, OffenceRejected) || !c.banned(p) {
			t.Error("112 points and not disconnected")
		}
		time.Sleep(pointsHalfLife)
		if !c.banned(p) {
			t.Error("released above 45 points")
		}
		time.Sleep(pointsHalfLife / 2)
		if c.banned(p) {
			t.Error("not released below 45 points")
		}
		if c.charge(p, OffenceExcess) {
			t.Error("released, and disconnected for a trifle")
		}
	})
}

// Identities cost an attacker nothing: the account of them is bounded, and the worst stay in it.
func TestAccountIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, worst := newConduct(), peer.ID("worst")
		for range 4 {
			c.charge(worst, OffenceRejected)
		}
		for i := range maxConductRecords + 100 {
			c.charge(peer.ID(fmt.Sprint(i)), OffenceSlow)
		}
		if len(c.peers) > maxConductRecords {
			t.Errorf("%d records", len(c.peers))
		}
		if !c.banned(worst) {
			t.Error("the worst was forgotten")
		}
		time.Sleep(5 * time.Minute)
		c.charge(peer.ID("one more"), OffenceSlow)
		if len(c.peers) > 2 {
			t.Errorf("%d records after five minutes of peace", len(c.peers))
		}
	})
}

// Each offence has a name and a price, and anything else has neither.
func TestOffencesArePriced(t *testing.T) {
	seen := make(map[string]bool)
	for o := OffenceExcess; o <= OffenceInvalid; o++ {
		if o.points() <= 0 || o.String() == "unknown" || seen[o.String()] {
			t.Errorf("offence %d: %q, %f points", o, o, o.points())
		}
		seen[o.String()] = true
	}
	if o := OffenceInvalid + 1; o.points() != 0 || o.String() != "unknown" {
		t.Errorf("offence %d: %q, %f points", o, o, o.points())
	}
}
