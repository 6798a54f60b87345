package tunlan

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// newLAN makes a LAN with names of this process's own.
func newLAN(t *testing.T, hosts int, w Weather) *LAN {
	t.Helper()
	needLAN(t)
	l, err := New(t.Context(), Config{Hosts: hosts, Prefix: prefix("a"), Weather: w, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		for host := 1; host <= hosts; host++ {
			if present(l.Netns(host)) {
				t.Errorf("%s is still there after Close", l.Netns(host))
			}
		}
	})
	return l
}

func needLAN(t *testing.T) {
	t.Helper()
	if err := Supported(); err != nil {
		t.Skipf("no user-space LAN here: %v", err)
	}
}

func prefix(kind string) string { return fmt.Sprintf("t%s%x", kind, os.Getpid()) }

func present(netns string) bool {
	_, err := os.Stat(netnsDir + netns)
	return err == nil
}

// listen opens a UDP socket inside a host.
func listen(t *testing.T, l *LAN, host int) *net.UDPConn {
	t.Helper()
	var conn *net.UDPConn
	err := InNetns(l.Netns(host), func() (err error) {
		conn, err = net.ListenUDP("udp4", &net.UDPAddr{IP: Addr(host).AsSlice()})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// echo answers all that a socket receives, until it is closed.
func echo(conn *net.UDPConn) {
	buf := make([]byte, 1500)
	for {
		n, from, err := conn.ReadFromUDP(buf)
		if err != nil {
			return
		}
		_, _ = conn.WriteToUDP(buf[:n], from) // a lost answer is what the asker looks for
	}
}

// fastest is the shortest of some round trips: what the machine's load adds is not the LAN's.
func fastest(t *testing.T, from, to *net.UDPConn) time.Duration {
	t.Helper()
	least := time.Hour
	for i := range 10 {
		start := time.Now()
		say(t, from, to, fmt.Sprint(i))
		if got := hear(t, from); got != fmt.Sprint(i) {
			t.Fatalf("answer %q to %d", got, i)
		}
		least = min(least, time.Since(start))
	}
	return least
}

func say(t *testing.T, from, to *net.UDPConn, what string) {
	t.Helper()
	if _, err := from.WriteToUDP([]byte(what), to.LocalAddr().(*net.UDPAddr)); err != nil {
		t.Fatal(err)
	}
}

func hear(t *testing.T, conn *net.UDPConn) string {
	t.Helper()
	buf := make([]byte, 1500)
	if err := conn.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	n, err := conn.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	return string(buf[:n])
}

func TestRoundTripTakesTwiceTheDelay(t *testing.T) {
	const delay = 25 * time.Millisecond
	l := newLAN(t, 2, Weather{Delay: delay})
	a, b := listen(t, l, 1), listen(t, l, 2)
	go echo(b)
	far := fastest(t, a, b)
	if far < 2*delay || far > 4*delay {
		t.Errorf("fastest round trip %v over 2 x %v", far, delay)
	}
	if err := l.Set(1, 2, Weather{}); err != nil {
		t.Fatal(err)
	}
	near := fastest(t, a, b)
	if near >= 2*delay {
		t.Errorf("fastest round trip %v without delay", near)
	}
	t.Logf("fastest round trip: %v over 2 x %v, %v without delay", far, delay, near)
}

func TestCutStopsPacketsAndHealLetsThemPass(t *testing.T) {
	l := newLAN(t, 3, Weather{})
	a, b, c := listen(t, l, 1), listen(t, l, 2), listen(t, l, 3)
	go echo(b)
	go echo(c)
	if err := l.Cut(1, 2); err != nil {
		t.Fatal(err)
	}
	before := l.Dropped()
	const lost = 5
	for range lost {
		say(t, a, b, "into the cut")
	}
	for deadline := time.Now().Add(30 * time.Second); l.Dropped() < before+lost; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d packets dropped", l.Dropped()-before, lost)
		}
	}
	say(t, a, c, "around it")
	if got := hear(t, a); got != "around it" {
		t.Errorf("heard %q from host 3", got)
	}
	if err := l.Heal(0, 0); err != nil {
		t.Fatal(err)
	}
	say(t, a, b, "after it")
	if got := hear(t, a); got != "after it" {
		t.Errorf("heard %q, want only what was sent after the cut", got)
	}
}

func TestNewTakesOverWhatAKilledRunLeft(t *testing.T) {
	needLAN(t)
	name := prefix("a") + "1"
	if err := ip(t.Context(), "netns", "add", name); err != nil {
		t.Fatal(err)
	}
	l := newLAN(t, 2, Weather{})
	a, b := listen(t, l, 1), listen(t, l, 2)
	go echo(b)
	say(t, a, b, "hello")
	if got := hear(t, a); got != "hello" {
		t.Errorf("heard %q", got)
	}
}

func TestCloseTwiceIsClose(t *testing.T) {
	l := newLAN(t, 1, Weather{})
	if err := errors.Join(l.Close(), l.Close()); err != nil {
		t.Error(err)
	}
}

// TestCommandRemovesItsNamespaces: however it ends, short of kill -9.
func TestCommandRemovesItsNamespaces(t *testing.T) {
	needLAN(t)
	bin := filepath.Join(t.TempDir(), "tunlan")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", bin, "./cmd/tunlan").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	for _, c := range []struct {
		name string
		end  func(cmd *exec.Cmd, stdin interface{ Close() error }) error
	}{
		{"SIGTERM", func(cmd *exec.Cmd, _ interface{ Close() error }) error { return cmd.Process.Signal(syscall.SIGTERM) }},
		{"SIGINT", func(cmd *exec.Cmd, _ interface{ Close() error }) error { return cmd.Process.Signal(os.Interrupt) }},
		{"end of stdin", func(_ *exec.Cmd, stdin interface{ Close() error }) error { return stdin.Close() }},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := prefix("c") + "1"
			cmd := exec.CommandContext(t.Context(), bin, "-n", "2", "-prefix", prefix("c"))
			stdin, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			stdout, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewScanner(stdout)
			for lines.Scan() && !strings.HasPrefix(lines.Text(), "ready") {
			}
			if !present(name) {
				t.Errorf("%s is not there after ready", name)
			}
			if err := c.end(cmd, stdin); err != nil {
				t.Fatal(err)
			}
			for lines.Scan() {
			}
			if err := cmd.Wait(); err != nil {
				t.Error(err)
			}
			if present(name) {
				t.Errorf("%s is still there", name)
			}
		})
	}
}
