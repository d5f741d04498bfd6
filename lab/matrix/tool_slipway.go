package matrix

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/slipway-deploy/slipway/internal/host"
)

// Where a host has the helper and the releases.
const (
	helperPath  = "/usr/local/bin/slipway-host"
	releasesDir = "/srv/releases"
	archiveDir  = "/srv/archive" // the version of the beginning, and apt's other packages
)

// Slipway calls the helper on a host as a rollout does.
type Slipway struct {
	Host    *Host
	Service string
	Spec    host.Spec
	Find    func(version string) (host.Artifact, error) // a release, with its path on the host
	Lost    bool                                        // nobody has the version of the beginning any more
	Prefix  string                                      // of the ids of rollouts

	rollouts int
	command  int
	before   string        // version before the first rollout
	Last     host.Response // of the last call
}

var _ Tool = (*Slipway)(nil)

// specOf is the service of the cases.
func specOf(format string, data bool) host.Spec {
	s := host.Spec{
		Format: format, Units: []string{"checkout.service"}, Config: []string{"/etc/checkout"},
		Health: &host.Health{HTTP: "http://:8080/_status", Expect: map[string]string{"version": "{{version}}"}, Within: 4 * time.Second},
	}
	if format == "deb" {
		s.Package = Service
	} else {
		s.Directory, s.Keep = "/opt/checkout", 5
	}
	if data {
		s.Data = []string{"/var/lib/checkout"}
	}
	return s
}

// Deploy updates the host in a rollout of its own.
func (s *Slipway) Deploy(ctx context.Context, version string) error {
	a, err := s.Find(version)
	if err != nil {
		return err
	}
	facts, err := s.call(ctx, host.Request{Verb: host.Facts})
	if err != nil {
		return err
	}
	if s.rollouts == 0 && facts.Facts != nil {
		s.before = facts.Facts.Version
	}
	s.rollouts++
	return s.ok(ctx, host.Request{Verb: host.Update, Rollout: s.rollout(s.rollouts), Artifact: &a})
}

// Back restores the first rollout. The version that was there before is sent along
// when the helper asks for it, as long as somebody has it.
func (s *Slipway) Back(ctx context.Context) Claim {
	r := host.Request{Verb: host.Restore, Rollout: s.rollout(1)}
	if s.before != "" && !s.Lost {
		if previous, err := s.Find(s.before); err == nil { // else it was made by hand on the host
			r.Previous = &previous
		}
	}
	answer, err := s.call(ctx, r)
	if err != nil {
		return Claim{Why: err.Error()}
	}
	c := Claim{Done: answer.Code == host.CodeOK && answer.Equal, Why: answer.Reason}
	facts, err := s.call(ctx, host.Request{Verb: host.Facts})
	if err == nil && facts.Facts != nil && facts.Facts.Last != nil {
		c.Held = facts.Facts.Last.Held
	}
	for _, d := range answer.Differences {
		c.Items = append(c.Items, fmt.Sprintf("%s: %s -> %s", d.Item, d.Before, d.After))
	}
	return c
}

// Cut kills the helper's worker and all that runs in it.
func (s *Slipway) Cut(ctx context.Context) error {
	return s.Host.Script(ctx, "systemctl kill --signal=KILL 'slipway-*'")
}

func (s *Slipway) rollout(n int) string { return fmt.Sprintf("%s%d", s.Prefix, n) }

func (s *Slipway) ok(ctx context.Context, r host.Request) error {
	answer, err := s.call(ctx, r)
	if err == nil && answer.Code != host.CodeOK {
		err = fmt.Errorf("%s: %s: %s", r.Verb, answer.Code, answer.Reason)
	}
	return err
}

func (s *Slipway) call(ctx context.Context, r host.Request) (host.Response, error) {
	s.command++
	r.Protocol, r.Service, r.Command, r.Token, r.Spec = host.Protocol, s.Service, s.command, 1, s.Spec
	line, err := r.Encode()
	if err != nil {
		return host.Response{}, err
	}
	out, err := s.Host.Run(ctx, helperPath, "call", base64.StdEncoding.EncodeToString(line))
	if err != nil {
		return host.Response{}, err
	}
	var answer host.Response
	if err := json.Unmarshal(out, &answer); err != nil {
		return answer, fmt.Errorf("read the helper's answer %q: %w", out, err)
	}
	s.Last = answer
	return answer, nil
}
