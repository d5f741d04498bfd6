package manifest

import (
	"bytes"
	"cmp"
	"fmt"
	"text/template"
)

// Start is what is known of a project that has no slipway.yaml yet.
type Start struct {
	Service     string
	Type        Type   // "": listener
	Format      string // deb or tar.gz; "": tar.gz
	Build       string // "": make deb, or make dist
	Environment string // "": production
	Inventory   string // "": inventory.yaml
	HAProxy     bool   // there is a balancer in front of it
}

// Starter writes the commented slipway.yaml that a new project starts from. The
// error names what in s could not stand in such a file.
func Starter(s Start) ([]byte, error) {
	s.Type = cmp.Or(s.Type, Listener)
	s.Format = cmp.Or(s.Format, "tar.gz")
	s.Environment = cmp.Or(s.Environment, "production")
	s.Inventory = cmp.Or(s.Inventory, "inventory.yaml")
	if s.Format != "deb" && s.Format != "tar.gz" {
		return nil, fmt.Errorf("begin %s: format %q: allowed are deb and tar.gz", Name, s.Format)
	}
	if !serviceName().matches(s.Service) {
		return nil, fmt.Errorf("begin %s: service %s: allowed are %s", Name, quotable(s.Service), serviceName().what)
	}
	if s.Build == "" {
		s.Build = map[string]string{"deb": "make deb", "tar.gz": "make dist"}[s.Format]
	}
	t, err := template.New(Name).Funcs(template.FuncMap{"text": quoted}).Parse(starter)
	if err != nil {
		return nil, fmt.Errorf("begin %s: %w", Name, err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, s); err != nil {
		return nil, fmt.Errorf("begin %s: %w", Name, err)
	}
	if _, err := Parse(Name, out.Bytes()); err != nil {
		return nil, fmt.Errorf("begin %s: %w", Name, err)
	}
	return out.Bytes(), nil
}

// quoted is a text as YAML: as it is when that is safe, else in double quotes.
func quoted(s string) string {
	plain := word{pattern: `^[A-Za-z/][A-Za-z0-9/._ -]*[A-Za-z0-9/]$`}
	if plain.matches(s) && s != "true" && s != "false" && s != "null" && s != "yes" && s != "no" && s != "on" && s != "off" {
		return s
	}
	return fmt.Sprintf("%q", s)
}

const starter = `# yaml-language-server: $schema=` + schemaID + `
#
# How this service is built, where it goes, and in which stages a release reaches
# it. What is left out has a default: slipway plan shows all of it before anything
# is touched. Every key: docs/manifest.md.

service: {{text .Service}}
type: {{.Type}}{{if eq .Type "listener"}}          # serves requests; worker: consumes jobs; batch: runs and ends{{end}}

artifact:
  {{.Format}}:
    build: {{text .Build}}
{{- if eq .Format "deb"}}
    file: dist/*.deb        # what the build leaves; several packages, one for each architecture, are fine
    # tree: build/root      # or this: a directory that Slipway packs itself, the same bytes each time
{{- else}}
    file: dist/*.tar.gz     # what the build leaves
    # tree: build/{{.Service}}   # or this: a directory that Slipway packs itself, the same bytes each time
    keep: 5                 # releases kept on a host, so that going back is a matter of a link
{{- end}}
{{if eq .Type "batch"}}
timers: [{{.Service}}.timer]    # stopped before an update, started after it
{{- else}}
units: [{{.Service}}.service]   # restarted by an update, in this order
{{- end}}

# Recorded before an update and put back by a restore:
# config: [/etc/{{.Service}}]
# Never touched, by a restore neither:
# data: [/var/lib/{{.Service}}]
{{if eq .Type "listener"}}
# A host is healthy when it answers so. No host in the address: the host itself.
# health:
#   http: http://:8080/_status
#   expect: {version: "{{"{{version}}"}}"}
#   within: 30s
{{end}}
environments:
  {{.Environment}}:
    method:
      ansible:
        inventory: {{text .Inventory}}
        hosts: {{text .Service}}         # a group, or any Ansible pattern
{{- if .HAProxy}}
    traffic:
      haproxy:
        sockets: ["root@lb1:/run/haproxy/admin.sock"]   # one for each balancer
        public: {{text .Service}}
        # internal: {{.Service}}_internal   # a backend that only staff reach
{{- end}}
    max_out: 25%            # of the hosts may be out of service at once
    on_fail: restore        # or ask
    stages:
{{- if not .HAProxy}}
      - internal:
          hosts: 1
          # checks: [{http: "http://:8080/", status: 200}]
{{- end}}
      - canary:
          hosts: 10%
          bake: {most: 15m}
      - complete:
          waves: 25%
          # approval: required   # a person must promote first
`
