//go:build unix && !linux

package processtest

import "syscall"

// ownGroup gives a server a process group of its own.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
