//go:build unix && !linux

package ansible

import "syscall"

// ownGroup gives Ansible its own process group.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
