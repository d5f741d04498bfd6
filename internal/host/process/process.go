// Package process tells one process from another: by its pid and the moment it
// started, since pids are used again. unit and work call it; it never signals.
package process

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

// ErrGone means that no process has the pid, or that it has ended.
var ErrGone = errors.New("no such process")

// tick is the unit of start times in /proc: USER_HZ is 100 on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// Ticks returns when a process started, in ticks since boot. With the pid it is the
// identity of a process. A process that has ended and was not yet waited for is gone.
func Ticks(pid int) (int64, error) {
	fields, err := stat(pid)
	if err != nil {
		return 0, err
	}
	const state, threads, start = 0, 17, 19
	// A process whose first thread has ended holds its sockets until the others have.
	if ended := fields[state] == "Z" || fields[state] == "X"; ended && (fields[threads] == "0" || fields[threads] == "1") {
		return 0, fmt.Errorf("process %d: %w", pid, ErrGone)
	}
	return strconv.ParseInt(fields[start], 10, 64)
}

// Resident returns the session of a process, and how many of its pages are in memory.
func Resident(pid int) (session int, pages int64, err error) {
	fields, err := stat(pid)
	if err != nil {
		return 0, 0, err
	}
	const leader, resident = 3, 21
	session, err = strconv.Atoi(fields[leader])
	if err == nil {
		pages, err = strconv.ParseInt(fields[resident], 10, 64)
	}
	return session, pages, err
}

// stat returns what /proc says of a process, from its state on.
func stat(pid int) ([]string, error) {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return nil, fmt.Errorf("process %d: %w", pid, ErrGone)
	}
	// The second field is the name in parentheses, which may hold anything.
	fields := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:]))
	const least = 22
	if len(fields) < least {
		return nil, fmt.Errorf("process %d: %w", pid, ErrGone)
	}
	return fields, nil
}

// Boot identifies the time since this machine was last booted.
func Boot() (string, error) {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(id)), err
}

// Identity identifies a process among all that ever ran on this machine: by boot, pid
// and start time.
func Identity(pid int) (string, error) {
	ticks, err := Ticks(pid)
	if err != nil {
		return "", err
	}
	boot, err := Boot()
	return fmt.Sprintf("%s/%d/%d", boot, pid, ticks), err
}

// Started returns when a process started, to about a tick.
func Started(pid int) (time.Time, error) {
	ticks, err := Ticks(pid)
	if err != nil {
		return time.Time{}, err
	}
	const boottime = 7 // CLOCK_BOOTTIME; the clock that start times are counted on
	var since syscall.Timespec
	_, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, boottime, uintptr(unsafe.Pointer(&since)), 0)
	if errno != 0 {
		return time.Time{}, fmt.Errorf("read the time since boot: %w", errno)
	}
	age := time.Duration(since.Nano()) - time.Duration(ticks)*tick
	return time.Now().Add(-age), nil
}

// Program returns the file that a process runs and its working directory; deleted is
// true when the file was replaced or removed since it started.
func Program(pid int) (file, dir string, deleted bool) {
	base := "/proc/" + strconv.Itoa(pid)
	// Either may be out of reach (another owner, just ended): then it is not known.
	file, _ = os.Readlink(base + "/exe")
	dir, _ = os.Readlink(base + "/cwd")
	file, deleted = strings.CutSuffix(file, " (deleted)")
	return file, dir, deleted
}
