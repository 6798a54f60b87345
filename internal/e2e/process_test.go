package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	patience  = 3 * time.Minute       // for a condition: far above what a busy machine needs
	stopGrace = 45 * time.Second      // for a process to end after Ctrl-C
	pollEvery = 50 * time.Millisecond // between two looks at a condition
	pollLimit = 20 * time.Second      // for one look
	logShown  = 30                    // last lines of each log that a failed story shows
)

// built is where the program is built: TestMain makes the folder and removes that very folder.
var built string

// binary builds the program once for all stories.
var binary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(built, "lockstep")
	out, err := exec.Command("go", "build", "-buildvcs=false", "-o", path, "../../cmd/lockstep").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build lockstep: %w\n%s", err, out)
	}
	return path, nil
})

func lockstep(t testing.TB) string {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// process is one child under one name, with one log: started, killed, started again. Its methods are for the story's own goroutine.
type process struct {
	t    testing.TB
	name string
	log  string // file
	args []string
	env  []string // NAME=value, beside the surroundings' own

	cmd   *exec.Cmd     // nil unless it was started
	ended chan struct{} // closed when cmd has ended
	err   error         // how it ended; read it after ended
	meant bool          // somebody here asked it to end
	from  int           // where in the log this run begins

	supervised bool // its owner runs it under a supervisor, which blockSyncPanic is left to
	panics     int  // how often the supervisor had to start it again
}

// newProcess names a child; it ends with the test, and a failed test shows the end of its log.
func newProcess(t testing.TB, dir, name string, env []string, args ...string) *process {
	t.Helper()
	p := &process{t: t, name: name, log: filepath.Join(logFolder(t, dir), name+".log"), args: args, env: env}
	_ = os.Remove(p.log) // of an earlier run, where logs are kept
	t.Cleanup(func() {
		if err := p.died(); err != nil && !p.excused() && !t.Failed() {
			t.Error(err)
		}
		p.end()
		if t.Failed() && p.cmd != nil {
			t.Logf("---- %s (lockstep %s):\n%s", p.name, strings.Join(p.args, " "), p.tail(logShown))
		}
	})
	return p
}

func logFolder(t testing.TB, dir string) string {
	t.Helper()
	if keep := os.Getenv("LOCKSTEP_E2E_LOGS"); keep != "" {
		dir = filepath.Join(keep, t.Name())
	}
	dir = filepath.Join(dir, "logs")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// start runs the child. A child that is running already is a mistake of the story.
func (p *process) start() {
	p.t.Helper()
	if p.running() {
		p.t.Fatalf("%s runs already", p.name)
	}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		p.t.Fatal(err)
	}
	size, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		p.t.Fatal(err)
	}
	p.from = int(size)
	cmd := exec.Command(lockstep(p.t), p.args...)
	cmd.Stdout, cmd.Stderr, cmd.Env = log, log, append(surroundings(), p.env...)
	cmd.SysProcAttr = childAttributes()
	p.cmd, p.ended, p.err, p.meant = cmd, make(chan struct{}), nil, false
	started, ended := make(chan error, 1), p.ended
	go func() {
		defer close(ended)
		defer log.Close()
		runtime.LockOSThread() // the child dies with the thread that started it: that is how it never outlives the tests
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		p.t.Fatalf("start %s: %v", p.name, err)
	}
}

// surroundings is this process' environment without settings that would reach the children unasked.
func surroundings() []string {
	var out []string
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "LOCKSTEP_") {
			out = append(out, e)
		}
	}
	return out
}

func (p *process) running() bool {
	if p.cmd == nil {
		return false
	}
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// kill ends the child at once, as kill -9 and a power cut do. A child that has ended by itself before fails the story.
func (p *process) kill() {
	p.t.Helper()
	if err := p.supervise(); err != nil {
		p.t.Fatal(err)
	}
	p.end()
}

// end ends the child, if it runs.
func (p *process) end() {
	if !p.running() {
		return
	}
	p.meant = true
	_ = p.cmd.Process.Kill() // fails only if it has ended
	<-p.ended
}

// stop ends the child as Ctrl-C does, and fails the story if it does not end well.
func (p *process) stop() {
	p.t.Helper()
	if err := p.supervise(); err != nil {
		p.t.Fatal(err)
	}
	p.meant = true
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		p.t.Fatalf("interrupt %s: %v", p.name, err)
	}
	select {
	case <-p.ended:
	case <-time.After(stopGrace):
		_ = p.cmd.Process.Kill()
		<-p.ended
		p.t.Fatalf("%s had to be killed: it does not end %s after Ctrl-C", p.name, stopGrace)
	}
	if p.err != nil {
		p.t.Fatalf("%s ended badly after Ctrl-C: %v", p.name, p.err)
	}
}

// fails waits until the child ends by itself, with an error, and returns all that it has written.
func (p *process) fails() string {
	p.t.Helper()
	p.meant = true
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.t.Fatalf("%s goes on, and should have refused", p.name)
	}
	if p.err == nil {
		p.t.Fatalf("%s ended without an error", p.name)
	}
	return p.tail(1000)
}

// died tells that the child has ended although nobody asked it to.
func (p *process) died() error {
	if p.cmd == nil || p.running() || p.meant {
		return nil
	}
	return fmt.Errorf("%s has ended by itself (%w):\n%s", p.name, p.err, p.tail(logShown))
}

// tail returns the last lines of the log.
func (p *process) tail(lines int) string {
	raw, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimSpace(string(raw)), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// said is what a command that ended by itself has written, and its exit code.
type said struct {
	out, err string
	code     int
}

// run runs a command of the program to its end.
func run(t testing.TB, env []string, args ...string) said {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, lockstep(t), args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.Env = &out, &errs, append(surroundings(), env...)
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("lockstep %s: %v", strings.Join(args, " "), err)
	}
	if ctx.Err() != nil {
		t.Fatalf("lockstep %s: still not done after %s\n%s%s", strings.Join(args, " "), patience, &out, &errs)
	}
	return said{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}

// must runs a command that must succeed, and returns what it printed.
func must(t testing.TB, env []string, args ...string) string {
	t.Helper()
	s := run(t, env, args...)
	if s.code != 0 {
		t.Fatalf("lockstep %s: exit code %d\n%s%s", strings.Join(args, " "), s.code, s.out, s.err)
	}
	return s.out
}

// refused runs a command that must fail, and returns what it says about it.
func refused(t testing.TB, env []string, args ...string) string {
	t.Helper()
	s := run(t, env, args...)
	if s.code == 0 {
		t.Fatalf("lockstep %s: succeeded, and should have refused\n%s", strings.Join(args, " "), s.out)
	}
	return s.err
}

// eventually waits for a condition: until check returns no error. Processes that end meanwhile end the wait.
func eventually(t testing.TB, what string, watched []*process, check func(context.Context) error) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		ctx, cancel := context.WithTimeout(t.Context(), pollLimit)
		err := check(ctx)
		cancel()
		if err == nil {
			return
		}
		for _, p := range watched {
			if died := p.supervise(); died != nil {
				t.Fatalf("waiting until %s: %v", what, died)
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("waited %s until %s: %v", patience, what, err)
		}
		<-time.After(pollEvery)
	}
}
