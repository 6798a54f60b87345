package bench

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// stopGrace is for a process to end by itself.
const stopGrace = 10 * time.Second

// Process is a child with its log in a file.
type Process struct {
	name string
	log  string
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
	err  error         // read after done
}

// Start starts a process whose log goes to dir/name.log.
func Start(dir, name string, argv []string) (*Process, error) {
	p := &Process{name: name, log: filepath.Join(dir, name+".log"), done: make(chan struct{})}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	p.cmd = exec.Command(argv[0], argv[1:]...)
	p.cmd.Stdout, p.cmd.Stderr, p.cmd.SysProcAttr = log, log, processAttributes()
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // the signal on a parent's death comes when the thread that started the child ends
		defer runtime.UnlockOSThread()
		defer close(p.done)
		defer log.Close()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			p.err = p.cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return p, nil
}

// PID is the process' id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Ended tells why the process has ended, with the end of its log; nil while it runs.
func (p *Process) Ended() error {
	select {
	case <-p.done:
		return fmt.Errorf("%s has ended (%w):\n%s", p.name, errors.Join(errors.New("exit"), p.err), p.tail())
	default:
		return nil
	}
}

func (p *Process) tail() string {
	raw, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	return strings.Join(lines[max(0, len(lines)-8):], "\n")
}

// StopAll ends processes, and kills those that do not end by themselves.
func StopAll(list []*Process) {
	for i := len(list) - 1; i >= 0; i-- {
		_ = list[i].cmd.Process.Signal(os.Interrupt) // fails only if it has ended
	}
	grace := time.NewTimer(stopGrace)
	defer grace.Stop()
	for _, p := range list {
		select {
		case <-p.done:
		case <-grace.C:
			grace.Reset(0)
			_ = p.cmd.Process.Kill()
			<-p.done
		}
	}
}
