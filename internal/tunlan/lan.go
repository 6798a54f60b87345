package tunlan

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// hostsMost is what the last byte of the address can name.
const hostsMost = 254

// cleanupTime bounds the removal of all namespaces.
const cleanupTime = 10 * time.Second

// Config is what a LAN is made from.
type Config struct {
	Hosts   int    // 1 to 254
	Prefix  string // of the namespaces' names, which end in the host's number; at most 10 bytes of [a-z0-9]
	Weather Weather
	Seed    uint64 // of loss and jitter
}

// Validate names the field that is out of bounds.
func (c Config) Validate() error {
	if c.Hosts < 1 || c.Hosts > hostsMost {
		return fmt.Errorf("%d hosts are not in [1, %d]", c.Hosts, hostsMost)
	}
	if c.Prefix == "" || len(c.Prefix) > 10 {
		return fmt.Errorf("prefix %q is not 1 to 10 bytes long", c.Prefix)
	}
	for _, r := range c.Prefix {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') {
			return fmt.Errorf("prefix %q holds more than a-z and 0-9", c.Prefix)
		}
	}
	return c.Weather.Validate()
}

// LAN is a running network. Its methods may be called from any goroutine.
type LAN struct {
	prefix  string
	tuns    []*os.File // set by New, by host less 1
	links   [][]*link  // set by New, [from][to], nil where from == to
	dropped atomic.Int64

	stop  chan struct{}
	wg    sync.WaitGroup // readers and links
	close sync.Once
	err   error // of the close; read after close is done
}

// New makes the namespaces and starts the links. If it fails it leaves nothing behind. ctx bounds the making only.
func New(ctx context.Context, c Config) (*LAN, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("make LAN: %w", err)
	}
	if err := Supported(); err != nil {
		return nil, fmt.Errorf("make LAN: %w", err)
	}
	l := &LAN{prefix: c.Prefix, stop: make(chan struct{})}
	for host := 1; host <= c.Hosts; host++ {
		tun, err := makeHost(ctx, l.Netns(host), host)
		if tun != nil {
			l.tuns = append(l.tuns, tun)
		}
		if err != nil {
			// Not ctx: it may be what failed, and the namespaces must go all the same.
			return nil, errors.Join(fmt.Errorf("make host %d: %w", host, err), l.remove(host))
		}
	}
	l.connect(c)
	return l, nil
}

// Netns is the name of a host's network namespace.
func (l *LAN) Netns(host int) string { return fmt.Sprintf("%s%d", l.prefix, host) }

// Addr is a host's address, the same in each LAN.
func Addr(host int) netip.Addr { return netip.AddrFrom4([4]byte{10, 77, 0, byte(host)}) }

// Dropped counts the packets that cuts, loss and full queues took so far.
func (l *LAN) Dropped() int64 { return l.dropped.Load() }

// Cut stops all packets between a and b, both ways. Host 0 means every host, here and below. Packets under way still arrive.
func (l *LAN) Cut(a, b int) error {
	return l.between(a, b, func(k *link) { k.setCut(true) })
}

// Heal undoes Cut.
func (l *LAN) Heal(a, b int) error {
	return l.between(a, b, func(k *link) { k.setCut(false) })
}

// Set changes the weather between a and b, both ways.
func (l *LAN) Set(a, b int, w Weather) error {
	if err := w.Validate(); err != nil {
		return fmt.Errorf("set weather: %w", err)
	}
	return l.between(a, b, func(k *link) { k.set(w) })
}

// Close stops all links and removes the namespaces. Processes inside keep theirs, without a network, until they end.
func (l *LAN) Close() error {
	l.close.Do(func() {
		close(l.stop)
		l.err = l.remove(len(l.links))
	})
	return l.err
}

func makeHost(ctx context.Context, name string, host int) (*os.File, error) {
	if err := addNetns(ctx, name); err != nil {
		return nil, err
	}
	tun, err := openTUN(name)
	if err != nil {
		return nil, err
	}
	return tun, configure(ctx, name, Addr(host).String()+"/24")
}

// connect starts a reader for each host and a queue for each direction.
func (l *LAN) connect(c Config) {
	l.links = make([][]*link, c.Hosts)
	for from := range l.links {
		l.links[from] = make([]*link, c.Hosts)
		for to := range l.links {
			if from == to {
				continue
			}
			chance := rand.New(rand.NewPCG(c.Seed, uint64(from)<<32|uint64(to)))
			k := newLink(c.Weather, chance, &l.dropped, func(data []byte) error {
				_, err := l.tuns[to].Write(data)
				return err
			})
			l.links[from][to] = k
			l.wg.Go(func() { k.run(l.stop) })
		}
	}
	for from, tun := range l.tuns {
		l.wg.Go(func() { l.read(from, tun) })
	}
}

// read hands each packet of a host to its link, until the device is closed.
func (l *LAN) read(from int, tun *os.File) {
	buf := make([]byte, 65_536)
	for {
		n, err := tun.Read(buf)
		if err != nil {
			return
		}
		to, ok := destination(buf[:n])
		if !ok || to > len(l.links) || to == from+1 {
			continue
		}
		l.links[from][to-1].send(time.Now(), buf[:n])
	}
}

// destination reads the host number from an IPv4 packet to our network.
func destination(p []byte) (host int, ok bool) {
	const header = 20 // bytes of an IPv4 header without options
	if len(p) < header || p[0]>>4 != 4 {
		return 0, false
	}
	to := netip.AddrFrom4([4]byte(p[16:20]))
	host = int(p[19])
	return host, host > 0 && to == Addr(host)
}

// between calls f for each direction between a and b.
func (l *LAN) between(a, b int, f func(*link)) error {
	for _, host := range []int{a, b} {
		if host < 0 || host > len(l.links) {
			return fmt.Errorf("host %d of %d: %w", host, len(l.links), errHost)
		}
	}
	if a == b && a != 0 {
		return fmt.Errorf("host %d to itself: %w", a, errHost)
	}
	matches := func(x, y int) bool { return (a == 0 || a == x) && (b == 0 || b == y) }
	for from, row := range l.links {
		for to, k := range row {
			if k != nil && (matches(from+1, to+1) || matches(to+1, from+1)) {
				f(k)
			}
		}
	}
	return nil
}

// remove closes the devices, which ends the readers, and removes the first hosts' namespaces.
func (l *LAN) remove(hosts int) error {
	ctx, cancel := context.WithTimeout(context.Background(), cleanupTime)
	defer cancel()
	errs := make([]error, 0, len(l.tuns)+hosts)
	for _, tun := range l.tuns {
		errs = append(errs, tun.Close())
	}
	l.wg.Wait()
	for host := 1; host <= hosts; host++ {
		errs = append(errs, removeNetns(ctx, l.Netns(host)))
	}
	return errors.Join(errs...)
}
