package standard

import "slices"

// Rule is one rule of the standard.
type Rule struct {
	ID       string
	Wants    string // what the rule wants, a sentence
	Why      string
	Mend     string // how to mend what it finds, in general; a finding says it of itself
	Severity Severity
	// Release marks what is only asked when a release is cut or deployed.
	Release bool
	// Deploy marks a rule that is about the deploy itself: its errors stop one.
	Deploy bool

	check func(*look)
}

// Rules lists the rules in the order of the docs.
func Rules() []Rule {
	return slices.Concat(releaseRules(), artifactRules(), runbookRules(), stageRules(), methodRules(), unitRules(), cronRules(), secretRules(), waiverRules())
}

// Find returns a rule by its id.
func Find(id string) (Rule, bool) {
	for _, r := range Rules() {
		if r.ID == id {
			return r, true
		}
	}
	return Rule{}, false
}
