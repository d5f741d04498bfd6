package journal

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Owner is a process that drives a rollout, recorded well enough that another one
// on the same machine can tell whether it still lives.
type Owner struct {
	Name    string `json:"name"` // for people: "alice"
	Host    string `json:"host"`
	PID     int    `json:"pid"`
	Started string `json:"started,omitempty"` // the process's start time, in ticks since boot
	Boot    string `json:"boot,omitempty"`    // the machine's boot id
	Space   string `json:"space,omitempty"`   // pid namespace: numbers mean nothing outside it
}

// Self returns this process as an owner.
func Self(name string) Owner {
	host, err := os.Hostname()
	if err != nil {
		host = "an unnamed host"
	}
	o := Owner{Name: name, Host: host, PID: os.Getpid()}
	if boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id"); err == nil {
		o.Boot = strings.TrimSpace(string(boot))
	}
	if space, err := os.Readlink("/proc/self/ns/pid"); err == nil {
		o.Space = space
	}
	o.Started, _ = started(o.PID)
	return o
}

// String describes the owner to a person.
func (o Owner) String() string {
	if o.Name == "" {
		return fmt.Sprintf("process %d on %s", o.PID, o.Host)
	}
	return fmt.Sprintf("%s (process %d on %s)", o.Name, o.PID, o.Host)
}

// dead reports whether the owner is known to have ended. A process elsewhere, or
// one that only stands still, is not.
func (o Owner) dead() bool {
	self := Self("")
	if o.Started == "" || o.Boot == "" || o.Boot != self.Boot || o.Space != self.Space {
		return false
	}
	since, alive := started(o.PID)
	return !alive || since != o.Started
}

// started returns when a process began, and whether it runs, by /proc. Where there
// is no /proc nothing is known, and owners have no start time to compare.
func started(pid int) (since string, alive bool) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return "", false
	}
	// The name in brackets may hold anything; fields are counted after its end.
	end := bytes.LastIndexByte(stat, ')')
	fields := strings.Fields(string(stat[end+1:]))
	if end < 0 || len(fields) < 20 {
		return "", false
	}
	const state, start = 0, 19
	return fields[start], fields[state] != "Z" && fields[state] != "X"
}
