package manifest

import (
	"time"

	"github.com/invopop/jsonschema"
)

// Standard says how strictly the deployment standard is held to.
type Standard struct {
	Gate  Gate
	Waive []Waiver
}

// Gate is what stops a deploy.
type Gate string

// The gates.
const (
	GateErrors Gate = "errors" // an error of a rule that is about the deploy itself
	GateNone   Gate = "none"   // nothing: slipway check still tells
)

// Waiver lets what a rule finds pass, with a reason and for a time.
type Waiver struct {
	Rule   string
	Reason string
	Until  time.Time // the last day, in UTC
	Where  string    // path, directory or glob; "": everywhere
}

// freshStandard is that of a file which speaks of the standard at all; one that does not is
// deployed without it.
func freshStandard() Standard { return Standard{Gate: GateErrors} }

// standardObject is how the project stands to the rules of slipway check.
func standardObject() object[Standard] {
	return object[Standard]{
		name:  "standard",
		what:  "a mapping",
		fresh: freshStandard,
		fields: []field[Standard]{
			key("gate", func(s *Standard) *Gate { return &s.Gate }, one("", GateErrors, GateNone),
				"What stops a deploy: errors of the rules that are about the deploy itself, or none.").defaults("errors, where standard is written"),
			key("waive", func(s *Standard) *[]Waiver { return &s.Waive }, repeatable("a list of waivers", 0, waiverObject().shape()),
				"What the rules find and does not count, each with a reason and an end.").defaults("none"),
		},
	}
}

func waiverObject() object[Waiver] {
	return object[Waiver]{
		name: "waiver",
		what: "a mapping",
		fields: []field[Waiver]{
			key("rule", func(w *Waiver) *string { return &w.Rule }, wordOf(ruleName()),
				"Rule that is waived; slipway check --rules lists them.").required().such("cron.crontab"),
			key("reason", func(w *Waiver) *string { return &w.Reason }, wordOf(shownText()),
				"Why.").required().such("the timer is rolled out with 2.0"),
			key("until", func(w *Waiver) *time.Time { return &w.Until }, day(),
				"Last day on which it holds.").required().such("2027-01-31"),
			key("where", func(w *Waiver) *string { return &w.Where }, wordOf(localPath()),
				"Path, directory or glob from the directory of the file: only what is found there.").defaults("everywhere").such("debian/checkout.cron.d"),
		},
	}
}

func ruleName() word {
	return word{what: "the name of a rule such as cron.crontab", pattern: `^[a-z]+\.[a-z-]+$`, limit: 63}
}

// day is a date such as 2027-01-31.
func day() shape[time.Time] {
	w := word{what: "a day such as 2027-01-31", pattern: `^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$`, limit: 10}
	s := measured(w, func(s string) (time.Time, bool) {
		t, err := time.Parse(time.DateOnly, s)
		return t, err == nil
	}, func(t time.Time) string { return t.Format(time.DateOnly) })
	s.schema = func(*definitions) *jsonschema.Schema {
		return &jsonschema.Schema{Type: "string", Pattern: w.pattern, Format: "date"}
	}
	return s
}
