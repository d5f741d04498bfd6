package metric

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/slipway-deploy/slipway/internal/rollout"
	"github.com/slipway-deploy/slipway/internal/secret"
)

// Check says what is wrong with how a metric is asked for: what is missing, what its
// source does not use, and what is allowed. It asks nobody and reads no secret.
func Check(m rollout.Metric) error {
	k, ok := KindOf(m.Source)
	if !ok {
		var all []string
		for _, k := range Kinds() {
			all = append(all, k.Source)
		}
		return fmt.Errorf("metric %s: no source %q: allowed is %s", m.Name, m.Source, strings.Join(all, ", "))
	}
	form, err := k.form(m.Kind)
	if err == nil {
		err = k.check(form, askOf(m))
	}
	if err == nil {
		err = k.own(m)
	}
	if err != nil {
		return fmt.Errorf("metric %s: source %s: %w", m.Name, m.Source, err)
	}
	return nil
}

func askOf(m rollout.Metric) rollout.Ask {
	if m.Ask == nil {
		return rollout.Ask{}
	}
	return *m.Ask
}

// form is how a kind of metric is asked for.
func (k Kind) form(kind rollout.MetricKind) (Form, error) {
	if kind == "" {
		kind = rollout.Counts
	}
	var all []string
	for _, f := range k.Gives {
		if f.Kind == kind {
			return f, nil
		}
		all = append(all, string(f.Kind))
	}
	return Form{}, fmt.Errorf("kind %s is not what it gives: allowed is %s", kind, strings.Join(all, ", "))
}

// check holds the members of an Ask against the table.
func (k Kind) check(f Form, a rollout.Ask) error {
	set := members(a)
	needs, may := slices.Clone(f.Needs), slices.Concat(f.Needs, f.May, []string{"every"})
	if k.Address != "" {
		may = append(may, "address")
		if k.Source != sourceNewRelic && k.Source != sourceDatadog {
			needs = append([]string{"address"}, needs...)
		}
	}
	if k.Label != "" {
		may = append(may, "label")
	}
	if k.Host {
		may = append(may, "host")
	}
	for _, n := range needs {
		if !set[n] {
			return fmt.Errorf("%s is missing", n)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(set)) {
		if !slices.Contains(may, name) {
			slices.Sort(may)
			return fmt.Errorf("%s is not used for %s: allowed is %s", name, f.Kind, strings.Join(may, ", "))
		}
	}
	if a.Every < 0 || (a.Every > 0 && a.Every < time.Second) {
		return fmt.Errorf("every is %s, and must be at least 1s", a.Every)
	}
	if err := named("setting", k.Settings, a.Settings); err != nil {
		return err
	}
	if a.Settings["absent"] != "" && f.Kind == rollout.Counts && a.Exposure == "" {
		return errors.New("setting absent needs an exposure: nothing else shows that there is data")
	}
	if err := named("secret", k.Secrets, a.Secrets); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(a.Secrets)) {
		if err := secret.Check(a.Secrets[name]); err != nil {
			return fmt.Errorf("secret %s: %w", name, err)
		}
	}
	return nil
}

// members are those of an Ask that are set, by their names in JSON; settings and
// secrets are told by name elsewhere.
func members(a rollout.Ask) map[string]bool {
	set := map[string]bool{}
	for name, is := range map[string]bool{
		"address": a.Address != "", "events": a.Events != "", "exposure": a.Exposure != "", "value": a.Value != "",
		"buckets": a.Buckets != "", "label": a.Label != "", "host": a.Host != "", "every": a.Every != 0,
		"pattern": a.Pattern != "", "command": len(a.Command) > 0, "on_hosts": a.OnHosts,
	} {
		if is {
			set[name] = true
		}
	}
	return set
}

// named holds settings or secrets against those that a source has.
func named(what string, known []Setting, is map[string]string) error {
	var all []string
	for _, s := range known {
		all = append(all, s.Name)
		value, ok := is[s.Name]
		if s.Must && value == "" {
			return fmt.Errorf("%s %s is missing: %s", what, s.Name, s.About)
		}
		if ok && s.Allowed != nil && !slices.Contains(s.Allowed, value) {
			return fmt.Errorf("%s %s is %q: allowed is %s", what, s.Name, value, strings.Join(s.Allowed, ", "))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(is)) {
		if !slices.Contains(all, name) {
			if len(all) == 0 {
				return fmt.Errorf("it has no %ss, and %s is one", what, name)
			}
			return fmt.Errorf("no %s is called %s: allowed is %s", what, name, strings.Join(all, ", "))
		}
	}
	if text, ok := is["lag"]; ok && what == "setting" {
		if d, err := time.ParseDuration(text); err != nil || d < 0 || d > 15*time.Minute {
			return fmt.Errorf("setting lag is %q: allowed is a time such as 90s, at most 15m", text)
		}
	}
	return nil
}

// own is what each source minds beside the table.
func (k Kind) own(m rollout.Metric) error {
	a := askOf(m)
	if err := placeholders(m.Source, a); err != nil {
		return err
	}
	switch m.Source {
	case sourceHAProxy:
		return checkHAProxy(m, a)
	case sourcePrometheus:
		return errors.Join(checkURL(a.Address), checkCounter(a.Events), checkCounter(a.Exposure), checkCounter(a.Buckets))
	case sourceGraphite:
		return checkURL(a.Address)
	case sourceHTTP:
		return checkDocument(a)
	case sourceNewRelic:
		return errors.Join(checkURL(a.Address), checkNRQL(a))
	case sourceDatadog:
		return errors.Join(checkURL(a.Address), checkSite(a.Settings["site"]))
	case sourceCloudWatch:
		return errors.Join(checkRegion(a.Address), checkURL(a.Settings["endpoint"]), checkPeriod(Every(m)))
	case sourceSQL:
		return checkSQL(a)
	case sourceLog:
		if _, err := regexp.Compile(a.Pattern); err != nil {
			return fmt.Errorf("pattern: %w", err)
		}
		if a.Exposure != "" && a.Exposure != "lines" {
			return fmt.Errorf("exposure is %q: allowed is lines, or none for the time that the host was watched", a.Exposure)
		}
	case sourceCommand:
		if a.OnHosts && a.Host != "" {
			return errors.New("host is for a command on this machine: what runs on a host tells of that host")
		}
	}
	return nil
}

// checkURL minds the address of a system. A password in it would be journalled, and shown.
func checkURL(address string) error {
	if address == "" {
		return nil
	}
	u, err := url.Parse(strings.NewReplacer("{{host}}", "host", "{{service}}", "service", "{{environment}}", "environment").Replace(address))
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return errors.New("address must be a URL such as https://stats.example.com")
	}
	if u.User != nil {
		return errors.New("address holds a user or password: put them into secrets, as references")
	}
	return nil
}

// placeholders finds those that nothing is filled in for.
func placeholders(source string, a rollout.Ask) error {
	known := []string{"{{service}}", "{{environment}}"}
	for _, text := range slices.Concat([]string{a.Address, a.Events, a.Exposure, a.Value, a.Buckets}, a.Command) {
		for _, found := range regexp.MustCompile(`\{\{[^{}]*\}\}`).FindAllString(text, -1) {
			allowed := known
			switch {
			case source == sourceSQL:
				allowed = append(slices.Clone(known), sqlTimes()...)
			case source == sourceHTTP || source == sourceGraphite:
				allowed = append(slices.Clone(known), "{{host}}")
			}
			if !slices.Contains(allowed, found) {
				return fmt.Errorf("%s is not filled in here: allowed is %s", found, strings.Join(allowed, ", "))
			}
		}
	}
	if a.Host != "" && !strings.Contains(a.Host, "{{host}}") {
		return fmt.Errorf("host is %q, the same for every host: it must have {{host}} in it", a.Host)
	}
	return nil
}
