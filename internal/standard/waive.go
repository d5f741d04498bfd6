package standard

import (
	"fmt"
	"path"
	"strings"
	"time"
)

// soon is how long before its end a waiver is warned of.
const soon = 14 * 24 * time.Hour

// waive marks the findings that the manifest waives, and adds what is wrong with waivers.
// What a waiver has to say of itself cannot be waived.
func waive(l *look) []Finding {
	today := time.Date(l.Now.Year(), l.Now.Month(), l.Now.Day(), 0, 0, 0, 0, time.UTC)
	found := l.out
	for i, w := range l.Manifest.Standard.Waive {
		at := l.written(fmt.Sprintf("standard.waive[%d]", i))
		if _, ok := Find(w.Rule); !ok || strings.HasPrefix(w.Rule, "waiver.") {
			l.as("waiver.rule").found(at, "name a rule that slipway check --rules lists"+near(w.Rule), "%q is no rule that can be waived", w.Rule)
			continue
		}
		until := w.Until.Format(time.DateOnly)
		over, used := w.Until.Before(today), 0
		for j := range found {
			f := &found[j]
			if f.Rule != w.Rule || !covers(w.Where, f.File) {
				continue
			}
			used++
			if !over && f.Waived == nil {
				f.Waived = &Waiver{Reason: printable(w.Reason), Until: until}
			}
		}
		switch {
		case used == 0:
			l.as("waiver.idle").found(at, "take the waiver out", "the waiver of %s waives nothing", w.Rule)
		case over:
			l.as("waiver.until").found(at, "mend what it waived, or give a reason and a day anew", "the waiver of %s ended on %s: what it waived counts again", w.Rule, until)
		case w.Until.Sub(today) <= soon:
			l.as("waiver.until").found(at, "mend what it waives before that day", "the waiver of %s ends on %s", w.Rule, until)
		}
	}
	// found and l.out share their first findings unless l.out grew into a new array.
	return append(found, l.out[len(found):]...)
}

// as makes the next finding one of another rule.
func (l *look) as(id string) *look {
	l.rule, _ = Find(id)
	return l
}

// covers reports whether a waiver for a path, a directory or a pattern holds for a file.
func covers(where, file string) bool {
	if where == "" {
		return true
	}
	where = strings.TrimSuffix(path.Clean(where), "/")
	if file == where || strings.HasPrefix(file, where+"/") {
		return true
	}
	ok, err := path.Match(where, file)
	return err == nil && ok
}

// near names the rule that was probably meant.
func near(id string) string {
	for _, r := range Rules() {
		_, name, _ := strings.Cut(r.ID, ".")
		if strings.EqualFold(r.ID, strings.ReplaceAll(id, "_", ".")) || id == name {
			return fmt.Sprintf("; did you mean %s?", r.ID)
		}
	}
	return ""
}

// waiverRules are about the waivers themselves; waive applies them.
func waiverRules() []Rule {
	return []Rule{
		{ID: "waiver.rule", Severity: Error,
			Wants: "Each waiver names a rule that there is.",
			Why:   "A waiver with a mistyped rule waives nothing, and nobody notices until the gate is closed.",
			Mend:  "Correct the name: `slipway check --rules` lists them."},
		{ID: "waiver.until", Severity: Warning,
			Wants: "A waiver ends on its day, and is not forgotten before it.",
			Why:   "Exceptions that nobody looks at again become the rule. From fourteen days before its end a waiver is warned of; after it, what it waived counts again.",
			Mend:  "Mend what was waived, and take the waiver out; or give a new reason and a new day."},
		{ID: "waiver.idle", Severity: Warning,
			Wants: "Each waiver waives something.",
			Why:   "A waiver whose cause is gone would silently let the same fault in again.",
			Mend:  "Take the waiver out of slipway.yaml."},
	}
}
