package ansible

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/method"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// restoreOption is the variable by which a project has its playbook restore as well.
const (
	restoreOption = "slipway_restore"
	byPlaybook    = "playbook"
	byHelper      = "helper"
)

// reserved begins the names of the variables that are ours to set.
const reserved = "slipway_"

// hostVars is what a playbook is told of one host.
type hostVars struct {
	Version  string `json:"version"`
	Previous string `json:"previous_version"`
	Artifact string `json:"artifact"`
	Digest   string `json:"digest"`
}

// variables are the extra variables of a playbook, as JSON. What differs between
// hosts lies in one table that the other names look into, so that they have their
// value in hostvars and in delegated tasks too.
func (o own) variables(ctx context.Context, verb host.Verb, hosts []string) ([]byte, error) {
	all := map[string]any{}
	for name, value := range o.w.Variables {
		if name == restoreOption && (value == byPlaybook || value == byHelper) {
			continue
		}
		if strings.HasPrefix(name, reserved) {
			return nil, fmt.Errorf("variable %s: %q is not allowed: names that begin with %s are set by slipway (only %s may be given: %s or %s)",
				name, value, reserved, restoreOption, byHelper, byPlaybook)
		}
		all[name] = value
	}
	table := map[string]hostVars{}
	for _, name := range hosts {
		h, err := method.Find(o.job.Plan, name)
		if err != nil {
			return nil, err
		}
		table[name] = o.hostVars(ctx, verb, h)
	}
	p := o.job.Plan
	for name, value := range map[string]any{
		"verb": string(verb), "service": p.Service, "environment": p.Environment, "rollout": p.ID, "hosts": table,
	} {
		all[reserved+name] = value
	}
	if err := literal(p, table); err != nil {
		return nil, err
	}
	for _, name := range []string{"version", "previous_version", "artifact", "digest"} {
		all[reserved+name] = "{{ slipway_hosts[inventory_hostname]." + name + " }}"
	}
	return json.Marshal(all)
}

func (o own) hostVars(ctx context.Context, verb host.Verb, h rollout.Host) hostVars {
	a := released(o.job.Plan, h)
	if verb == host.Restore {
		a = rollout.Artifact{Version: h.From}
		if h.Back.Artifact != nil {
			a = *h.Back.Artifact
		}
	}
	v := hostVars{Version: a.Version, Previous: h.From, Digest: a.Digest}
	if a.Digest != "" && o.r.cfg.Store != nil {
		// Without the file here the playbook has to fetch the release itself.
		if path, err := o.r.cfg.Store.Path(ctx, a.Digest); err == nil {
			v.Artifact = path
		}
	}
	return v
}

// literal refuses values that Ansible would take for templates.
func literal(p *rollout.Plan, table map[string]hostVars) error {
	values := []string{p.Service, p.Environment, p.ID}
	for _, v := range table {
		values = append(values, v.Version, v.Previous, v.Artifact, v.Digest)
	}
	for _, v := range values {
		if strings.Contains(v, "{{") || strings.Contains(v, "{%") || strings.Contains(v, "{#") {
			return fmt.Errorf("%q cannot be given to a playbook: Ansible would take it for a template", v)
		}
	}
	return nil
}

// importing returns the playbook that imports the project's. It lies beside our
// plugins, and the project's own keeps all that lies beside it.
func importing(playbook string) ([]byte, error) {
	if strings.ContainsAny(playbook, " \t\n\"'\\{}=") {
		return nil, fmt.Errorf("playbook %q: Ansible cannot import a path with spaces, quotes, braces or =: rename it", playbook)
	}
	return json.Marshal([]map[string]string{{"name": "the project's own", "import_playbook": playbook}})
}
