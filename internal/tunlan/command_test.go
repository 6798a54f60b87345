package tunlan

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// recorder writes down what it is told.
type recorder struct{ did []string }

func (r *recorder) Cut(a, b int) error  { return r.note("cut", a, b) }
func (r *recorder) Heal(a, b int) error { return r.note("heal", a, b) }

func (r *recorder) Set(a, b int, w Weather) error { return r.note("set", a, b, w) }

func (r *recorder) note(what ...any) error {
	r.did = append(r.did, strings.TrimSpace(fmt.Sprintln(what...)))
	return nil
}

func TestServeCarriesOutLinesAndAnswersEach(t *testing.T) {
	var r recorder
	var out strings.Builder
	in := "cut 1 2\n\n  heal 0 0  \nset 1 2 25ms\nset 1 2 25ms 0.5 5ms\nquit\ncut 3 4\n"
	if err := Serve(&r, strings.NewReader(in), &out); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"cut 1 2",
		"heal 0 0",
		fmt.Sprint("set 1 2 ", Weather{Delay: 25 * time.Millisecond}),
		fmt.Sprint("set 1 2 ", Weather{Delay: 25 * time.Millisecond, Loss: 0.5, Jitter: 5 * time.Millisecond}),
	}
	if !slices.Equal(r.did, want) {
		t.Errorf("did %q, want %q", r.did, want)
	}
	if n := strings.Count(out.String(), "ok "); n != 4 {
		t.Errorf("%d of 4 answers: %q", n, out.String())
	}
}

func TestServeRefusesBadLinesAndGoesOn(t *testing.T) {
	bad := []string{
		"cut", "cut 1", "cut 1 2 3", "cut one 2", "cut 1 two", "heal 1", "quit now", "explode 1 2",
		"set 1 2", "set 1 2 fast", "set 1 2 25", "set 1 2 25ms much", "set 1 2 25ms 0.1 some", "set 1 2 25ms 0.1 1ms 1ms",
	}
	var r recorder
	var out strings.Builder
	if err := Serve(&r, strings.NewReader(strings.Join(bad, "\n")+"\nheal 1 2"), &out); err != nil {
		t.Fatal(err)
	}
	answers := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(answers) != len(bad)+1 {
		t.Fatalf("%d answers to %d lines: %q", len(answers), len(bad)+1, answers)
	}
	for i, line := range bad {
		if !strings.HasPrefix(answers[i], "error "+line+": ") {
			t.Errorf("%q was answered %q", line, answers[i])
		}
	}
	if want := []string{"heal 1 2"}; !slices.Equal(r.did, want) {
		t.Errorf("did %q, want %q", r.did, want)
	}
}

func TestConfigOutOfBoundsIsRefused(t *testing.T) {
	good := Config{Hosts: 2, Prefix: "lan"}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Config){
		"no host":      func(c *Config) { c.Hosts = 0 },
		"many hosts":   func(c *Config) { c.Hosts = 255 },
		"no prefix":    func(c *Config) { c.Prefix = "" },
		"a path":       func(c *Config) { c.Prefix = "../x" },
		"a long name":  func(c *Config) { c.Prefix = "abcdefghijk" },
		"bad weather":  func(c *Config) { c.Weather.Delay = -1 },
		"upper letter": func(c *Config) { c.Prefix = "Lan" },
	} {
		c := good
		change(&c)
		if c.Validate() == nil {
			t.Errorf("%s: %+v was accepted", name, c)
		}
	}
}

func TestBetweenNamesBothDirections(t *testing.T) {
	pairs := func(a, b int) (hit []string, err error) {
		l := &LAN{links: make([][]*link, 3)}
		names := map[*link]string{}
		for from := range l.links {
			l.links[from] = make([]*link, 3)
			for to := range l.links {
				if from != to {
					l.links[from][to] = &link{}
					names[l.links[from][to]] = fmt.Sprintf("%d>%d", from+1, to+1)
				}
			}
		}
		err = l.between(a, b, func(k *link) { hit = append(hit, names[k]) })
		return hit, err
	}
	for _, c := range []struct {
		a, b int
		want []string
	}{
		{1, 2, []string{"1>2", "2>1"}},
		{3, 1, []string{"1>3", "3>1"}},
		{0, 2, []string{"1>2", "2>1", "2>3", "3>2"}},
		{0, 0, []string{"1>2", "1>3", "2>1", "2>3", "3>1", "3>2"}},
	} {
		if got, err := pairs(c.a, c.b); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("between %d and %d: %v, %v, want %v", c.a, c.b, got, err, c.want)
		}
	}
	for _, c := range [][2]int{{1, 1}, {1, 4}, {-1, 2}} {
		if hit, err := pairs(c[0], c[1]); !errors.Is(err, errHost) || hit != nil {
			t.Errorf("between %d and %d: %v, %v, want %v", c[0], c[1], hit, err, errHost)
		}
	}
}

func TestDestinationReadsOnlyPacketsOfThisNetwork(t *testing.T) {
	ipv4 := func(a, b, c, d byte) []byte {
		p := make([]byte, 20)
		p[0] = 0x45
		copy(p[16:], []byte{a, b, c, d})
		return p
	}
	if host, ok := destination(ipv4(10, 77, 0, 3)); !ok || host != 3 {
		t.Errorf("10.77.0.3: host %d, %v", host, ok)
	}
	v6 := ipv4(10, 77, 0, 3)
	v6[0] = 0x60
	for name, p := range map[string][]byte{
		"empty": nil, "short": ipv4(10, 77, 0, 3)[:19], "IPv6": v6, "another network": ipv4(10, 78, 0, 3), "the network itself": ipv4(10, 77, 0, 0),
	} {
		if host, ok := destination(p); ok {
			t.Errorf("%s: host %d", name, host)
		}
	}
}
