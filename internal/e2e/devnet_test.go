package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/node/api"
	"github.com/lockstep-network/lockstep/node/api/client"
)

// devnetStory is a devnet as a newcomer runs it, on loopback addresses where no other runs.
type devnetStory struct {
	t        *testing.T
	dir      string
	loopback string // first half of its addresses
	env      []string
	p        *process
}

// TestDevnet: one command starts everything, Ctrl-C stops everything, the next start goes on where it was, --reset begins anew.
func TestDevnet(t *testing.T) {
	realProcesses(t)
	dir := t.TempDir()
	d := &devnetStory{t: t, dir: filepath.Join(dir, "devnet"), loopback: loopbackHalf(t)}

	first, took := d.up()
	t.Logf("up after %s, with its keys and genesis made", took)
	d.describes(first)
	genesis := d.genesis()
	id := d.bundle(first)
	height := d.status().Head
	d.seesDA()
	d.earns(first)
	d.second()
	d.down(first)

	second, took := d.up()
	t.Logf("up again after %s", took)
	if again := "namespaces are registered"; !strings.Contains(first, again) || strings.Contains(second, again) {
		t.Errorf("namespaces are registered once, and not by the next start:\n%s", second)
	}
	if s := d.status(); s.Head < height || s.GenesisHash != genesis {
		t.Errorf("it went on at block %d of genesis %s, and was at %d of %s", s.Head, s.GenesisHash, height, genesis)
	}
	if s, err := d.client().Transaction(t.Context(), id); err != nil || s.Status != api.StatusIncluded {
		t.Errorf("what was included before is %+v, %v", s, err)
	}
	d.bundle(second)
	d.crash(second)
	d.down(second)

	third, _ := d.up("--reset", "--operators", "1", "--rollups", "1")
	if s := d.status(); s.GenesisHash == genesis {
		t.Error("after --reset the genesis is the same")
	}
	if strings.Contains(third, "operator-2") || strings.Contains(third, "rollup-2") || !strings.Contains(third, "rollup-1") {
		t.Errorf("of one operator and one rollup it says:\n%s", third)
	}
	d.down(third)
	d.taken()
	if said := refused(t, nil, "devnet", "--dir", d.dir, "--operators", "4"); !strings.Contains(said, "--reset") {
		t.Errorf("another number of operators: %q", said)
	}
	stranger := filepath.Join(dir, "stranger")
	if err := os.MkdirAll(filepath.Join(stranger, "thesis"), 0o700); err != nil {
		t.Fatal(err)
	}
	if said := refused(t, nil, "devnet", "--dir", stranger, "--loopback", d.loopback, "--reset"); !strings.Contains(said, "thesis") {
		t.Errorf("a folder with something else in it: %q", said)
	}
	if _, err := os.Stat(filepath.Join(stranger, "thesis")); err != nil {
		t.Errorf("--reset has deleted what is no devnet: %v", err)
	}
}

// loopbackHalf returns "127.n" of a devnet of its own.
func loopbackHalf(t *testing.T) string {
	t.Helper()
	for range 100 {
		half := fmt.Sprintf("127.%d", 20+rand.IntN(231))
		if l, err := net.Listen("tcp", half+".3.1:"+portDA); err == nil {
			_ = l.Close()
			return half
		}
	}
	t.Fatal("no loopback address is free")
	return ""
}

// up starts the devnet and returns what it printed once it is up.
func (d *devnetStory) up(args ...string) (string, time.Duration) {
	d.t.Helper()
	lockstep(d.t) // built before the time is taken
	began := time.Now()
	d.p = newProcess(d.t, filepath.Dir(d.dir), fmt.Sprintf("devnet-%d", began.UnixNano()), d.env, append([]string{"devnet", "--dir", d.dir, "--loopback", d.loopback}, args...)...)
	d.p.start()
	var said string
	eventually(d.t, "the devnet is up", []*process{d.p}, func(context.Context) error {
		if said = d.p.tail(1000); !strings.Contains(said, "Ctrl-C stops everything") {
			return errors.New("its table is not printed")
		}
		return nil
	})
	return said, time.Since(began).Round(100 * time.Millisecond)
}

// down stops it as Ctrl-C does, and looks for processes that are left.
func (d *devnetStory) down(said string) {
	d.t.Helper()
	if left := d.processes(); len(left) < 2 {
		d.t.Errorf("no processes are found, so none can be missed: %v\n%s", left, said)
	}
	d.p.stop()
	if left := d.processes(); len(left) > 0 {
		d.t.Errorf("processes are left after Ctrl-C: %v", left)
	}
	if said := d.p.tail(3); !strings.Contains(said, "stopped") || strings.Contains(said, "killing") {
		d.t.Errorf("its last words are %q", said)
	}
}

// processes finds all that run with the devnet's folder in their arguments. It needs /proc.
func (d *devnetStory) processes() []string {
	d.t.Helper()
	if _, err := os.Stat("/proc/self/cmdline"); err != nil {
		d.t.Skip("no /proc here to find processes in")
	}
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		d.t.Fatal(err)
	}
	var found []string
	for _, path := range lines {
		raw, err := os.ReadFile(path) // gone meanwhile: gone
		if err == nil && bytes.Contains(raw, []byte(d.dir)) {
			found = append(found, path+" "+strings.ReplaceAll(string(raw), "\x00", " "))
		}
	}
	return found
}

// describes checks the table: what runs, funded keys, three commands to try, the first two of which are tried here.
func (d *devnetStory) describes(said string) {
	d.t.Helper()
	for _, want := range []string{"operator-1", "operator-4", "rollup-1", "rollup-2", "DA layer", "0x", "bundle send --devnet", "status --rpc", "rewards show --devnet", "Logs: "} {
		if !strings.Contains(said, want) {
			d.t.Errorf("the devnet does not say %q:\n%s", want, said)
		}
	}
	if took := regexp.MustCompile(`is up after ([0-9.]+) s`).FindStringSubmatch(said); took == nil {
		d.t.Error("it does not say how long it took")
	}
	for line := range strings.Lines(said) {
		if words := strings.Fields(line); len(words) > 2 && words[0] == lockstep(d.t) {
			must(d.t, nil, words[1:]...)
		}
	}
}

// url finds an operator's RPC in its description.
func (d *devnetStory) url() string {
	d.t.Helper()
	var description struct{ Operators []struct{ RPC string } }
	readJSON(d.t, filepath.Join(d.dir, "network.json"), &description)
	return description.Operators[0].RPC
}

func (d *devnetStory) client() *client.Client {
	d.t.Helper()
	c, err := client.Dial(d.t.Context(), d.url())
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(c.Close)
	return c
}

func (d *devnetStory) status() *api.Status {
	d.t.Helper()
	s, err := d.client().Status(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	return s
}

func (d *devnetStory) genesis() common.Hash {
	d.t.Helper()
	return readGenesis(d.t, filepath.Join(d.dir, "genesis.json")).Hash()
}

// bundle sends one to both rollups.
func (d *devnetStory) bundle(said string) common.Hash {
	d.t.Helper()
	to := newAddress().Hex()
	out := must(d.t, nil, "bundle", "send", "--devnet", d.dir, "--transfer", "rollup-1:"+to+":1", "--transfer", "rollup-2:"+to+":1")
	id := regexp.MustCompile(`(0x[0-9a-f]{64}) included in block \d+ at position \d+, certified`).FindStringSubmatch(out)
	if id == nil {
		d.t.Fatalf("bundle send says %s\n%s", out, said)
	}
	return common.HexToHash(id[1])
}

// seesDA: the operators' views of the DA layer reach the headers.
func (d *devnetStory) seesDA() {
	d.t.Helper()
	c := d.client()
	eventually(d.t, "a header with a DA head", nil, func(ctx context.Context) error {
		s, err := c.Status(ctx)
		if err != nil {
			return err
		}
		h, err := c.Header(ctx, api.HeightOf(s.Head))
		if err == nil && h.DAHead == 0 {
			err = fmt.Errorf("height %d: none yet", h.Height)
		}
		return err
	})
}

// second: a devnet beside it gets a clear refusal, and harms nothing.
func (d *devnetStory) second() {
	d.t.Helper()
	before := d.status().Head
	said := refused(d.t, nil, "devnet", "--dir", filepath.Join(d.t.TempDir(), "second"), "--loopback", d.loopback)
	if !strings.Contains(said, "the DA layer should listen on "+d.loopback) || !strings.Contains(said, "another devnet?") {
		d.t.Errorf("a second devnet: %q", said)
	}
	eventually(d.t, "the first devnet goes on", []*process{d.p}, func(context.Context) error {
		if head := d.status().Head; head <= before {
			return fmt.Errorf("it is at block %d", head)
		}
		return nil
	})
}

// taken: a stranger on one of its ports is named before anything is started.
func (d *devnetStory) taken() {
	d.t.Helper()
	addr := strings.TrimPrefix(d.url(), "http://")
	l, err := net.Listen("tcp", addr)
	if err != nil {
		d.t.Fatal(err)
	}
	defer l.Close()
	if said := refused(d.t, nil, "devnet", "--dir", d.dir); !strings.Contains(said, "the RPC of operator-1 should listen on "+addr) {
		d.t.Errorf("with a taken port: %q", said)
	}
	if left := d.processes(); len(left) > 0 {
		d.t.Errorf("processes run after a refusal: %v", left)
	}
}

// crash: a process of the devnet that ends is started again.
func (d *devnetStory) crash(said string) {
	d.t.Helper()
	for _, p := range d.processes() {
		if !strings.Contains(p, "operator-3") {
			continue
		}
		pid, err := strconv.Atoi(strings.Split(p, "/")[2])
		if err != nil {
			d.t.Fatal(err)
		}
		victim, err := os.FindProcess(pid)
		if err != nil {
			d.t.Fatal(err)
		}
		if err := victim.Kill(); err != nil {
			d.t.Fatal(err)
		}
		eventually(d.t, "operator-3 is started again", []*process{d.p}, func(context.Context) error {
			for _, again := range d.processes() {
				if strings.Contains(again, "operator-3") && !strings.HasPrefix(again, fmt.Sprintf("/proc/%d/", pid)) {
					return nil
				}
			}
			return errors.New("it is not")
		})
		d.bundle(said)
		return
	}
	d.t.Error("operator-3 is not found")
}
