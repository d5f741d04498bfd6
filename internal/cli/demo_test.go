package cli_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/slipway-deploy/slipway/internal/host/binary"
	"github.com/slipway-deploy/slipway/lab/load"
	"github.com/slipway-deploy/slipway/lab/pack"
	"github.com/slipway-deploy/slipway/lab/process"
)

// TestDemo takes 1.0.0 to 1.1.0 under load, and lets 1.2.0 fail at the canary and be
// taken back: real processes behind a balancer, judged by what they answer.
func TestDemo(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes about a minute")
	}
	if _, err := binary.For(pack.Arch()); err != nil {
		t.Skip(err)
	}
	code, out, errs := call(t, t.TempDir(), "demo", "--local", "--hosts", "4", "--output", "json")
	var r struct {
		Fleet, Why     string
		Lost           int
		OK             bool
		BalancersEqual bool `json:"balancers_equal"`
		Requests       load.Report
		Rollouts       []struct {
			To, Phase string
			Stages    []struct{ Name, Verdict string }
		}
		Hosts []struct {
			Name, Before, After string
			Equal               bool
		}
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("exit code %d, %v\n%s\n%s", code, err, errs, out)
	}
	for _, p := range r.Requests.Phases {
		if n := p.Failures(load.Unsent); n > 0 {
			t.Skipf("this machine is too busy: %d requests could not be sent", n)
		}
	}
	if code != 0 || len(r.Rollouts) != 3 {
		t.Fatalf("exit code %d, %d rollouts\n%s\n%s", code, len(r.Rollouts), errs, out)
	}
	if r.Fleet != "local" || r.Why == "" || !r.OK || !r.BalancersEqual || r.Lost != 0 || r.Requests.Sent < 1000 {
		t.Errorf("report %+v", r)
	}
	for i, want := range []string{"1.0.0 completed", "1.1.0 completed", "1.2.0 restored"} {
		if got := r.Rollouts[i].To + " " + r.Rollouts[i].Phase; got != want {
			t.Errorf("rollout %d: %s, want %s", i, got, want)
		}
	}
	if s := r.Rollouts[2].Stages[1]; s.Name != "canary" || s.Verdict != "fail" {
		t.Errorf("the bad version's canary: %+v", s)
	}
	for _, h := range r.Hosts {
		if h.Before != "1.1.0" || h.After != "1.1.0" || !h.Equal {
			t.Errorf("host %+v", h)
		}
	}
}

// TestKeptDemo: what a demo leaves is taken away by the command that it prints.
func TestKeptDemo(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes about a minute")
	}
	if _, err := binary.For(pack.Arch()); err != nil {
		t.Skip(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:  filepath.Join("testdata", "demo"),
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"keepdemo": keepDemo, "takeaway": takeAway},
	})
}

// keepDemo runs a demo, whatever it ends with.
func keepDemo(ts *testscript.TestScript, _ bool, args []string) {
	if err := ts.Exec(args[0], args[1:]...); err != nil {
		ts.Logf("the demo: %v", err)
	}
}

var kept = regexp.MustCompile(`(?m)left up in .*; (slipway lab down --fleet (/\S+)) takes it away$`)

// takeAway does what the demo's last words say, and looks for what is left.
func takeAway(ts *testscript.TestScript, _ bool, _ []string) {
	said := kept.FindStringSubmatch(ts.ReadFile("stderr"))
	if said == nil {
		ts.Fatalf("it does not say how the fleet is taken away")
	}
	dir := said[2]
	if n := len(process.Below(dir)); n != 4 {
		ts.Logf("%d services run", n) // in a demo that was cut short
	}
	words := strings.Fields(said[1])
	ts.Check(ts.Exec(words[0], words[1:]...))
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		ts.Fatalf("%s is still there: %v", dir, err)
	}
	if left := append(process.Below(dir), process.With(filepath.Join(dir, "balancer.json"))...); len(left) > 0 {
		ts.Fatalf("processes are left: %v", left)
	}
}
