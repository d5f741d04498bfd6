package plan

import (
	"time"

	"github.com/slipway-deploy/slipway/internal/fleet"
	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/manifest"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// Input is all that a plan is made from.
type Input struct {
	ID          string
	By          string
	At          time.Time
	Project     string // absolute directory of slipway.yaml
	Manifest    *manifest.Manifest
	Environment string // "" when the manifest has only one
	Inventory   *fleet.Inventory
	Hosts       []string         // what the environment's pattern resolves to, by Ansible
	Facts       map[string]Facts // by host; those that the options leave out need none
	Release     rollout.Release
	// Stored asks the artifact store for what a host ran before. nil: an empty store.
	Stored func(name, version, arch string) (rollout.Artifact, bool)
	// Active is the rollout of this service and environment that has not ended.
	Active  string
	Changes []rollout.Change // commits since the version that is live, newest first
	// Clashes are what keeps old and new from running side by side; Unsafe is why the old
	// version may fail when it is put back, Remarks what else was found of contracts.
	Clashes []Refusal
	Unsafe  []string
	Remarks []string
	Options Options
}

// Facts is what a host told of itself, or why it told nothing.
type Facts struct {
	host.FactsOf
	Err error // nil when the facts were read
}

// Options narrow or change what the manifest says, for one rollout.
type Options struct {
	Only    []string         // hosts or groups; empty: all
	Without []string         // hosts or groups that are left out
	Again   bool             // hosts that have the version already are not left out
	Stages  []manifest.Stage // instead of the environment's; the last one is complete
}
