package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/lab/process/processtest"
)

// patience is how long anything may take before a test gives up on it: long, for a
// slow machine is no failure.
const patience = 3 * time.Minute

// workspace is where this run of the tests builds and keeps what tests share.
var workspace string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "e2e") // short: paths of sockets lie below it
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	workspace = dir
	code := m.Run()
	if err := os.RemoveAll(dir); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// crashing is the slipway that a test can have killed at a write of its journal; it and
// the helper are built once a run.
var (
	crashing = sync.OnceValues(func() (string, error) { return build("slipway-crash", "-tags", "crashpoint") })
	helper   = sync.OnceValue(func() error { return tool("sh", filepath.Join("internal", "host", "binary", "build.sh")) })
)

func build(name string, flags ...string) (string, error) {
	if _, err := exec.LookPath("go"); err != nil {
		return "", fmt.Errorf("slipway cannot be built: %w", err)
	}
	if err := helper(); err != nil {
		return "", err
	}
	path := filepath.Join(workspace, name)
	args := append([]string{"go", "build", "-trimpath", "-buildvcs=false", "-o", path}, flags...)
	return path, tool(append(args, "./cmd/slipway")...)
}

// tool runs a command at the top of the module.
func tool(argv ...string) error {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = filepath.Join("..", "..")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(argv, " "), err, out)
	}
	return nil
}

// program is slipway with a state directory, run in a project.
type program struct {
	path    string
	project string
	state   string
	control string // where Ansible's SSH connections are kept
	env     []string
}

// newProgram returns a program with a state of its own.
func newProgram(t *testing.T, path, project string) program {
	t.Helper()
	control, err := os.MkdirTemp(workspace, "cp")
	if err != nil {
		t.Fatal(err)
	}
	p := program{path: path, project: project, state: t.TempDir(), control: control}
	t.Cleanup(func() { p.hangUp(t) })
	return p
}

// hangUp ends the connections that Ansible keeps to hosts for a minute, so that none is
// left behind, or used to a host that was cut off meanwhile.
func (p program) hangUp(t *testing.T) {
	t.Helper()
	sockets, err := filepath.Glob(filepath.Join(p.control, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, socket := range sockets {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		// One that has just ended by itself is as good.
		_ = exec.CommandContext(ctx, "ssh", "-o", "ControlPath="+socket, "-O", "exit", "any").Run()
		cancel()
	}
}

// with returns the program with more environment variables.
func (p program) with(env ...string) program {
	p.env = append(append([]string{}, p.env...), env...)
	return p
}

func (p program) command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), p.path, args...)
	cmd.Dir = p.project
	cmd.Env = append(append(os.Environ(), "SLIPWAY_STATE="+p.state, "SLIPWAY_USER=tester@desk",
		"NO_COLOR=1", "ANSIBLE_SSH_CONTROL_PATH_DIR="+p.control), p.env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGKILL) }
	return cmd
}

// outcome is how a run of the program ended.
type outcome struct {
	args   []string
	code   int
	killed bool // by SIGKILL
	out    string
	errs   string
	took   time.Duration
}

func (o outcome) String() string {
	how := fmt.Sprintf("exit code %d", o.code)
	if o.killed {
		how = "killed"
	}
	return fmt.Sprintf("slipway %s: %s after %s\n%s%s", strings.Join(o.args, " "), how, o.took.Round(time.Millisecond), o.out, o.errs)
}

// run runs the program to its end.
func (p program) run(t *testing.T, args ...string) outcome {
	t.Helper()
	cmd := p.command(t, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	start := time.Now()
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatalf("slipway %s: %v", strings.Join(args, " "), err)
	}
	return ended(cmd, args, out.String(), errs.String(), start)
}

func ended(cmd *exec.Cmd, args []string, out, errs string, start time.Time) outcome {
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	return outcome{
		args: args, code: cmd.ProcessState.ExitCode(), out: out, errs: errs, took: time.Since(start),
		killed: ok && status.Signaled() && status.Signal() == syscall.SIGKILL,
	}
}

// must runs the program and holds it to an exit code.
func (p program) must(t *testing.T, code int, args ...string) outcome {
	t.Helper()
	o := p.run(t, args...)
	if o.code != code {
		t.Fatalf("want exit code %d: %s", code, o)
	}
	return o
}

// summary is a rollout as --output json tells it.
type summary struct {
	Type   string   `json:"type"`
	ID     string   `json:"id"`
	From   string   `json:"from"`
	To     string   `json:"to"`
	Phase  string   `json:"phase"`
	Why    string   `json:"why"`
	Stages []stage  `json:"stages"`
	Hosts  []member `json:"hosts"`
	Next   []string `json:"next"`
}

type stage struct {
	Name    string  `json:"name"`
	Hosts   int     `json:"hosts"`
	Updated int     `json:"updated"`
	Verdict string  `json:"verdict"`
	Reason  string  `json:"reason"`
	Seconds float64 `json:"seconds"`
}

// member is one host of a rollout.
type member struct {
	Name     string `json:"name"`
	Before   string `json:"before"`
	Now      string `json:"now"`
	Exposure string `json:"exposure"`
	Changed  bool   `json:"changed"`
	Restored bool   `json:"restored"`
	Outcome  string `json:"outcome"`
	Failure  string `json:"failure"`
	Owed     bool   `json:"owed"`
}

func (s summary) host(name string) member {
	for _, h := range s.Hosts {
		if h.Name == name {
			return h
		}
	}
	return member{}
}

// place is one service in one environment, as status tells it.
type place struct {
	Active  *summary `json:"active"`
	Finding line     `json:"finding"`
	Driver  string   `json:"driver"`
	Last    *summary `json:"last"`
}

// status asks for the one service that a project has; zero before its first rollout.
func (p program) status(t *testing.T) place {
	t.Helper()
	o := p.must(t, 0, "status", "--output", "json")
	var all []place
	if err := json.Unmarshal([]byte(o.out), &all); err != nil || len(all) > 1 {
		t.Fatalf("read status: %v\n%s", err, o)
	}
	if len(all) == 0 {
		return place{}
	}
	return all[0]
}

// summaryOf reads the last line of what deploy, resume and the like print as JSON.
func (o outcome) summary(t *testing.T) summary {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(o.out), "\n")
	var s summary
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &s); err != nil || s.Type != "summary" {
		t.Fatalf("the last line is no summary: %v\n%s", err, o)
	}
	return s
}

// eventually tries until it works.
func eventually(t *testing.T, what string, try func() error) {
	t.Helper()
	processtest.Eventually(t, what, patience, try)
}
