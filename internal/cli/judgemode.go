package cli

import (
	"slices"
	"strings"
)

// judgeMode is what slipway judge judges.
type judgeMode string

const (
	judgesRollout judgeMode = "a rollout"
	judgesReplay  judgeMode = "--replay"
	judgesPower   judgeMode = "--power"
)

// judgeFlag is a flag that is not for everything that slipway judge does.
type judgeFlag struct {
	name string
	of   []judgeMode
}

func judgeFlags() []judgeFlag {
	rollout, power := []judgeMode{judgesRollout}, []judgeMode{judgesPower}
	tolerated := []judgeMode{judgesReplay, judgesPower}
	return []judgeFlag{
		{"stage", rollout}, {"service", rollout},
		{"svg", []judgeMode{judgesRollout, judgesReplay}},
		{"worse-by", tolerated}, {"pass-below", tolerated}, {"at-most", tolerated},
		{"least", tolerated}, {"most", tolerated}, {"file", tolerated},
		{"rate", power}, {"errors", power}, {"worse", power}, {"share", power}, {"fleet", power}, {"before", power},
	}
}

// mode is what is to be judged. A flag that would do nothing then is refused: whoever gave
// it takes it to have been heeded.
func (o judgeOptions) mode() (judgeMode, error) {
	mode := judgesRollout
	switch {
	case o.power.on && (o.set("replay") || o.id != ""):
		return "", usagef("--power is of a rollout to come: give neither a rollout nor --replay")
	case o.power.on:
		mode = judgesPower
	case o.set("replay") && o.id != "":
		return "", usagef("--replay %s and rollout %s: give one of them", o.replay, o.id)
	case o.set("replay") && o.replay == "":
		return "", usagef("--replay %q: name a file of samples, one JSON object a line, or - for standard input", "")
	case o.set("replay"):
		mode = judgesReplay
	}
	for _, f := range judgeFlags() {
		if o.set(f.name) && !slices.Contains(f.of, mode) {
			return "", f.stray(mode)
		}
	}
	if o.set("file") && o.environment == "" {
		return "", usagef("--file %s does nothing by itself: give --env, too, whose canary it describes", o.file)
	}
	return mode, nil
}

// stray is the error of a flag that is not for what is judged.
func (f judgeFlag) stray(mode judgeMode) error {
	var of []string
	for _, m := range f.of {
		of = append(of, string(m))
	}
	allowed := strings.Join(of, " and ")
	if mode == judgesRollout {
		return usagef("--%s is for %s: a rollout is judged as its plan says", f.name, allowed)
	}
	return usagef("--%s is for %s: it does nothing with %s", f.name, allowed, mode)
}
