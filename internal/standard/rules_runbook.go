package standard

import (
	"cmp"
	"slices"
)

// runbookRules are about the page that a person reads at three in the morning.
func runbookRules() []Rule {
	return []Rule{
		{ID: "runbook.present", Severity: Error, Deploy: true, check: runbookPresent,
			Wants: "The project has a runbook.",
			Why:   "When a rollout needs a person, that person may never have seen the service before.",
			Mend:  "`slipway runbook new` writes one from the manifest."},
		{ID: "runbook.prerequisites", Severity: Error, Deploy: true, check: section("prerequisites"),
			Wants: "The runbook says what must hold before a deploy.",
			Why:   "What is needed and not there is found out half way, with production in between.",
			Mend:  "Add a section \"Prerequisites\" with one item for each thing, and the command that shows it."},
		{ID: "runbook.deploy", Severity: Error, Deploy: true, check: section("deploy"),
			Wants: "The runbook says how the service is deployed.",
			Why:   "The way to production must not be in one person's head.",
			Mend:  "Add a section \"Deploy\" with the commands in their order."},
		{ID: "runbook.rollback", Severity: Error, Deploy: true, check: section("rollback"),
			Wants: "The runbook says how production is put back.",
			Why:   "Nobody should have to think of the way back while the service is down.",
			Mend:  "Add a section \"Roll back\" with the commands in their order."},
		{ID: "runbook.true", Severity: Error, check: runbookTrue,
			Wants: "What the runbook says of commands, units, hosts and addresses is so.",
			Why:   "A runbook that names what is no longer there costs more time than none.",
			Mend:  "Correct the runbook, or the manifest; `slipway runbook lint` says more."},
		{ID: "contacts.present", Severity: Warning, check: contacts,
			Wants: "The runbook or the manifest says who knows the service and how they are reached.",
			Why:   "A rollout that needs a person needs to know which.",
			Mend:  "Add `contacts:` to slipway.yaml, or a section \"Contacts\" with a team, a channel and who is on call."},
	}
}

func runbookPresent(l *look) {
	if !l.Runbook.Present {
		l.found(l.written("runbook"), "slipway runbook new writes one from "+l.File, "there is no %s", l.Runbook.File)
	}
}

// section makes the check for one section.
func section(role string) func(*look) {
	titles := map[string]string{"prerequisites": "Prerequisites", "deploy": "Deploy", "rollback": "Roll back"}
	return func(l *look) {
		if l.Runbook.Present && !slices.Contains(l.Runbook.Has, role) {
			l.found(place{file: l.Runbook.File}, "add a section \""+titles[role]+"\"", "the runbook has no section that is about %s", role)
		}
	}
}

func runbookTrue(l *look) {
	for _, u := range l.Runbook.Findings {
		f := l.found(place{l.Runbook.File, u.Line, u.Column}, u.Mend, "%s", u.Message)
		f.Severity = cmp.Or(u.Severity, f.Severity)
	}
}

func contacts(l *look) {
	if l.Runbook.Present && !slices.Contains(l.Runbook.Has, "contacts") && len(l.Manifest.Contacts) == 0 {
		l.found(place{file: l.Runbook.File}, "add a section \"Contacts\" with a team, a channel and who is on call", "the runbook does not say whom to ask")
	}
}
