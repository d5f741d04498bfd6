//go:build unix && !linux

package haproxy

import "syscall"

// ownGroup gives a child its own process group.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
