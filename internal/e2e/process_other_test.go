//go:build !linux

package e2e

import "syscall"

// childAttributes: the tests' own end is what ends the children here.
func childAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }
