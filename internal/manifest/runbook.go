package manifest

// Runbook is the project's runbook, and whether it stands before a deploy.
type Runbook struct {
	File string // relative to the manifest's directory; "": RUNBOOK.md, where there is one
	// Gate has the commands of its prerequisites run before the first change: a deploy is
	// refused when one of them fails.
	Gate bool
}

// runbookBook is a file, or a mapping that says more.
func runbookBook() shape[Runbook] {
	return either("a file such as RUNBOOK.md, or {file: RUNBOOK.md, prerequisites: gate}",
		as(wordOf(localPath()), func(file string) Runbook { return Runbook{File: file} },
			func(b Runbook) string { return b.File }, func(b Runbook) bool { return !b.Gate }),
		arm[Runbook]{shape: runbookObject().shape(), when: func(b Runbook) bool { return b.Gate }},
	)
}

func runbookObject() object[Runbook] {
	return object[Runbook]{
		name: "runbook",
		what: "a mapping",
		fields: []field[Runbook]{
			key("file", func(b *Runbook) *string { return &b.File }, wordOf(localPath()),
				"The runbook.").defaults("RUNBOOK.md").such("ops/RUNBOOK.md"),
			key("prerequisites", func(b *Runbook) *bool { return &b.Gate }, gated(),
				"gate has the commands of its prerequisites run before a deploy, which is refused when one fails; none does not.").defaults("none"),
		},
	}
}

// gated is a word in the file, as an approval is.
func gated() shape[bool] {
	words := one("", "gate", "none")
	return as(words, func(s string) bool { return s == "gate" }, func(b bool) string {
		if b {
			return "gate"
		}
		return ""
	}, nil).shape
}
