package ansible

import "syscall"

// ownGroup gives Ansible its own process group, and has the kernel interrupt it should
// Slipway be killed: a playbook of the project's own must not go on changing hosts that
// somebody else may be restoring by then. What the helper has begun on a host ends there.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGINT}
}
