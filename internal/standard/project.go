package standard

import (
	"io/fs"
	"time"

	"github.com/slipway-deploy/slipway/internal/manifest"
)

// Project is everything that the rules look at.
type Project struct {
	Files    fs.FS    // the project's directory
	Paths    []string // the files of it that count, as git lists them; nil: all below it
	File     string   // slash path of the manifest in Files
	Prefix   string   // slash path of the project in its repository; "" for its top
	Manifest *manifest.Manifest
	Runbook  Runbook
	Git      *Git      // nil: the project is in no git repository
	Contract *Contract // nil: what the manifest says of contracts is not known
	Artifact *Artifact // nil: nothing was built
	// Environment is the one that is deployed to; "": all are looked at.
	Environment string
	Now         time.Time
	// Releasing says that a release is about to be cut or deployed: only then the rules about
	// its commit are asked. Nobody wants to hear of them on a branch.
	Releasing bool
}

// Runbook is what is known of the project's runbook.
type Runbook struct {
	File     string // slash path in Files
	Present  bool
	Has      []string // of "prerequisites", "deploy", "rollback", "contacts": the sections that are there
	Findings []Untrue // what in it does not agree with the manifest
}

// Untrue is something in the runbook that is not so.
type Untrue struct {
	Line, Column int
	Message      string
	Mend         string
	Severity     Severity
}

// Git is what is known of the commit that is checked out.
type Git struct {
	Branch   string   // releases are cut from it; "" when there is no such branch
	Commit   string   // short
	OnBranch bool     // the commit is on Branch, by ancestry
	Changed  []string // files that differ from the commit or are not in it
	// Status is what the required statuses of the commit say; nil when nobody was asked.
	Status *Status
}

// Status is the verdict of whoever tests commits.
type Status struct {
	Green bool
	Why   string // what is not green
}

// Contract is what the manifest says of the contracts that old and new share.
type Contract struct {
	Covers []string // patterns of path.Match, or directories
}

// Artifact is what was built and would go out.
type Artifact struct {
	File  string            // as messages call it
	Files map[string][]byte // what in it may have to do with cron, by paths on the host; DEBIAN/ holds the control files of a package
	Units []string
}
