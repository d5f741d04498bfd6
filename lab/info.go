package lab

import (
	"time"

	"github.com/slipway-deploy/slipway/lab/pack"
)

// Formats of the sample that a lab's hosts can be set up for.
const (
	Tarball = pack.Tarball
	Deb     = pack.Deb
)

// Environment is the name of the environment in the lab's slipway.yaml.
const Environment = "lab"

// The backends of the balancers; both have every host.
const (
	PublicBackend   = "checkout"
	InternalBackend = "checkout_internal"
)

// Info is a lab, or a local fleet (package local), as scripts see it, printed by `slipway lab up --output json`.
type Info struct {
	Name        string          `json:"name"`
	Directory   string          `json:"directory"`
	Project     string          `json:"project"`     // directory of a slipway.yaml for the sample
	Environment string          `json:"environment"` // in that slipway.yaml
	Service     string          `json:"service"`
	Format      string          `json:"format"` // what the hosts are set up for
	Inventory   string          `json:"inventory,omitempty"`
	Key         string          `json:"key,omitempty"` // private SSH key
	KnownHosts  string          `json:"known_hosts,omitempty"`
	User        string          `json:"user,omitempty"`    // logs in, and may become root
	Network     string          `json:"network,omitempty"` // 10.231.N.0/24
	Bridge      string          `json:"bridge,omitempty"`
	Fleet       string          `json:"fleet,omitempty"` // of a local fleet: one directory a host
	Port        int             `json:"port"`            // that the sample listens on
	Hosts       []Host          `json:"hosts"`
	Balancers   []Balancer      `json:"balancers"`
	Public      string          `json:"public"`    // URL at the first balancer
	Internal    string          `json:"internal"`  // URL at the first balancer
	Artifacts   []pack.Artifact `json:"artifacts"` // of the sample, every version and format
	Made        time.Time       `json:"made"`
	Ready       bool            `json:"ready"` // false: it is coming up, or its coming up was cut off
}

// Host is one host of a lab.
type Host struct {
	Name    string `json:"name"`
	Address string `json:"address"`
	Zone    string `json:"zone"`
	Arch    string `json:"arch"`              // Debian's name
	PID     int    `json:"pid,omitempty"`     // its init as this machine sees it; 0: not running
	Root    string `json:"root"`              // its files as this machine sees them
	Console string `json:"console,omitempty"` // what its console printed
	Link    string `json:"link,omitempty"`    // this machine's end of its network cable
}

// Balancer is one HAProxy process of a lab.
type Balancer struct {
	Name     string `json:"name"`
	Address  string `json:"address"`
	Socket   string `json:"socket"` // runtime socket, level admin
	Config   string `json:"config"`
	State    string `json:"state,omitempty"` // server-state-file, read when it starts
	Public   string `json:"public"`
	Internal string `json:"internal"`
	Stats    string `json:"stats,omitempty"` // page of statistics
	PID      int    `json:"pid,omitempty"`
}

// Host returns the host of a name; ok is false when the lab has none.
func (i Info) Host(name string) (h Host, ok bool) {
	for _, h := range i.Hosts {
		if h.Name == name {
			return h, true
		}
	}
	return Host{}, false
}

// Artifact returns the path of a version in the format that the hosts are set up for.
func (i Info) Artifact(version string) (path string, ok bool) {
	for _, a := range i.Artifacts {
		if a.Version == version && a.Format == i.Format && !a.Padded {
			return a.Path, true
		}
	}
	return "", false
}
