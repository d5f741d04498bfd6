package manifest

import (
	"fmt"
	"strings"
	"time"
)

// Name is what the file is called.
const Name = "slipway.yaml"

// Type is the kind of a service: it decides what Slipway watches and in which way
// its units are treated.
type Type string

// The types.
const (
	Listener Type = "listener" // serves requests
	Worker   Type = "worker"   // consumes jobs, listens to nobody
	Batch    Type = "batch"    // runs and ends, started by a timer
)

// Manifest is a whole slipway.yaml with its defaults filled in.
type Manifest struct {
	File         string // as Parse was told, for messages
	Service      string
	Type         Type
	Artifact     Artifact
	Units        []string  // restarted by an update, in this order
	Timers       []string  // stopped before an update, started after it
	Config       []string  // absolute paths that are captured and restored
	Data         []string  // absolute paths that are never touched
	Health       *Health   // nil: a host is healthy when its units are active
	Notify       []Channel // told of the rollouts of every environment
	Link         string    // where people can see a rollout; "{{rollout}}" and others are filled in
	Release      *Release  // nil: any commit may be deployed
	Compat       *Compat   // nil: nothing is compared with what is live
	Contacts     []Contact // to turn to when a rollout needs a person
	Standard     Standard  // the deployment standard, and what is excused from it
	Runbook      Runbook
	Environments []Environment

	at positions
}

// Artifact says what is deployed. Exactly one member is set.
type Artifact struct {
	Deb   *Deb
	TarGz *TarGz
}

// Deb is a Debian package. Exactly one of File and Tree is set.
type Deb struct {
	Package string
	Build   string // shell command of the project; "" when somebody else builds it
	File    string // glob of the package that the build leaves, relative to the manifest's directory
	Tree    string // directory that the build leaves and Slipway packs, relative as well

	// Of a package made from a tree, where its DEBIAN/control says nothing else.
	Description string
	Maintainer  string // "Name <address>"
	Depends     []string
}

// TarGz is a plain archive, unpacked into releases/VERSION of a directory. Exactly
// one of File and Tree is set.
type TarGz struct {
	Build         string
	File          string   // as in Deb; "{{arch}}" and "{{version}}" are filled in
	Tree          string   // as in Deb
	Architectures []string // Debian's names; none: what the programs in the archive are for
	Keep          int      // releases kept on a host
	Directory     string   // absolute; holds releases/, current and shared/
}

// Health says when a host is healthy after a change.
type Health struct {
	HTTP   string // "http://:8080/_status": no host means the host itself
	Status int
	Expect map[string]string // fields of the JSON answer; "{{version}}" is filled in
	Within time.Duration
}

// Environment is one place that releases go to.
type Environment struct {
	Name      string
	Method    Method
	Traffic   *Traffic // nil: no balancer, hosts are never drained
	Budget    Amount   // hosts that may fail; a percentage is rounded down
	MaxOut    Amount   // hosts that may be out of service at once; rounded up
	OnFail    Choice
	OnUnclear Choice
	Stages    []Stage // the last one is complete
	Watch     *Watch  // nil: a completed rollout is not watched
	// Rehearse has the way back shown on the hosts of the internal stage before anybody
	// reaches them.
	Rehearse bool
	Notify   []Channel // told beside those of the service
	// Written is true when the file lists the stages itself.
	Written bool

	decided bool // rehearse is written in the file; Parse clears it
}

// Choice is what happens at a fork without a person.
type Choice string

// The choices.
const (
	Restore Choice = "restore"
	Ask     Choice = "ask"
	Wait    Choice = "wait" // of an unclear verdict: watch for longer, then ask
)

// Method says how hosts are changed. Exactly one member is set.
type Method struct {
	Ansible *Ansible
	Local   *Local
}

// Ansible is the project's own inventory and, if it has one, its own playbook.
// Paths are as written: relative ones start at the manifest's directory.
type Ansible struct {
	Inventory string
	Hosts     string // Ansible pattern
	Playbook  string // "": the built-in way
	Forks     int    // 0: as many as a wave has hosts, within reason
	Config    string // "": Ansible's own search
	Variables map[string]string
}

// Local is a fleet on this machine: each host a directory and a process group.
type Local struct {
	Directory string
}

// Traffic is the balancers in front of the service.
type Traffic struct {
	HAProxy *HAProxy
}

// HAProxy names the runtime sockets and the backends.
type HAProxy struct {
	Sockets  []string // "/run/haproxy/admin.sock", "tcp://10.0.0.1:9999", "ops@lb1:/run/haproxy/admin.sock"
	Public   string
	Internal string // "": hosts of the internal stage are only drained
	Server   string // server name in the backends; "{{host}}" is filled in
	Drain    time.Duration
}

// StageKind is the kind of a stage.
type StageKind string

// The kinds, in the order in which they may follow each other.
const (
	StageInternal StageKind = "internal"
	StageCanary   StageKind = "canary"
	StageComplete StageKind = "complete"
)

// Stage is one step of exposure.
type Stage struct {
	Kind     StageKind
	Hosts    Hosts // zero for complete, which takes all that are left
	Checks   []Check
	Bake     Bake
	Judge    []Metric
	Waves    Amount // zero: all hosts of the stage at once, within max_out
	Approval bool
}

// Hosts chooses hosts of a fleet. At most one member is set.
type Hosts struct {
	Count   int
	Percent float64 // 10 is 10 %; of the whole fleet, hosts already updated included
	Group   string
	Names   []string
}

// Check is a request or a command that must succeed on every updated host.
type Check struct {
	Name    string
	HTTP    string
	Status  int
	Body    string
	Command []string
	Within  time.Duration
}

// Bake bounds how long a stage is watched.
type Bake struct {
	Least, Most time.Duration
}

// Watch is the time after the last stage in which the service is judged on.
type Watch struct {
	For   time.Duration
	Judge []Metric
}

// MetricKind is what a source says of a host.
type MetricKind string

// The kinds, as in a plan.
const (
	Counts    MetricKind = "count"
	Histogram MetricKind = "histogram"
	Gauge     MetricKind = "gauge"
)

// Metric is one thing that is judged, canary against baseline.
type Metric struct {
	Name      string
	Source    Source
	Kind      MetricKind // follows from the source
	WorseBy   float64    // tolerated ratio
	PassBelow float64    // ratio that it must surely be below to pass; 0: the judge's standard
	AtMost    Limit      // zero: none
	Better    Better     // of a gauge; "" for the others
	DryRun    bool
}

// Better is the direction in which a gauge improves.
type Better string

// The directions.
const (
	Lower  Better = "lower"
	Higher Better = "higher"
)

// Limit is what is never exceeded.
type Limit struct {
	Value float64 // a share of 1, or the value of a gauge: bytes and seconds when it has a unit
	Share bool
}

// Amount is a number of hosts or a percentage of them.
type Amount struct {
	Count   int
	Percent float64 // 25 is 25 %; Count is 0 when it is set
}

// Position is a place in a file, both numbers from 1.
type Position struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

type positions map[string]Position

// Position tells where the value of a path such as
// "environments.production.stages[1]" is written; the nearest value around it when
// it is a default.
func (m *Manifest) Position(path string) Position {
	for path != "" {
		if p, ok := m.at[path]; ok {
			return p
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return Position{Line: 1, Column: 1}
}

// Environment returns an environment by name; "" means the only one there is.
func (m *Manifest) Environment(name string) (*Environment, error) {
	var names []string
	for i := range m.Environments {
		e := &m.Environments[i]
		if e.Name == name || name == "" && len(m.Environments) == 1 {
			return e, nil
		}
		names = append(names, e.Name)
	}
	if name == "" {
		return nil, fmt.Errorf("no environment given: %s has %s; name one with --env", m.File, strings.Join(names, ", "))
	}
	return nil, fmt.Errorf("no environment %q in %s: it has %s; name one of them with --env", name, m.File, strings.Join(names, ", "))
}
