package standard

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// unitRules are about the systemd units of the service.
func unitRules() []Rule {
	return []Rule{
		{ID: "units.exist", Severity: Warning, check: unitsExist,
			Wants: "The units and timers of the manifest are in the project or in the artifact.",
			Why:   "A mistyped unit is not restarted, and the old version goes on running unnoticed.",
			Mend:  "Correct the name, or add the unit file."},
		{ID: "units.restart", Severity: Warning, check: unitsRestart,
			Wants: "A service that runs all the time is started again when it dies.",
			Why:   "A crash at night should be an entry in the journal and not a page.",
			Mend:  "Add `Restart=on-failure` to `[Service]`."},
		{ID: "units.boot", Severity: Warning, check: unitsBoot,
			Wants: "A unit that something must start is enabled: it has an `[Install]` section.",
			Why:   "Without one the service is gone after the next reboot; that is what `@reboot` lines were for.",
			Mend:  "Add `[Install]` with `WantedBy=multi-user.target`; to a timer with `WantedBy=timers.target`."},
		{ID: "cron.timer-missing", Severity: Warning, check: timersExist,
			Wants: "A unit that runs and ends has a timer that starts it.",
			Why:   "Otherwise something outside of systemd starts it, and that is usually a crontab.",
			Mend:  "Add a timer of the same name, and list it under `timers:`."},
	}
}

// unitName is the name that a unit file goes by when it is installed.
func (l *look) unitName(f file) string {
	base := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(path.Base(f.path), ".j2"), ".erb"), ".epp")
	if path.Base(path.Dir(f.path)) != "debian" {
		return base
	}
	// debhelper: debian/service, debian/PACKAGE.service and debian/PACKAGE.NAME.service
	if base == "service" || base == "timer" {
		return l.Manifest.Service + "." + base
	}
	if parts := strings.Split(base, "."); len(parts) == 3 && parts[0] == l.Manifest.Service {
		return parts[1] + "." + parts[2]
	}
	return base
}

// units are the unit files of the project by their installed names.
func (l *look) units() map[string]file {
	all := map[string]file{}
	for _, f := range l.tree.of(service, timer) {
		all[l.unitName(f)] = f
	}
	return all
}

// knows reports whether a unit is among some; an instance is one of its template.
func knows(has func(string) bool, unit string) bool {
	if has(unit) {
		return true
	}
	name, rest, ok := strings.Cut(unit, "@")
	return ok && has(name+"@"+path.Ext(rest))
}

func unitsExist(l *look) {
	all := l.units()
	has := func(name string) bool {
		_, ok := all[name]
		return ok || l.Artifact != nil && slices.Contains(l.Artifact.Units, name)
	}
	if len(all) == 0 && (l.Artifact == nil || len(l.Artifact.Units) == 0) {
		return // they come from elsewhere, and nothing here tells which
	}
	look := func(key string, list []string) {
		for i, u := range list {
			if ext := path.Ext(u); (ext == ".service" || ext == ".timer") && !knows(has, u) {
				l.found(l.written(fmt.Sprintf("%s[%d]", key, i)), "correct the name, or add the unit file", "there is no %s in the project", u)
			}
		}
	}
	look("units", l.Manifest.Units)
	look("timers", l.Manifest.Timers)
}

// directive finds a setting of a unit file; the last one counts.
func directive(data []byte, name string) (value string, line int) {
	n := 0
	for text := range strings.Lines(string(data)) {
		n++
		if k, v, ok := strings.Cut(strings.TrimSpace(text), "="); ok && strings.TrimSpace(k) == name {
			value, line = strings.TrimSpace(v), n
		}
	}
	return value, line
}

func oneshot(f file) bool {
	v, _ := directive(f.data, "Type")
	return v == "oneshot"
}

// heading is the line of a section of a unit file, or 1.
func heading(f file, section string) int {
	at := regexp.MustCompile(`(?m)^\s*\[` + section + `\]`).FindIndex(f.data)
	if at == nil {
		return 1
	}
	return lineOf(f.data, at[0])
}

func unitsRestart(l *look) {
	for _, f := range l.tree.of(service) {
		v, line := directive(f.data, "Restart")
		if oneshot(f) || v != "" && v != "no" || !strings.Contains(string(f.data), "ExecStart") {
			continue
		}
		if line == 0 {
			line = heading(f, "Service")
		}
		l.found(place{file: f.path, line: line}, "add Restart=on-failure to [Service]", "%s is not started again when it dies", l.unitName(f))
	}
}

func unitsBoot(l *look) {
	for _, f := range l.tree.of(service, timer) {
		if strings.Contains(string(f.data), "[Install]") || f.kind == service && l.started(f) {
			continue
		}
		target := "multi-user.target"
		if f.kind == timer {
			target = "timers.target"
		}
		l.found(place{file: f.path, line: 1}, "add [Install] with WantedBy="+target, "nothing starts %s at boot", l.unitName(f))
	}
}

// started reports whether something else starts a service: a timer, a socket, a path, or
// whoever makes an instance of it.
func (l *look) started(f file) bool {
	name := strings.TrimSuffix(l.unitName(f), ".service")
	return oneshot(f) || strings.HasSuffix(name, "@") || l.exists(path.Join(path.Dir(f.path), name+".socket")) || l.exists(path.Join(path.Dir(f.path), name+".path")) || l.timed(name)
}

// timed reports whether a timer starts the service of a name.
func (l *look) timed(name string) bool {
	for _, f := range l.tree.of(timer) {
		unit, _ := directive(f.data, "Unit")
		if unit == name+".service" || unit == "" && strings.TrimSuffix(l.unitName(f), ".timer") == name {
			return true
		}
	}
	return slices.Contains(l.Manifest.Timers, name+".timer")
}

func timersExist(l *look) {
	for _, f := range l.tree.of(service) {
		name := strings.TrimSuffix(l.unitName(f), ".service")
		if !oneshot(f) || strings.Contains(string(f.data), "[Install]") || l.timed(name) || strings.HasSuffix(name, "@") {
			continue
		}
		_, line := directive(f.data, "Type")
		l.found(place{file: f.path, line: line}, "add "+name+".timer, and list it under timers: in "+l.File, "%s.service runs and ends, and no timer starts it", name)
	}
}
