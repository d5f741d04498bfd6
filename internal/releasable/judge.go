package releasable

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// State is what a status says.
type State string

// The states. What a source says in other words is one of these.
const (
	Green   State = "green"
	Pending State = "pending" // it has not ended yet
	Red     State = "red"
)

// Status is what one check of a commit came to.
type Status struct {
	Context string `json:"context"` // ci/build
	State   State  `json:"state"`
	Said    string `json:"said,omitempty"` // the word of the source: timed_out
	URL     string `json:"url,omitempty"`
}

// Commit is one commit.
type Commit struct {
	ID      string    `json:"commit"`
	By      string    `json:"by,omitempty"`
	At      time.Time `json:"at"`
	Subject string    `json:"subject"`
	Body    string    `json:"-"`
}

// Facts is all that is known of a commit.
type Facts struct {
	Commit   Commit
	Branch   string // releases are cut from it; "" when there is no such branch
	OnBranch bool   // by ancestry
	Shallow  bool   // the repository has not all of its history
	Changed  []string
	// Asks is false when the project names no source of statuses.
	Asks     bool
	Required []string // contexts that must be green; none: all that there are
	Statuses []Status
	Err      error // why the source did not tell
}

// Answer is whether a commit may be released.
type Answer string

// The answers.
const (
	Yes     Answer = "yes"
	No      Answer = "no"
	Wait    Answer = "wait"    // nothing is red, and something has not ended
	Unknown Answer = "unknown" // the source does not tell
)

// Reason is one thing that stands in the way.
type Reason struct {
	Rule  string `json:"rule"` // branch, clean, green
	Found string `json:"found"`
	Next  string `json:"next"` // what to do about it
}

// Verdict is the answer for one commit, with its reasons.
type Verdict struct {
	Commit
	Answer   Answer   `json:"answer"`
	Reasons  []Reason `json:"reasons,omitempty"`
	Statuses []Status `json:"statuses,omitempty"`
}

// Judge weighs what is known of a commit.
func Judge(f Facts) Verdict {
	v := Verdict{Commit: f.Commit, Answer: Yes, Statuses: f.Statuses}
	id := Short(f.Commit.ID)
	switch {
	case f.Branch == "":
		v.no("branch", "the repository has no release branch", "fetch it, or name another under release.branch in slipway.yaml")
	case !f.OnBranch && f.Shallow:
		v.no("branch", fmt.Sprintf("commit %s is not seen on %s: this clone has not all of its history", id, f.Branch), "git fetch --unshallow")
	case !f.OnBranch:
		v.no("branch", fmt.Sprintf("commit %s is not on %s", id, f.Branch), "merge it first, and release what is on the branch")
	}
	if n := len(f.Changed); n > 0 {
		others := ""
		if n > 1 {
			others = fmt.Sprintf(" and %d more", n-1)
		}
		v.no("clean", fmt.Sprintf("%s%s: not as commit %s has it", f.Changed[0], others, id), "commit what belongs to the release, and ignore or remove the rest")
	}
	v.green(f)
	return v
}

func (v *Verdict) no(rule, found, next string) {
	v.Answer = No
	v.Reasons = append(v.Reasons, Reason{rule, found, next})
}

// green weighs the statuses.
func (v *Verdict) green(f Facts) {
	if !f.Asks {
		return
	}
	if f.Err != nil {
		v.less(Unknown, "statuses are not known: "+f.Err.Error(), "see that the source can be asked, and ask again")
		return
	}
	if len(f.Required) == 0 && len(f.Statuses) == 0 {
		v.less(Unknown, "nobody has reported a status of commit "+Short(f.Commit.ID), "wait until its checks have begun; release.statuses.required names those that must")
		return
	}
	for _, s := range required(f) {
		switch {
		case s.State == Red:
			v.less(No, s.Context+" is red"+in(s.Said), "mend what it found"+at(s.URL))
		case s.State == Pending:
			v.less(Wait, s.Context+" has not ended"+in(s.Said), "wait for it"+at(s.URL))
		case s.State != Green:
			v.less(Unknown, s.Context+" has not been reported", "see that it runs for each commit of "+f.Branch)
		}
	}
}

// less lowers the answer: what is red outweighs what is not known, and that what is not
// there yet.
func (v *Verdict) less(to Answer, found, next string) {
	order := []Answer{Yes, Wait, Unknown, No}
	if slices.Index(order, to) > slices.Index(order, v.Answer) {
		v.Answer = to
	}
	v.Reasons = append(v.Reasons, Reason{"green", found, next})
}

// required are the statuses that count, in order: those named, each once with the worst
// that was said of it, or all.
func required(f Facts) []Status {
	worst := map[string]Status{}
	names := slices.Clone(f.Required)
	for _, s := range f.Statuses {
		if len(f.Required) == 0 {
			names = append(names, s.Context)
		}
		if old, ok := worst[s.Context]; !ok || badness(s.State) > badness(old.State) {
			worst[s.Context] = s
		}
	}
	slices.Sort(names)
	var all []Status
	for _, name := range slices.Compact(names) {
		s := worst[name]
		s.Context = name
		all = append(all, s)
	}
	return all
}

// badness orders states; one that is not known is worse than all that may still turn out
// well.
func badness(s State) int {
	switch s {
	case Green:
		return 0
	case Pending:
		return 1
	case Red:
		return 3
	}
	return 2
}

func in(said string) string {
	if said == "" {
		return ""
	}
	return " (" + said + ")"
}

func at(url string) string {
	if url == "" {
		return ""
	}
	return ": " + url
}

// Short is the id of a commit as people write it.
func Short(commit string) string { return commit[:min(len(commit), 10)] }

// Why is all that stands in the way, in one line.
func (v Verdict) Why() string {
	var all []string
	for _, r := range v.Reasons {
		all = append(all, r.Found)
	}
	return strings.Join(all, "; ")
}
