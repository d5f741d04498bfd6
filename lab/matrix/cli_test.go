//go:build lab

package matrix

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"
)

func TestCommand(t *testing.T) {
	if os.Getenv("MATRIX") == "others" {
		t.Skip("no other tool does this")
	}
	w := theLab(t)
	d := readDocument(t)
	want := regexp.MustCompile(*rowsFlag)
	var jobs []*job
	var path string
	for _, c := range Commands() {
		if !want.MatchString(c.ID) || (!long() && *rowsFlag == "" && !c.Daily()) {
			continue
		}
		if path == "" {
			path = w.program(t)
		}
		start := time.Now()
		j := &job{row: c.Row}
		j.result, j.err = w.command(t.Context(), path, c)
		j.took = time.Since(start)
		t.Run(c.ID, func(t *testing.T) { j.check(t) })
		jobs = append(jobs, j)
	}
	d.compare(t, section{"cli", "without", Rows(Commands())}, jobs)
	d.write(t)
}

// program builds slipway as it is shipped.
func (w *world) program(t *testing.T) string {
	t.Helper()
	if *slipwayFlag != "" {
		return *slipwayFlag
	}
	path := filepath.Join(w.dir, "slipway")
	for _, argv := range [][]string{{"sh", "internal/host/binary/build.sh"}, {"go", "build", "-trimpath", "-buildvcs=false", "-o", path, "./cmd/slipway"}} {
		cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
		cmd.Dir, cmd.Env = "../..", append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v: %s", argv, err, out)
		}
	}
	return path
}

// onEach does something on several hosts at once.
func onEach(hosts []*Host, do func(i int, h *Host) error) error {
	errs := make([]error, len(hosts))
	var wait sync.WaitGroup
	for i, h := range hosts {
		wait.Go(func() { errs[i] = do(i, h) })
	}
	wait.Wait()
	return errors.Join(errs...)
}

// command does a case of the command on three hosts.
func (w *world) command(ctx context.Context, path string, c Command) (Result, error) {
	var r Result
	var three []*Host
	for _, info := range w.lab.Info().Hosts[:3] {
		three = append(three, &Host{Host: info, Lab: w.lab})
	}
	before, after := make([]Snapshot, 3), make([]Snapshot, 3)
	err := onEach(three, func(i int, h *Host) (err error) {
		if err := h.Renew(ctx, w.begin(&job{row: c.Row})...); err != nil {
			return err
		}
		if err := h.Script(ctx, c.beginning(i)+c.Before); err != nil {
			return err
		}
		before[i], err = h.Snapshot(ctx, c.Look())
		return err
	})
	if err == nil {
		err = errors.Join(r.commands(ctx, w.run(path, c), c, three), hangUp(ctx, w.projectOf(c)))
	}
	if err != nil {
		return r, err
	}
	err = onEach(three, func(i int, h *Host) (err error) {
		after[i], err = h.Snapshot(ctx, c.Look())
		return err
	})
	for i, h := range three {
		for _, d := range Compare(before[i], after[i]) {
			if d != (Difference{"package checkout hold", "", "yes"}) { // status says so, see the page
				r.Differences = append(r.Differences, Difference{"host " + h.Name + " " + d.Item, d.Before, d.After})
			}
		}
	}
	return r, err
}

// commands runs slipway deploy, and slipway rollback where the case has that.
func (r *Result) commands(ctx context.Context, run func(context.Context, ...string) (int, string, error), c Command, hosts []*Host) error {
	code, out, err := run(ctx, "build", c.new())
	if err == nil && code == 0 {
		code, out, err = run(ctx, "deploy", c.new(), "--yes")
	}
	if err != nil {
		return err
	}
	if c.RollBack {
		if code != 0 {
			return fmt.Errorf("slipway deploy: exit code %d: %s", code, out)
		}
		if err := onEach(hosts, func(_ int, h *Host) error { return h.Script(ctx, c.Between) }); err != nil {
			return err
		}
		if code, out, err = run(ctx, "rollback"); err != nil {
			return err
		}
	}
	switch {
	case c.RollBack && code == 0, !c.RollBack && code == 1:
		r.Claim = Claim{Done: true}
	case code == 4:
		r.Claim = Claim{Items: named(out), Why: out}
	default:
		return fmt.Errorf("slipway: exit code %d: %s", code, out)
	}
	return nil
}

// named picks out of what slipway prints the hosts that are not as they were.
func named(out string) []string {
	found := regexp.MustCompile(`web\d could not be restored`).FindAllString(out, -1)
	slices.Sort(found)
	return slices.Compact(found)
}

func (w *world) projectOf(c Command) string { return filepath.Join(w.dir, "project-"+c.ID) }

// hangUp ends the connections that Ansible keeps to hosts for a minute.
func hangUp(ctx context.Context, project string) error {
	sockets, err := filepath.Glob(filepath.Join(project, "cp/*"))
	for _, socket := range sockets {
		// One that has just ended by itself is as good.
		_ = exec.CommandContext(ctx, "ssh", "-o", "ControlPath="+socket, "-O", "exit", "any").Run()
	}
	return err
}

// run returns a function that runs slipway in a project of the case.
func (w *world) run(path string, c Command) func(context.Context, ...string) (int, string, error) {
	project := w.projectOf(c)
	return func(ctx context.Context, args ...string) (int, string, error) {
		if err := os.MkdirAll(filepath.Join(project, "cp"), 0o755); err != nil {
			return 0, "", err
		}
		if err := os.WriteFile(filepath.Join(project, "slipway.yaml"), []byte(c.manifest(w.lab.Info().Inventory)), 0o644); err != nil {
			return 0, "", err
		}
		if err := os.Symlink(w.releases.dir, filepath.Join(project, "dist")); err != nil && !errors.Is(err, os.ErrExist) {
			return 0, "", err
		}
		ctx, cancel := context.WithTimeout(ctx, soon)
		defer cancel()
		cmd := exec.CommandContext(ctx, path, args...)
		cmd.Dir = project
		cmd.Env = append(os.Environ(), "SLIPWAY_STATE="+filepath.Join(project, "state"), "SLIPWAY_USER=tester@desk", "NO_COLOR=1",
			"ANSIBLE_SSH_CONTROL_PATH_DIR="+filepath.Join(project, "cp"))
		out, err := cmd.CombinedOutput()
		if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
			return exit.ExitCode(), string(out), nil
		}
		return 0, string(out), err
	}
}
