package ansible

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/host/binary"
	"github.com/slipway-deploy/slipway/internal/method/methodtest"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// job returns an update of the fleet to 1.1.0, and the store that has the artifact.
func (f *fleet) job(t testing.TB, hosts ...string) (engine.Job, map[string]string) {
	t.Helper()
	content := []byte(strings.Repeat("artifact", 1000))
	sum := sha256.Sum256(content)
	digest := "sha256:" + hex.EncodeToString(sum[:])
	must(t, os.WriteFile(f.path("artifact"), content, 0o600))
	place := f.place
	p := &rollout.Plan{
		ID: "01J", Service: "checkout", Environment: "production", Project: f.path("project"),
		Release: rollout.Release{Version: "1.1.0", Artifacts: []rollout.Artifact{{
			Format: "tar.gz", Name: "checkout", Version: "1.1.0", Arch: "amd64", Digest: digest, Size: int64(len(content)),
		}}},
		Spec:   rollout.Spec{Format: "tar.gz", Directory: "/opt/checkout"},
		Method: rollout.Method{Ansible: &place},
	}
	for _, h := range hosts {
		p.Hosts = append(p.Hosts, rollout.Host{Name: h, Arch: "amd64", From: "1.0.0", Back: rollout.Back{How: "relink"}})
	}
	return engine.Job{Plan: p, Token: 1, Command: rollout.Command{ID: 1, Kind: rollout.Update, Hosts: hosts}}, map[string]string{digest: f.path("artifact")}
}

// run runs a job and returns its reports by host; a second one for a host is a mistake.
func run(t testing.TB, ctx context.Context, m engine.Method, job engine.Job) (map[string]engine.Report, error) { //nolint:revive // t is first
	t.Helper()
	got := map[string]engine.Report{}
	err := m.Run(ctx, job, func(r engine.Report) {
		if _, twice := got[r.Host]; twice {
			t.Errorf("%s was reported twice", r.Host)
		}
		got[r.Host] = r
	})
	return got, err
}

func TestMethod(t *testing.T) {
	t.Parallel()
	methodtest.Exercise(t, "127.0.0.1", func(t *testing.T, s *methodtest.Service) methodtest.Site {
		hosts := []string{"h1", "h2", "h3"}
		f := newFleet(t, hosts...)
		r := f.runner(t, nil)
		r.cfg.Store = s.Store
		place := f.place
		return methodtest.Site{
			Method: r, Hosts: hosts, Project: f.path("project"), Place: rollout.Method{Ansible: &place},
			Changes: func(t testing.TB, host string) int {
				n, _ := strconv.Atoi(f.hosts[host].read("changes")) // none yet is 0
				return n
			},
			Cut: func(t testing.TB, host string) { f.hosts[host].cut(t) },
		}
	})
}

func TestInventory(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "h1", "h2", "h3")
	r := f.runner(t, nil)
	b, err := r.Inventory(t.Context())
	must(t, err)
	if !strings.Contains(string(b), `"slipway_directory"`) {
		t.Errorf("the inventory lacks the variables of hosts: %s", b)
	}
	for pattern, want := range map[string][]string{
		"all":     {"h1", "h2", "h3"},
		"h2":      {"h2"},
		"all:!h2": {"h1", "h3"},
		"nothing": nil,
	} {
		got, err := r.Hosts(t.Context(), pattern)
		must(t, err)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", pattern, got, want)
		}
	}
}

func TestKnownGroups(t *testing.T) {
	t.Parallel()
	var r Runner
	if _, ok := r.known("all"); ok {
		t.Error("a group is known before the inventory was read")
	}
	r.inventory = []byte(`{"_meta": {"hostvars": {"h1": {}}}, "all": {"children": ["ungrouped", "web", "eu"]},
		"ungrouped": {"hosts": ["lone"]}, "web": {"hosts": ["h2", "h1"]}, "eu": {"children": ["web", "db"], "hosts": ["h3"]}, "db": {"hosts": ["h1", "h4"]}}`)
	for pattern, want := range map[string][]string{
		"all": {"lone", "h2", "h1", "h3", "h4"},
		"web": {"h2", "h1"},
		"eu":  {"h3", "h2", "h1", "h4"},
		// Ansible is asked about these.
		"h1": nil, "web:db": nil, "w*": nil, "_meta": nil, "none": nil, "web[0]": nil, "~web": nil, "": nil,
	} {
		got, ok := r.known(pattern)
		if !slices.Equal(got, want) || ok != (want != nil) {
			t.Errorf("%q: got %v, %v, want %v", pattern, got, ok, want)
		}
	}
}

func TestFacts(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "h1", "h2", "gone")
	must(t, f.hosts["h1"].write("version", "1.0.0"))
	must(t, f.hosts["h2"].write("code-facts", "refused"))
	f.hosts["gone"].cut(t)
	got, err := f.runner(t, nil).Facts(within(t, time.Minute), "checkout", rollout.Spec{Format: "deb"}, []string{"h1", "h2", "gone", "absent"})
	must(t, err)
	if g := got["h1"]; g.Outcome != rollout.OK || g.Facts == nil || g.Facts.Version != "1.0.0" {
		t.Errorf("h1: got %+v", g)
	}
	for host, want := range map[string]struct {
		outcome rollout.Outcome
		reason  string
	}{
		"h2":     {rollout.Failed, "as the test wants it"},
		"gone":   {rollout.Unreachable, "Connection refused"},
		"absent": {rollout.Unreachable, "not in the inventory " + f.place.Inventory},
	} {
		if g := got[host]; g.Outcome != want.outcome || !strings.Contains(g.Reason, want.reason) || g.Facts != nil {
			t.Errorf("%s: got %+v, want %v with %q", host, g, want.outcome, want.reason)
		}
	}
}

func TestCancelLeavesNothing(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "h1")
	job, store := f.job(t, "h1")
	must(t, f.hosts["h1"].write("hold", ""))
	ctx, cancel := context.WithCancel(t.Context())
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		f.hosts["h1"].await("at-work")
		cancel()
	}()
	r := f.runner(t, store)
	got, err := run(t, ctx, r, job)
	<-stopped
	if !errors.Is(err, context.Canceled) || len(got) > 0 {
		t.Errorf("got %v and %v, want a cancelled run without reports", got, err)
	}
	if left := processes(t, f.dir); len(left) > 0 {
		t.Errorf("processes are left: %v", left)
	}
	if left, _ := filepath.Glob(f.path("slipway-ansible-*")); len(left) > 0 {
		t.Errorf("files are left: %v", left)
	}
	must(t, f.hosts["h1"].write("go", ""))
	got, err = run(t, t.Context(), r, job)
	must(t, err)
	if g := got["h1"]; g.Outcome != rollout.OK || !g.Adopted || g.Version != "1.1.0" {
		t.Errorf("after the cancelled run: got %+v, want it adopted", g)
	}
	if n := f.hosts["h1"].read("changes"); n != "1" {
		t.Errorf("the host was changed %s times", n)
	}
}

// processes returns the command lines of Ansible's processes that mention a directory.
func processes(t testing.TB, dir string) []string {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	must(t, err)
	var all []string
	for _, path := range lines {
		b, err := os.ReadFile(path)
		line := strings.ReplaceAll(string(b), "\x00", " ")
		if err == nil && strings.Contains(line, dir) && strings.Contains(line, "ansible-playbook") {
			all = append(all, line)
		}
	}
	return all
}

func TestLostAtWork(t *testing.T) {
	t.Parallel()
	for _, again := range []bool{true, false} {
		t.Run(map[bool]string{true: "comes back", false: "stays away"}[again], func(t *testing.T) {
			t.Parallel()
			f := newFleet(t, "h1", "h2")
			job, store := f.job(t, "h1", "h2")
			h := f.hosts["h1"]
			must(t, h.write("hold", ""))
			done := make(chan struct{})
			go func() {
				defer close(done)
				h.await("at-work")
				h.cut(t)
				if again {
					h.start(t, f)
				}
				_ = h.write("go", "") // seen by what follows
			}()
			got, err := run(t, within(t, time.Minute), f.runner(t, store), job)
			<-done
			must(t, err)
			if g := got["h2"]; g.Outcome != rollout.OK || g.Adopted {
				t.Errorf("h2: got %+v", g)
			}
			g := got["h1"]
			switch {
			case !g.Begun:
				t.Errorf("h1: got %+v, want begun", g)
			case again && (g.Outcome != rollout.OK || !g.Adopted):
				t.Errorf("h1: got %+v, want it adopted", g)
			case !again && (g.Outcome != rollout.Unreachable || !strings.Contains(g.Reason, "lost while the helper was at work")):
				t.Errorf("h1: got %+v, want it lost", g)
			}
		})
	}
}

// TestLostAtWorkWhereSSHTriesAgain: ssh that tries again by itself, and is refused then,
// must not hide that the helper was at work by the time of the first try.
func TestLostAtWorkWhereSSHTriesAgain(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "h1")
	f.inventory(t, "    ansible_ssh_retries: 2\n")
	job, store := f.job(t, "h1")
	h := f.hosts["h1"]
	must(t, h.write("hold", ""))
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.await("at-work")
		h.cut(t)
		_ = h.write("go", "") // seen by what follows
	}()
	got, err := run(t, within(t, time.Minute), f.runner(t, store), job)
	<-done
	must(t, err)
	if g := got["h1"]; g.Outcome != rollout.Unreachable || !g.Begun {
		t.Errorf("got %+v, want it lost and begun", g)
	}
}

func TestWaysToSend(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]struct {
		inventory string
		size      int64
		asked     bool // the first call goes without the artifact
	}{
		"streamed at once":              {},
		"streamed when asked for":       {size: 20 << 20, asked: true},
		"copied, for want of streaming": {inventory: "    ansible_pipelining: false\n", asked: true},
		"copied, for its size":          {size: 40 << 20, asked: true},
		"in a terminal":                 {inventory: "    ansible_pipelining: false\n    ansible_ssh_use_tty: true\n", asked: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t, "h1", "h2")
			f.inventory(t, set.inventory)
			job, store := f.job(t, "h1", "h2")
			if set.size > 0 {
				store = f.large(t, job, set.size)
			}
			r := f.runner(t, store)
			// As before every rollout; it puts the helper there.
			_, err := r.Facts(within(t, time.Minute), "checkout", job.Plan.Spec, job.Command.Hosts)
			must(t, err)
			for _, adopted := range []bool{false, true} {
				got, err := run(t, within(t, time.Minute), r, job)
				must(t, err)
				for _, h := range job.Command.Hosts {
					if g := got[h]; g.Outcome != rollout.OK || g.Version != "1.1.0" || g.Adopted != adopted || !g.Begun || !strings.Contains(g.Detail, "install") {
						t.Errorf("%s: got %+v", h, g)
					}
				}
			}
			for n, h := range f.hosts {
				if h.has("asked") != set.asked {
					t.Errorf("%s asked for the artifact: %v, want %v", n, !set.asked, set.asked)
				}
				if left, _ := filepath.Glob(h.path(".incoming/*")); len(left) > 0 {
					t.Errorf("artifacts are left on %s: %v", n, left)
				}
			}
			if left, _ := filepath.Glob(f.path("remote/*")); len(left) > 0 {
				t.Errorf("Ansible's directories are left on a host: %v", left)
			}
		})
	}
}

// large gives the job an artifact of a size that is not streamed.
func (f *fleet) large(t testing.TB, job engine.Job, size int64) map[string]string {
	t.Helper()
	file, err := os.Create(f.path("large"))
	must(t, err)
	must(t, errors.Join(file.Truncate(size), file.Close()))
	sum := sha256.New()
	zero := make([]byte, 1<<20)
	for range size / int64(len(zero)) {
		sum.Write(zero)
	}
	a := &job.Plan.Release.Artifacts[0]
	a.Digest, a.Size = "sha256:"+hex.EncodeToString(sum.Sum(nil)), size
	return map[string]string{a.Digest: f.path("large")}
}

func TestHostsThatFail(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "ok", "full", "unhealthy", "gone", "busy")
	f.hosts["gone"].cut(t)
	must(t, f.hosts["unhealthy"].write("code-update", "unhealthy"))
	must(t, f.hosts["busy"].write("code-update", "busy"))
	must(t, f.hosts["full"].write("bin", "not a directory"))
	job, store := f.job(t, "ok", "full", "unhealthy", "gone", "busy", "absent")
	got, err := run(t, within(t, time.Minute), f.runner(t, store), job)
	must(t, err)
	for host, want := range map[string]engine.Report{
		"ok":        {Outcome: rollout.OK, Begun: true},
		"full":      {Outcome: rollout.Failed, Reason: "the helper could not be put in"},
		"unhealthy": {Outcome: rollout.Unhealthy, Reason: "as the test wants it"},
		"busy":      {Outcome: rollout.Failed, Reason: "as the test wants it"},
		"gone":      {Outcome: rollout.Unreachable, Reason: "ssh: connect to host 127.0.0.1 port"},
		"absent":    {Outcome: rollout.Unreachable, Reason: "not in the inventory"},
	} {
		g, ok := got[host]
		if !ok || g.Outcome != want.Outcome || g.Begun != want.Begun || !strings.Contains(g.Reason, want.Reason) || (want.Reason == "") != (g.Reason == "") {
			t.Errorf("%s: got %+v, want %+v", host, g, want)
		}
	}
}

func TestNothingToSend(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "h1")
	job, _ := f.job(t, "h1")
	got, err := run(t, within(t, time.Minute), f.runner(t, nil), job)
	must(t, err)
	if g := got["h1"]; g.Outcome != rollout.Failed || g.Begun || !strings.Contains(g.Reason, "is not in the store") {
		t.Errorf("without the artifact: got %+v", g)
	}
	r := f.runner(t, nil)
	r.cfg.Helper = func(arch string) (binary.Program, error) {
		return binary.Program{}, fmt.Errorf("slipway-host for %s: %w", arch, binary.ErrAbsent)
	}
	got, err = run(t, within(t, time.Minute), r, job)
	must(t, err)
	if g := got["h1"]; g.Outcome != rollout.Failed || !strings.Contains(g.Reason, "run make build") {
		t.Errorf("without the helper: got %+v", g)
	}
}

func TestAnsibleThatCannotWork(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "h1")
	job, store := f.job(t, "h1")
	broken := f.path("broken.yaml")
	must(t, os.WriteFile(broken, []byte("all: [this is no inventory\n"), 0o600))
	for name, c := range map[string]struct {
		change func(*rollout.Ansible)
		want   string
	}{
		"inventory that cannot be read": {func(a *rollout.Ansible) { a.Inventory = broken }, "inventory"},
		"inventory that is not there":   {func(a *rollout.Ansible) { a.Inventory = f.path("none") }, "inventory: stat " + f.path("none")},
		"inventory by a relative path":  {func(a *rollout.Ansible) { a.Inventory = "hosts" }, `inventory is "hosts", and must be an absolute path`},
		"configuration that is wrong":   {func(a *rollout.Ansible) { a.Config = broken }, "ansible"},
	} {
		place := f.place
		c.change(&place)
		plan := *job.Plan
		plan.Method.Ansible = &place
		got, err := run(t, within(t, time.Minute), f.runner(t, store), engine.Job{Plan: &plan, Command: job.Command})
		if err == nil || !strings.Contains(err.Error(), c.want) || len(got) > 0 {
			t.Errorf("%s: got %v and %v, want an error with %q", name, got, err, c.want)
		}
	}
}

func TestHostNamesThatArePatterns(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "a b", "all:!h1", "h*", "h[1:3]", "~h", "@file", "a,b", "&h", "!h", "h\n1"} {
		if err := nameable(name); err == nil {
			t.Errorf("%q was allowed", name)
		}
	}
	for _, name := range []string{"h1", "web-1.example.com", "10.0.0.1", "Web_2"} {
		if err := nameable(name); err != nil {
			t.Error(err)
		}
	}
}
