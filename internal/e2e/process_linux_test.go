package e2e

import "syscall"

// childAttributes keeps a terminal's Ctrl-C from the children, who end with the tests however those end.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
