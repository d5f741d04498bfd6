package processtest

import "syscall"

// ownGroup gives a server a process group of its own, and has the kernel kill it when the
// thread that started it has ended.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
