package testbrowser

import "syscall"

// ownGroup starts a process in a group of its own, and lets the kernel end it if the test program
// ends without having done so.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
