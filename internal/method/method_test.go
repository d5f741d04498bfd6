package method

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

func plan() *rollout.Plan {
	return &rollout.Plan{
		ID: "01J", Service: "checkout",
		Release: rollout.Release{Version: "1.1.0", Artifacts: []rollout.Artifact{
			{Format: "deb", Name: "checkout", Version: "1.1.0", Arch: "amd64", Digest: "sha256:a", Size: 1},
			{Format: "deb", Name: "checkout", Version: "1.1.0", Arch: "arm64", Digest: "sha256:b", Size: 2},
		}},
		Spec: rollout.Spec{Format: "deb", Package: "checkout", Units: []string{"checkout.service"}, Health: &rollout.Health{HTTP: "http://:8080/_status", Within: time.Second}},
		Hosts: []rollout.Host{
			{Name: "a", Arch: "amd64", From: "1.0.0", Back: rollout.Back{How: "package"}},
			{Name: "b", Arch: "arm64", From: "0.9.0", Back: rollout.Back{How: "package", Artifact: &rollout.Artifact{Format: "deb", Name: "checkout", Version: "0.9.0", Arch: "arm64", Digest: "sha256:c"}}},
			{Name: "c", Arch: "riscv64"},
		},
		Stages: []rollout.Stage{{Checks: []rollout.Check{{Name: "cart", HTTP: "http://:8080/cart", Status: 200, Within: time.Second}}}},
	}
}

func TestRequest(t *testing.T) {
	t.Parallel()
	health := &host.Health{HTTP: "http://:8080/_status", Within: time.Second}
	base := host.Request{
		Protocol: host.Protocol, Service: "checkout", Rollout: "01J", Command: 3, Token: 9,
		Spec: host.Spec{Format: "deb", Package: "checkout", Units: []string{"checkout.service"}, Health: health},
	}
	for name, c := range map[string]struct {
		kind rollout.CommandKind
		host int
		want func(*host.Request)
	}{
		"update": {rollout.Update, 1, func(r *host.Request) {
			r.Verb, r.Version = host.Update, "1.1.0"
			r.Artifact = &host.Artifact{Format: "deb", Name: "checkout", Version: "1.1.0", Arch: "arm64", Digest: "sha256:b", Size: 2, Path: "/in/01J-3.deb"}
		}},
		"restore to what is kept there": {rollout.Restore, 0, func(r *host.Request) { r.Verb, r.Version = host.Restore, "1.0.0" }},
		"restore to what is sent": {rollout.Restore, 1, func(r *host.Request) {
			r.Verb, r.Version = host.Restore, "0.9.0"
			r.Previous = &host.Artifact{Format: "deb", Name: "checkout", Version: "0.9.0", Arch: "arm64", Digest: "sha256:c", Path: "/in/01J-3.deb"}
		}},
		"check": {rollout.CheckHosts, 0, func(r *host.Request) {
			r.Verb, r.Version = host.Check, "1.1.0"
			r.Checks = []host.CheckOf{{Name: "cart", HTTP: "http://:8080/cart", Status: 200, Within: time.Second}}
		}},
	} {
		want := base
		c.want(&want)
		p := plan()
		got, err := Request(engine.Job{Plan: p, Command: rollout.Command{ID: 3, Kind: c.kind}, Token: 9}, p.Hosts[c.host], "/in")
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v and %v, want %+v", name, got, err, want)
		}
	}
}

func TestRequestThatMakesNoSense(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		command rollout.Command
		host    int
		want    string
	}{
		"another's command":  {rollout.Command{Kind: rollout.Drain}, 0, `command "drain" is not for a method (allowed: update, restore, check)`},
		"no artifact for it": {rollout.Command{Kind: rollout.Update}, 2, "release 1.1.0 has no artifact for riscv64, the architecture of host c (it has: amd64, arm64)"},
		"no such stage":      {rollout.Command{Kind: rollout.CheckHosts, Stage: 1}, 0, "stage 1 is not in the plan, which has 1"},
	} {
		p := plan()
		if _, err := Request(engine.Job{Plan: p, Command: c.command}, p.Hosts[c.host], ""); err == nil || err.Error() != c.want {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
	if _, err := Find(plan(), "z"); !errors.Is(err, ErrNoHost) {
		t.Errorf("got %v", err)
	}
}

// TestSpecLosesNothing fails when a field of rollout.Spec has no counterpart.
func TestSpecLosesNothing(t *testing.T) {
	t.Parallel()
	from, to := reflect.TypeFor[rollout.Spec](), reflect.TypeFor[host.Spec]()
	for i := range from.NumField() {
		if _, ok := to.FieldByName(from.Field(i).Name); !ok {
			t.Errorf("host.Spec has no %s", from.Field(i).Name)
		}
	}
	full := rollout.Spec{
		Format: "tar.gz", Package: "p", Directory: "/opt/p", Keep: 2, Units: []string{"u"}, Timers: []string{"t"}, Config: []string{"c"}, Data: []string{"d"},
		Health: &rollout.Health{HTTP: "h", Status: 204, Expect: map[string]string{"k": "v"}, Within: 1},
	}
	got := reflect.ValueOf(Spec(full))
	for i := range got.NumField() {
		if got.Field(i).IsZero() {
			t.Errorf("%s was lost", got.Type().Field(i).Name)
		}
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		verb host.Verb
		in   host.Response
		want engine.Report
	}{
		"updated": {
			host.Update, host.Response{Code: host.CodeOK, Begun: true, Version: "2", State: "sha256:s", Adopted: true, Steps: []host.Step{{Name: "x", Duration: 5}}},
			engine.Report{Outcome: rollout.OK, Begun: true, Version: "2", Digest: "sha256:s", Adopted: true, Detail: `{"steps":[{"name":"x","duration":5}]}`},
		},
		"a reason that is only a remark": {host.Restore, host.Response{Code: host.CodeOK, Equal: true, Reason: "never touched"}, engine.Report{Outcome: rollout.OK, Equal: true}},
		"unhealthy":                      {host.Update, host.Response{Code: host.CodeUnhealthy, Begun: true, Reason: "500"}, engine.Report{Outcome: rollout.Unhealthy, Begun: true, Reason: "500"}},
		"a check":                        {host.Check, host.Response{Code: host.CodeCheck, Begun: true, Reason: "404"}, engine.Report{Outcome: rollout.Unhealthy, Reason: "404"}},
		"no reason":                      {host.Update, host.Response{Code: host.CodeDisk}, engine.Report{Outcome: rollout.Failed, Reason: "the helper said only: disk full"}},
		"restored, and not equal": {
			host.Restore, host.Response{Code: host.CodeOK, Begun: true},
			engine.Report{Outcome: rollout.Failed, Begun: true, Reason: "restored, but what was read back is not equal to what was recorded"},
		},
		"different": {
			host.Restore, host.Response{Code: host.CodeDifferent, Begun: true, Reason: "2 items", Differences: []host.Difference{{Item: "i", Before: "a", After: "b"}}},
			engine.Report{Outcome: rollout.Failed, Begun: true, Reason: "2 items", Detail: `{"differences":[{"item":"i","before":"a","after":"b"}]}`},
		},
	} {
		c.want.Host = "h"
		if got := Report("h", c.verb, c.in); got != c.want {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
	for _, code := range []host.Code{host.CodeNeedsArtifact, host.CodeStale, host.CodeBusy, host.CodeRefused, host.CodeDisk, host.CodeInstall, host.CodeUnit, host.CodeInternal, "of tomorrow"} {
		if got := Report("h", host.Update, host.Response{Code: code}); got.Outcome != rollout.Failed {
			t.Errorf("%s: got %+v", code, got)
		}
	}
}

func TestFactsOf(t *testing.T) {
	t.Parallel()
	facts := &host.FactsOf{Arch: "amd64"}
	for name, c := range map[string]struct {
		in   host.Response
		want Facts
	}{
		"facts": {host.Response{Code: host.CodeOK, Facts: facts}, Facts{Facts: facts, Outcome: rollout.OK}},
		"none":  {host.Response{Code: host.CodeOK}, Facts{Outcome: rollout.Failed, Reason: "the helper answered ok, and without facts"}},
		"no":    {host.Response{Code: host.CodeRefused, Reason: "no"}, Facts{Outcome: rollout.Failed, Reason: "no"}},
	} {
		if got := FactsOf(c.in); got != c.want {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
}

func TestLine(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		got := Line(rapid.String().Draw(t, "text"))
		if strings.ContainsAny(got, "\n\r\t") || utf8.RuneCountInString(got) > reasonLimit || !utf8.ValidString(got) {
			t.Fatalf("got %q", got)
		}
	})
	if got := Line("a\n" + strings.Repeat("b", 400)); !strings.HasPrefix(got, "a bbb") || !strings.HasSuffix(got, "...") {
		t.Errorf("got %q", got)
	}
}

func FuzzResponse(f *testing.F) {
	f.Add([]byte(`{"protocol":1,"verb":"facts","code":"ok"}` + "\n"))
	f.Add([]byte(`{"protocol":2}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := Response(line)
		if err == nil && (r.Protocol != host.Protocol || r.Code == "") {
			t.Errorf("%q became %+v", line, r)
		}
	})
}
