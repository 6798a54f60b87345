package e2e

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// maxPanics is how often an operator's supervisor may have to act in one story.
const maxPanics = 5

// supervise tells that the child has ended although nobody asked it to. A supervised operator that ended by the known fault of block sync is
// started again instead, as its supervisor does.
func (p *process) supervise() error {
	p.t.Helper()
	err := p.died()
	if err == nil || !p.excused() {
		return err
	}
	p.panics++
	p.t.Logf("%s has ended in CometBFT's block sync, for the %d. time: its supervisor starts it again", p.name, p.panics)
	p.start()
	return nil
}

// excused says whether the end of this run is a supervisor's matter.
func (p *process) excused() bool {
	if !p.supervised || p.panics >= maxPanics || p.running() {
		return false
	}
	raw, err := os.ReadFile(p.log)
	return err == nil && blockSyncPanic(raw[min(p.from, len(raw)):])
}

// blockSyncPanic recognises a known fault of CometBFT v0.40.0 in a process' log: block sync takes a block that it believes it has, after the
// peer which supplied it has gone and taken the block along.
func blockSyncPanic(log []byte) bool {
	_, trace, found := bytes.Cut(log, []byte("panic: runtime error: invalid memory address or nil pointer dereference"))
	if !found {
		return false
	}
	_, trace, found = bytes.Cut(trace, []byte(" [running]:\n"))
	if !found {
		return false
	}
	for line := range strings.Lines(string(trace)) {
		if !strings.HasPrefix(line, "\t") && !strings.HasPrefix(line, "panic(") {
			return strings.HasPrefix(line, "github.com/cometbft/cometbft/blocksync.(*BlockPool).PopRequest(")
		}
	}
	return false
}

func TestBlockSyncPanicIsNoOther(t *testing.T) {
	const (
		head  = "INFO operator runs\npanic: runtime error: invalid memory address or nil pointer dereference\n[signal SIGSEGV: segmentation violation code=0x1 addr=0x78 pc=0x1]\n\ngoroutine 512 [running]:\n"
		known = "github.com/cometbft/cometbft/blocksync.(*BlockPool).PopRequest(0xc0005)\n\tpool.go:296 +0xbc\ngithub.com/cometbft/cometbft/blocksync.(*Reactor).poolRoutine(0xc0001)\n\treactor.go:488 +0x9\n"
		ours  = "github.com/lockstep-network/lockstep/node/ordering.(*App).Commit(0xc0005)\n\tapp.go:29 +0xbc\n"
	)
	for what, c := range map[string]struct {
		log  string
		want bool
	}{
		"the known fault":              {head + known, true},
		"the known fault, panic shown": {head + "panic({0x1, 0x2})\n\tpanic.go:770\n" + known, true},
		"a nil pointer of ours":        {head + ours + known, false},
		"another panic there":          {strings.Replace(head, "invalid memory address or nil pointer dereference", "index out of range [3]", 1) + known, false},
		"no panic":                     {"INFO operator runs\n" + known, false},
		"half of a trace":              {head[:len(head)-12], false},
		"an empty log":                 {"", false},
	} {
		if have := blockSyncPanic([]byte(c.log)); have != c.want {
			t.Errorf("%s: %t", what, have)
		}
	}
}
