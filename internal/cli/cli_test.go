package cli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/slipway-deploy/slipway/internal/cli"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"slipway": func() { os.Exit(cli.Main()) },
	})
}

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(e *testscript.Env) error {
			e.Setenv("SLIPWAY_STATE", filepath.Join(e.WorkDir, ".state"))
			e.Setenv("SLIPWAY_USER", "tester@desk")
			e.Setenv("TZ", "UTC")
			return nil
		},
	})
}

// call runs one command line in a directory, without a terminal.
func call(t *testing.T, dir string, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	env := map[string]string{"SLIPWAY_STATE": filepath.Join(dir, "state"), "SLIPWAY_USER": "tester@desk"}
	code = cli.Run(t.Context(), args, cli.Env{
		In: strings.NewReader(""), Out: &o, Err: &e, Dir: dir, Now: time.Now,
		Getenv: func(name string) string { return env[name] },
	})
	return code, o.String(), e.String()
}

// TestWrong: each wrong command line has one message, says what to do, and exits
// with the code of wrong usage, changing nothing.
func TestWrong(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ line, want string }{
		{"promte", `there is no command "promte"; did you mean promote?`},
		{"frobnicate", `there is no command "frobnicate"; slipway --help lists them`},
		{"--verbose", "unknown flag: --verbose; slipway --help lists the flags"},
		{"deploy", "slipway deploy needs VERSION; it is called as in: slipway deploy 1.4.0"},
		{"deploy 1.4.0 web1", `slipway deploy does not take "web1"; it is called as in: slipway deploy 1.4.0`},
		{"deploy 1.4.0", "nobody can be asked here: look at slipway plan 1.4.0 first, then give --yes"},
		{"deploy 1.4.0 --yes", "there is no slipway.yaml\n  slipway init writes one, and --file names another"},
		{"deploy 1.4.0 --yes --file other.yaml", "there is no other.yaml\n  slipway init writes one, and --file names another"},
		{"deploy 1.4.0 --yes --force", "unknown flag: --force; slipway deploy --help lists the flags"},
		{"deploy 1.4.0 --env", "flag needs an argument: --env; slipway deploy --help lists the flags"},
		{"plan", "slipway plan needs VERSION; it is called as in: slipway plan 1.4.0"},
		{"plan 1.4.0 --output yaml", `invalid argument "yaml" for "-o, --output" flag: it can be text or json; slipway plan --help lists the flags`},
		{"releasable", "there is no slipway.yaml\n  slipway init writes one, and --file names another"},
		{"releasable a b", `slipway releasable does not take "b"; it is called as in: slipway releasable`},
		{"releasable --limit 0", "--limit 0 makes no sense: it can be 1 or more"},
		{"releasable --watch --every 10ms", "--every 10ms makes no sense: it can be a time of 1s or more"},
		{"releasable HEAD --watch", "--watch and commit HEAD: give one of them; --watch is about the release branch"},
		{"release", ""},
		{"release make", `slipway release has no command "make": it has cut`},
		{"release cut", "there is no slipway.yaml\n  slipway init writes one, and --file names another"},
		{"release cut 1 2", `slipway release cut does not take "2"; it is called as in: slipway release cut 1.4.0`},
		{"plan 1.4.0 --format pdf", `invalid argument "pdf" for "--format" flag: it can be md, html or json; slipway plan --help lists the flags`},
		{"plan 1.4.0 --write plan.md", "--write plan.md needs --format: md, html or json"},
		{"deploy plan.json", "nobody can be asked here: look at plan.json first, then give --yes"},
		{"deploy plan.json --yes", "there is no plan.json; slipway plan VERSION --format json --write plan.json writes one"},
		{"deploy plan.json --yes --env x", "plan.json says all that is done: --env, --hosts, --without and --unreleased are for the plan that it is made from"},
		{"build 1.4.0 2.0.0", `slipway build does not take "2.0.0"; it is called as in: slipway build 1.4.0`},
		{"build 1.4.0", "there is no slipway.yaml\n  slipway init writes one, and --file names another"},
		{"resume", "no rollout is active; slipway history lists those that have ended"},
		{"resume 7Q2M4K", "no rollout \"7Q2M4K\"\n  slipway history lists the rollouts"},
		{"promote --env production", "no rollout is active on production; slipway history lists those that have ended"},
		{"complete --service checkout", "no rollout is active of checkout; slipway history lists those that have ended"},
		{"abort a b", `slipway abort does not take "b"; it is called as in: slipway abort 7Q2M4K`},
		{"pause 7Q2M4K", "no rollout \"7Q2M4K\"\n  slipway history lists the rollouts"},
		{"rollback", "no rollout can be taken back; slipway history lists what there was; in the directory of a project's slipway.yaml its hosts are asked"},
		{"rollback 7Q2M4K --to 1.0.0", "--to 1.0.0 and rollout 7Q2M4K: give one of them; --to finds the rollout"},
		{"rollback a b", `slipway rollback does not take "b"; it is called as in: slipway rollback 7Q2M4K`},
		{"reconcile", "no rollout has ended yet: there is nothing to reconcile"},
		{"reconcile --env production", "no rollout on production has ended yet: there is nothing to reconcile"},
		{"reconcile --hosts web1", "nobody can be asked here: look at slipway reconcile first, then give --yes"},
		{"reconcile a b", `slipway reconcile does not take "b"; it is called as in: slipway reconcile --env production`},
		{"compat v1.0.0", `slipway compat does not take "v1.0.0"; it is called as in: slipway compat`},
		{"compat", "there is no slipway.yaml\n  slipway init writes one, and --file names another"},
		{"judge", "no rollout was recorded; slipway judge --replay FILE judges a file"},
		{"judge 7Q2M4K", "no rollout \"7Q2M4K\"\n  slipway history lists the rollouts"},
		{"judge --replay nowhere.jsonl", "there is no nowhere.jsonl; name a file of samples, one JSON object a line"},
		{"judge 7Q2M4K --replay x.jsonl", "--replay x.jsonl and rollout 7Q2M4K: give one of them"},
		{"judge --worse-by 2x", "--worse-by is for --replay and --power: a rollout is judged as its plan says"},
		{"judge --pass-below 2x", "--pass-below is for --replay and --power: a rollout is judged as its plan says"},
		{"judge 7Q2M4K --at-most 1%", "--at-most is for --replay and --power: a rollout is judged as its plan says"},
		{"judge --least 5m", "--least is for --replay and --power: a rollout is judged as its plan says"},
		{"judge --replay x.jsonl --least 5m --most 2m", "--least 5m0s is longer than --most 2m0s: no bake lasts so long"},
		{"judge --replay x.jsonl --least -1m", "--least -1m0s makes no sense: it is how long a bake lasts when all is well, such as 2m"},
		{"judge --replay x.jsonl --most 0s", "--most 0s makes no sense: it is when a bake ends whatever is known, such as 15m"},
		{"judge --replay x.jsonl --pass-below twice", `--pass-below "twice": it can be a ratio from 1x to 1000x, such as 1.5x`},
		{"judge --power --pass-below 0.9x", `--pass-below "0.9x": it can be a ratio from 1x to 1000x, such as 1.5x`},
		{"judge --power --at-most 2", `--at-most "2": it can be a percentage above 0%, such as 0.1%`},
		{"judge --power --worse-by 2x --pass-below 1.5x", "--pass-below 1.5x of --worse-by 2x: allowed is from 2x to 20x"},
		{"judge --power --pass-below 1x", "metric errors: pass_below 1: allowed is worse_by, 1.1, to ten times as much\n  --worse-by and --pass-below stand for what the manifest says, each by itself: give both"},
		{"judge --power --worse-by 4x --pass-below 41x", "--pass-below 41x of --worse-by 4x: allowed is from 4x to 40x"},
		{"judge --replay x.jsonl --worse-by half", `--worse-by "half": it can be a ratio from 1x to 1000x, such as 1.5x`},
		{"judge --replay x.jsonl --at-most 3", `--at-most "3": it can be a percentage above 0%, such as 0.1%`},
		{"judge 7Q2M4K --power", "--power is of a rollout to come: give neither a rollout nor --replay"},
		{"judge --power --rate 0", "--rate 0 makes no sense: it is requests a second, more than 0"},
		{"judge --power --fleet 1", "--fleet 1 makes no sense: a canary and its baseline are at least 2 hosts"},
		{"judge --power --errors 0.1", `--errors "0.1": it can be a percentage above 0%, such as 0.1%`},
		{"judge --power --worse 0.5x", `--worse "0.5x": it can be a ratio from 1x to 1000x, such as 1.5x`},
		{"judge --power --worse-by=", `--worse-by "": it can be a ratio from 1x to 1000x, such as 1.5x`},
		{"judge --power --fleet 501", "--fleet 501: allowed is 2 to 500; of more hosts ask about so many, with the --rate and --share of them all: requests decide what is seen, hardly hosts"},
		{"judge --power --errors 100%", `--errors "100%": it can be a percentage above 0% and below 100%, such as 0.1%`},
		{"judge --power --share 100%", `--share "100%": it can be a percentage above 0% and below 100%, such as 0.1%`},
		{"judge --power --errors 60% --worse 1.5x,10x", "--worse 10x of --errors 60% is 600 %: allowed is up to 1.66x"},
		{"judge --power --errors 70%", "--errors 70%: of so many there are no 1.5x, 2x, 3x, 10x: give --worse, up to 1.42x"},
		{"judge --power --before -1h", "--before -1h0m0s: allowed is 0s to 138h53m20s"},
		{"judge --power --before 200h", "--before 200h0m0s: allowed is 0s to 138h53m20s"},
		{"judge --power --most 1s", "--most 1s: allowed is 5s, from one look to the next, to 138h53m20s"},
		{"judge --power --least 1h", "the shortest bake is 1h0m0s, and the longest 15m0s: give both, --least and --most"},
		{"judge --power --svg x.svg", "--svg is for a rollout and --replay: it does nothing with --power"},
		{"judge --power --stage canary", "--stage is for a rollout: it does nothing with --power"},
		{"judge --power --file other.yaml", "--file other.yaml does nothing by itself: give --env, too, whose canary it describes"},
		{"judge --replay x.jsonl --rate 100", "--rate is for --power: it does nothing with --replay"},
		{"judge --replay x.jsonl --before 1h", "--before is for --power: it does nothing with --replay"},
		{"judge --replay x.jsonl --stage canary", "--stage is for a rollout: it does nothing with --replay"},
		{"judge --replay x.jsonl --service checkout", "--service is for a rollout: it does nothing with --replay"},
		{"judge --replay= --at-most 1%", `--replay "": name a file of samples, one JSON object a line, or - for standard input`},
		{"judge --replay .", ". is a directory; name a file of samples, one JSON object a line"},
		{"judge --replay -", "standard input: the record is empty: one JSON object a line is wanted, with t, arm, host, metric, kind and events with exposure, value or buckets\n  docs/judge.md has the format: one JSON object a line"},
		{"judge 7Q2M4K --errors 1%", "--errors is for --power: a rollout is judged as its plan says"},
		{"judge --power --env production", "there is no slipway.yaml\n  slipway init writes one, and --file names another"},
		{"notify", ""},
		{"notify send", `slipway notify has no command "send": it has test, list and deliver`},
		{"notify test", "there is no slipway.yaml\n  slipway init writes one, and --file names another"},
		{"notify list 7Q2M4K", "no rollout \"7Q2M4K\"\n  slipway history lists the rollouts"},
		{"notify deliver --for 0s", "--for 0s makes no sense: it can be a time above 0, such as 30s"},
		{"show", "slipway show needs ID; it is called as in: slipway show 7Q2M4K"},
		{"show 01J", "no rollout \"01J\"\n  slipway history lists the rollouts"},
		{"status now", "no rollout \"now\"\n  slipway history lists the rollouts"},
		{"status a b", `slipway status does not take "b"; it is called as in: slipway status --env production`},
		{"history --limit -1", "--limit -1 makes no sense: it can be 0 (all) or more"},
		{"history --limit some", `invalid argument "some" for "-n, --limit" flag: it can be a whole number; slipway history --help lists the flags`},
		{"lab", ""},
		{"lab boot", `slipway lab has no command "boot": it has up, down, list and status`},
		{"lab up 6", `slipway lab up does not take "6"; it is called as in: slipway lab up --hosts 6`},
		{"lab down --fleet nowhere", "there is no local fleet in DIR/nowhere; slipway demo --local --keep says where the one is that it leaves"},
		{"lab down --fleet nowhere --name lab", "--name is of a lab and --fleet of a local fleet: give one of them"},
		{"init nowhere/at/all", "look at the project: stat DIR/nowhere/at/all: no such file or directory\n  name the directory of a project, or none for this one"},
		{"version 2", `slipway version does not take "2"; it is called as in: slipway version`},
	} {
		t.Run(c.line, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			code, out, errs := call(t, dir, strings.Fields(c.line)...)
			errs = strings.ReplaceAll(errs, dir, "DIR")
			if c.want == "" {
				if code != 0 || out == "" {
					t.Errorf("%d: %s", code, errs)
				}
				return
			}
			if want := "slipway: " + c.want + "\n"; errs != want {
				t.Errorf("message\n%s\nwant\n%s", errs, want)
			}
			if code != 2 {
				t.Errorf("exit code %d, want 2", code)
			}
			if out != "" {
				t.Errorf("it printed %q", out)
			}
		})
	}
}

// TestHelp: every command says what it is for and lists the exit codes.
func TestHelp(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"init", "build", "releasable", "release", "release cut", "plan", "deploy", "promote", "complete", "pause", "resume", "abort",
		"rollback", "reconcile", "status", "history", "show", "judge", "notify", "notify test", "notify list", "notify deliver", "runbook", "runbook new", "runbook lint", "runbook show", "runbook run", "runbook runs", "schema", "version", "lab", "demo"} {
		code, out, errs := call(t, t.TempDir(), append(strings.Fields(name), "--help")...)
		if code != 0 || errs != "" || !strings.Contains(out, "Exit codes:") || !strings.Contains(out, "Usage:\n  slipway "+name) {
			t.Errorf("%s --help: %d %s%s", name, code, out, errs)
		}
	}
}
