package main

import "syscall"

const nullSignal = syscall.Signal(0)

// childAttributes gives a child its own process group, so that Ctrl-C reaches it through its supervisor, in order, and ends it with the
// supervisor, however that ends.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
