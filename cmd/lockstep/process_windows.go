package main

import "syscall"

const nullSignal = syscall.Signal(0)

// childAttributes gives a child its own process group, so that Ctrl-C reaches it through its supervisor, in order.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}
