package haproxy

import "syscall"

// ownGroup gives a child its own process group, and has the kernel end it should
// Slipway be killed before it can close the tunnel itself.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
