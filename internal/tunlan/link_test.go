package tunlan

import (
	"errors"
	"math"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// wire is a link with what came out of it, in virtual time.
type wire struct {
	*link
	dropped atomic.Int64
	start   time.Time
	arrived []arrival // written by the link's goroutine; read after synctest.Wait
}

type arrival struct {
	data  string
	after time.Duration
}

func newWire(t *testing.T, w Weather) *wire {
	t.Helper()
	x := &wire{start: time.Now()}
	x.link = newLink(w, rand.New(rand.NewPCG(1, 1)), &x.dropped, func(b []byte) error {
		x.arrived = append(x.arrived, arrival{string(b), time.Since(x.start)})
		return nil
	})
	stop := make(chan struct{})
	go x.run(stop)
	t.Cleanup(func() { close(stop); synctest.Wait() })
	return x
}

func (x *wire) sendNow(data string) { x.send(time.Now(), []byte(data)) }

// settle lets all packets arrive.
func (x *wire) settle() {
	time.Sleep(time.Hour)
	synctest.Wait()
}

func TestLinkDelaysEachPacketBySo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newWire(t, Weather{Delay: 25 * time.Millisecond})
		x.sendNow("a")
		time.Sleep(10 * time.Millisecond)
		x.sendNow("b")
		x.settle()
		want := []arrival{{"a", 25 * time.Millisecond}, {"b", 35 * time.Millisecond}}
		if len(x.arrived) != 2 || x.arrived[0] != want[0] || x.arrived[1] != want[1] {
			t.Errorf("arrived %v, want %v", x.arrived, want)
		}
	})
}

func TestLinkKeepsOrderUnderJitter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newWire(t, Weather{Delay: 25 * time.Millisecond, Jitter: 20 * time.Millisecond})
		for i := range 100 {
			x.sendNow(string(rune(i)))
			time.Sleep(time.Millisecond)
		}
		x.settle()
		if len(x.arrived) != 100 {
			t.Fatalf("%d of 100 arrived", len(x.arrived))
		}
		spread := map[time.Duration]bool{}
		for i, a := range x.arrived {
			took := a.after - time.Duration(i)*time.Millisecond
			spread[took] = true
			if a.data != string(rune(i)) || took < 5*time.Millisecond || took > 45*time.Millisecond {
				t.Errorf("packet %d: %q after %v, want itself within 25 ms +- 20 ms", i, a.data, took)
			}
		}
		if len(spread) < 10 {
			t.Errorf("only %d different delays: no jitter", len(spread))
		}
	})
}

func TestLinkLosesItsShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newWire(t, Weather{Loss: 0.25})
		const sent = 10_000 // the seed is fixed, so the count is too; the bounds are four standard deviations
		for range sent {
			x.sendNow("x")
		}
		x.settle()
		lost := int(x.dropped.Load())
		if len(x.arrived)+lost != sent || lost < 2_327 || lost > 2_673 {
			t.Errorf("%d arrived, %d lost of %d at 25 %%", len(x.arrived), lost, sent)
		}
	})
}

func TestCutLosesAllAndHealNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newWire(t, Weather{Delay: time.Millisecond})
		x.sendNow("under way")
		x.setCut(true)
		x.sendNow("lost")
		x.setCut(false)
		x.sendNow("after")
		x.settle()
		if len(x.arrived) != 2 || x.arrived[0].data != "under way" || x.arrived[1].data != "after" || x.dropped.Load() != 1 {
			t.Errorf("arrived %v, dropped %d", x.arrived, x.dropped.Load())
		}
	})
}

func TestSetChangesTheDelayOfWhatComesNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newWire(t, Weather{Delay: 10 * time.Millisecond})
		x.sendNow("a")
		x.set(Weather{Delay: 40 * time.Millisecond})
		x.sendNow("b")
		x.settle()
		if len(x.arrived) != 2 || x.arrived[0].after != 10*time.Millisecond || x.arrived[1].after != 40*time.Millisecond {
			t.Errorf("arrived %v", x.arrived)
		}
	})
}

func TestFullQueueDropsAndDoesNotWait(t *testing.T) {
	var dropped atomic.Int64
	l := newLink(Weather{}, rand.New(rand.NewPCG(1, 1)), &dropped, nil) // never run: nothing leaves the queue
	for range queuePackets + 3 {
		l.send(time.Now(), nil)
	}
	if dropped.Load() != 3 {
		t.Errorf("dropped %d, want 3", dropped.Load())
	}
}

func TestRefusedPacketIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newWire(t, Weather{})
		x.deliver = func([]byte) error { return errors.New("the device is down") }
		x.sendNow("x")
		x.settle()
		if x.dropped.Load() != 1 {
			t.Errorf("dropped %d, want 1", x.dropped.Load())
		}
	})
}

func TestBadWeatherIsRefused(t *testing.T) {
	for _, w := range []Weather{
		{Delay: -1},
		{Jitter: 1},
		{Delay: 1, Jitter: -1},
		{Loss: -0.1},
		{Loss: 1.1},
		{Loss: math.NaN()},
	} {
		if w.Validate() == nil {
			t.Errorf("%+v was accepted", w)
		}
	}
	if err := (Weather{Delay: 2, Jitter: 2, Loss: 1}).Validate(); err != nil {
		t.Errorf("the bounds themselves: %v", err)
	}
}
