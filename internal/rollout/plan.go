package rollout

import "time"

// Exposure is what a host is open to.
type Exposure string

// The exposures a host can have.
const (
	None     Exposure = "none"     // drained: no requests reach it
	Internal Exposure = "internal" // only staff reach it
	Live     Exposure = "live"     // it takes its share of public traffic
)

// StageKind is the kind of a stage. The last stage of a plan is always Complete.
type StageKind string

// The kinds of stages, in the order in which they may follow each other.
const (
	StageInternal StageKind = "internal"
	StageCanary   StageKind = "canary"
	StageComplete StageKind = "complete"
)

// Choice is what a plan wants done at a fork that needs no person.
type Choice string

// What can be chosen when a stage fails or its verdict is unclear.
const (
	ChooseRestore Choice = "restore" // put every changed host back
	ChooseAsk     Choice = "ask"     // hold, and wait for promote or abort
	// ChooseWait is for an unclear verdict: watch for as long again, three times at most,
	// and ask then. What was seen until then counts on.
	ChooseWait Choice = "wait"
)

// Plan is everything decided before the first change: hosts, order, stages,
// gates, and how each host goes back. It is journalled whole with the rollout and
// never changes, so that a resume needs neither the manifest nor the inventory's
// selection again.
type Plan struct {
	ID          string    `json:"id"`
	Service     string    `json:"service"`
	Type        string    `json:"type"` // listener, worker or batch
	Environment string    `json:"environment"`
	Project     string    `json:"project"` // absolute directory of slipway.yaml
	By          string    `json:"by"`      // who made it
	At          time.Time `json:"at"`
	// ApprovedBy is who ran it, when it was made before and approved as a file.
	ApprovedBy string   `json:"approved_by,omitempty"`
	Release    Release  `json:"release"`
	Hosts      []Host   `json:"hosts"`  // by name, each once
	Stages     []Stage  `json:"stages"` // the last one is complete
	Budget     int      `json:"budget"` // hosts that may fail, counted together, before the rollout does
	MaxOut     int      `json:"max_out"`
	OnFail     Choice   `json:"on_fail"`    // when the budget is spent or a verdict is fail
	OnUnclear  Choice   `json:"on_unclear"` // when a verdict is inconclusive or no data
	Spec       Spec     `json:"spec"`
	Method     Method   `json:"method"`
	Traffic    *Traffic `json:"traffic,omitempty"` // nil: no balancer, hosts are never drained
	// Rehearse has every host of the internal stage updated, restored, read back and
	// updated again before it is opened to anybody: the way back is shown to work.
	Rehearse bool      `json:"rehearse,omitempty"`
	Notify   []Channel `json:"notify,omitempty"`  // who is told; names are unique
	Runbook  string    `json:"runbook,omitempty"` // absolute; empty: RUNBOOK.md of the project
	// Prerequisites has the commands of the runbook's prerequisites run before the first change.
	Prerequisites bool     `json:"prerequisites,omitempty"`
	Link          string   `json:"link,omitempty"`    // where people can see the rollout; shown in messages
	Changes       []Change `json:"changes,omitempty"` // commits since the version that is live, newest first
	// Coexist is tried in the first stage, while old and new are both up; nil: nothing is.
	Coexist *Coexist `json:"coexist,omitempty"`
	// Unsafe is why the old version may fail when it is put back after live traffic, each
	// with its place and what to do about it. With any, AcceptedBy is who said yes to that.
	Unsafe     []string `json:"unsafe,omitempty"`
	AcceptedBy string   `json:"accepted_by,omitempty"`
	// Notes are for whoever reads the plan: what is unusual and stops nothing.
	Notes []string `json:"notes,omitempty"`
}

// Coexist is a command of the project's that is run on the machine that drives the rollout,
// with one old and one new host in its environment.
type Coexist struct {
	Run    []string      `json:"run"`
	Within time.Duration `json:"within"`
	// Addresses are where hosts answer, by name; a host that has none is called by its name.
	Addresses map[string]string `json:"addresses,omitempty"`
}

// Coexists reports whether old and new are tried together at the end of a stage: in the
// first one, where the fewest hosts are on the new version.
func (p *Plan) Coexists(stage int) bool { return p.Coexist != nil && stage == 0 }

// Release is a service, a version, its artifacts by digest, and the commit.
type Release struct {
	Version   string     `json:"version"`
	Commit    string     `json:"commit,omitempty"`
	Artifacts []Artifact `json:"artifacts"` // one an architecture, or one of "all"
}

// Artifact is one file of a release, or the one that a host had before.
type Artifact struct {
	Format  string `json:"format"` // deb or tar.gz
	Name    string `json:"name"`   // package or service name
	Version string `json:"version"`
	Arch    string `json:"arch"`   // Debian's names: amd64, arm64, all
	Digest  string `json:"digest"` // sha256:<hex>
	Size    int64  `json:"size"`
}

// For returns the artifact that a host of an architecture takes; ok is false
// when the release has none for it.
func (r Release) For(arch string) (a Artifact, ok bool) {
	for _, a := range r.Artifacts {
		if a.Arch == arch || a.Arch == "all" {
			return a, true
		}
	}
	return Artifact{}, false
}

// Host is one host of a plan: what it runs now and how it goes back.
type Host struct {
	Name string `json:"name"`
	Zone string `json:"zone,omitempty"`
	Arch string `json:"arch"`
	// From is the version now; empty when the service is not installed there.
	From string `json:"from"`
	Back Back   `json:"back"`
}

// Back says how a host returns to what it was.
type Back struct {
	// How is relink (release directory kept on the host), package (reinstall the
	// previous .deb), or remove (the service was not there before).
	How string `json:"how"`
	// Where says in words where the previous artifact is: "kept on the host",
	// "package cache of the host", "artifact store".
	Where string `json:"where,omitempty"`
	// Artifact is set when the previous artifact must be sent from the store.
	Artifact *Artifact `json:"artifact,omitempty"`
}

// Stage is one step of exposure.
type Stage struct {
	Name  string     `json:"name"`
	Kind  StageKind  `json:"kind"`
	Waves [][]string `json:"waves"` // hosts changed, in order; no host is in two waves of a plan
	// Checks are run on every host changed so far once the waves are done.
	Checks []Check `json:"checks,omitempty"`
	// Bake is how long the stage is watched after its checks.
	Bake Bake `json:"bake"`
	// Metrics are judged while it bakes; without any the bake passes by time alone.
	Metrics []Metric `json:"metrics,omitempty"`
	// Approval asks for a promote before the first wave of this stage.
	Approval bool `json:"approval,omitempty"`
}

// Hosts returns the hosts a stage changes, in order.
func (s Stage) Hosts() []string {
	var all []string
	for _, w := range s.Waves {
		all = append(all, w...)
	}
	return all
}

// Bake bounds how long a stage is watched.
type Bake struct {
	Least time.Duration `json:"least"` // never shorter
	Most  time.Duration `json:"most"`  // never longer: then the verdict is inconclusive, or pass when nothing is judged
}

// Check is a request made from a host to itself, or a command run on it.
// Exactly one of HTTP and Command is set.
type Check struct {
	Name    string        `json:"name"`
	HTTP    string        `json:"http,omitempty"` // "http://:8080/path": no host means the host itself
	Status  int           `json:"status,omitempty"`
	Body    string        `json:"body,omitempty"` // must be contained in the answer
	Command []string      `json:"command,omitempty"`
	Within  time.Duration `json:"within"`
}

// MetricKind is what a source says of a host.
type MetricKind string

// The kinds of metrics.
const (
	Counts    MetricKind = "count"     // events out of an exposure: errors of requests
	Histogram MetricKind = "histogram" // how many of the exposure were at most so much: latency
	Gauge     MetricKind = "gauge"     // a value at a time: memory, queue length
)

// Metric is one thing that is judged, canary against baseline.
type Metric struct {
	Name      string     `json:"name"`                 // errors
	Source    string     `json:"source"`               // haproxy, prometheus, ...: which kind of source
	Kind      MetricKind `json:"kind,omitempty"`       // count when empty
	WorseBy   float64    `json:"worse_by,omitempty"`   // tolerated ratio, 1.5
	PassBelow float64    `json:"pass_below,omitempty"` // ratio that it must surely be below to pass; 0: the judge's standard
	AtMost    float64    `json:"at_most,omitempty"`    // absolute guard: a share for counts, 0.01; a value for gauges; 0: none
	Higher    bool       `json:"higher,omitempty"`     // gauges: more is better
	DryRun    bool       `json:"dry_run,omitempty"`    // shown, and not counted
	Ask       *Ask       `json:"ask,omitempty"`        // how the source is asked; nil for haproxy
}

// Ask is how a source is asked for one metric. Which members are used is the source's
// to say; "{{host}}", "{{service}}" and "{{environment}}" are filled in. Secrets are
// never here, only references: env:NAME or file:/path.
type Ask struct {
	Address  string            `json:"address,omitempty"`  // https://prometheus:9090, postgres://..., or a region
	Events   string            `json:"events,omitempty"`   // count: the query of events
	Exposure string            `json:"exposure,omitempty"` // count: the query of what they are events of; empty: host-seconds
	Value    string            `json:"value,omitempty"`    // gauge: the query
	Buckets  string            `json:"buckets,omitempty"`  // histogram: the query
	Label    string            `json:"label,omitempty"`    // which label, tag or column names the host
	Host     string            `json:"host,omitempty"`     // what that label says for a host: "{{host}}:9100"
	Every    time.Duration     `json:"every,omitempty"`    // not asked more often; 0: the source's standard
	Pattern  string            `json:"pattern,omitempty"`  // log: what a line must match
	Command  []string          `json:"command,omitempty"`  // command: run on this machine, or on hosts
	OnHosts  bool              `json:"on_hosts,omitempty"` // command: run on hosts
	Settings map[string]string `json:"settings,omitempty"` // account, site, database, ...: the source's own
	Secrets  map[string]string `json:"secrets,omitempty"`  // token, password, ...: references
}

// Channel is somebody who is told what a rollout does: a chat, or a system that keeps
// markers. Settings are the kind's own; secrets are references, env:NAME or file:/path.
type Channel struct {
	Name     string            `json:"name"`
	Kind     string            `json:"kind"`             // hipchat, slack, graphite, ...
	Events   []NoticeKind      `json:"events,omitempty"` // what it is told; none: the kind's standard
	Settings map[string]string `json:"settings,omitempty"`
	Secrets  map[string]string `json:"secrets,omitempty"`
	Template string            `json:"template,omitempty"` // text/template that replaces the standard text
}

// Change is one commit that a release brings.
type Change struct {
	Commit  string `json:"commit"`
	Subject string `json:"subject"`
	By      string `json:"by,omitempty"`
}

// Spec is what the helper needs to know of the service, the same on every host.
type Spec struct {
	Format    string   `json:"format"`              // deb or tar.gz
	Package   string   `json:"package,omitempty"`   // deb: package name
	Directory string   `json:"directory,omitempty"` // tar.gz: /opt/SERVICE, holds releases/, current, shared/
	Keep      int      `json:"keep,omitempty"`      // tar.gz: releases kept
	Units     []string `json:"units"`               // restarted by an update, in order
	Timers    []string `json:"timers,omitempty"`    // stopped before and started after
	Config    []string `json:"config,omitempty"`    // declared config paths, captured and restored
	Data      []string `json:"data,omitempty"`      // declared data paths, never touched
	Health    *Health  `json:"health,omitempty"`
}

// Health says when a host is healthy after a change.
type Health struct {
	HTTP   string            `json:"http"`             // "http://:8080/_status"
	Status int               `json:"status,omitempty"` // 200 when 0
	Expect map[string]string `json:"expect,omitempty"` // JSON fields of the answer; "{{version}}" is the version expected there
	Within time.Duration     `json:"within"`
}

// Method says how hosts are changed. Exactly one member is set.
type Method struct {
	Ansible *Ansible `json:"ansible,omitempty"`
	Local   *Local   `json:"local,omitempty"`
}

// Ansible is the user's inventory, and the user's own playbook if there is one.
type Ansible struct {
	Inventory string            `json:"inventory"`          // absolute path
	Hosts     string            `json:"hosts"`              // Ansible pattern
	Playbook  string            `json:"playbook,omitempty"` // absolute path; empty: the built-in way
	Forks     int               `json:"forks,omitempty"`
	Config    string            `json:"config,omitempty"` // ansible.cfg of the project, absolute
	Variables map[string]string `json:"variables,omitempty"`
}

// Local is a fleet on this machine: each host a directory and a process group.
type Local struct {
	Directory string `json:"directory"` // absolute; holds one directory a host
}

// Traffic is the balancers in front of the service.
type Traffic struct {
	HAProxy *HAProxy `json:"haproxy,omitempty"`
}

// HAProxy names the runtime sockets and the two backends.
type HAProxy struct {
	Sockets  []string      `json:"sockets"` // "/run/haproxy/admin.sock", "tcp://10.0.0.1:9999", "ops@lb1:/run/haproxy/admin.sock"
	Public   string        `json:"public"`
	Internal string        `json:"internal,omitempty"` // empty: hosts of the internal stage are only drained
	Server   string        `json:"server,omitempty"`   // server name in the backends; "{{host}}" when empty
	Drain    time.Duration `json:"drain"`              // longest wait for sessions to end
}
