package judgelab

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// rounds runs all rounds. What a round leaves is what the next one begins with: a bad
// release was taken back, and good ones take turns.
func (f *fleet) rounds(ctx context.Context) (all []Round, err error) {
	defer f.traffic.Stop()
	good := []string{"1.1.0", "1.0.0"}
	for n := f.first; n <= f.cfg.Rounds; n += f.step {
		version := f.Version
		if version == "" {
			version = good[len(all)%2]
		}
		r, err := f.round(ctx, n, version)
		if err != nil {
			return all, fmt.Errorf("round %d: %w", n, err)
		}
		all = append(all, r)
		f.progress(fmt.Sprintf("%s round %d: %s after %s, right %v: %s", f.Name, r.Number, r.Verdict, r.After.Round(time.Second), r.Right, r.Reason))
	}
	return all, nil
}

// round deploys once, and notes the verdict of the canary and when it came.
func (f *fleet) round(ctx context.Context, n int, version string) (Round, error) {
	r := Round{Scenario: f.Name, Number: n, Version: version}
	hurt := f.traffic.Report().Version(version).Failed
	w := &watcher{}
	err := f.slipway(ctx, w.read, "deploy", version, "--yes", "--no-wait", "--output", "json")
	// A release that was taken back is exit code 1: the summary says so.
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return r, err
	}
	if w.summary.Phase == "" || len(w.summary.Stages) == 0 {
		return r, fmt.Errorf("slipway told no summary: %w", err)
	}
	canary := w.summary.Stages[0]
	r.Verdict, r.Reason, r.Ended = canary.Verdict, canary.Reason, w.summary.Phase
	if !w.watched.IsZero() && !w.judged.IsZero() {
		r.After = w.judged.Sub(w.watched)
	}
	r.Hurt = f.traffic.Report().Version(version).Failed - hurt
	if r.Ended == "waiting" {
		// Nothing is decided. Good ones take turns, so a person would go on with this one.
		if err := f.slipway(ctx, nil, "complete", "--output", "json"); err != nil {
			return r, err
		}
		r.Ended = "held"
	}
	r.Right = f.right(r)
	return r, nil
}

// watcher reads what slipway prints as JSON.
type watcher struct {
	watched, judged time.Time // of the first stage
	summary         struct {
		Phase  string `json:"phase"`
		Stages []struct {
			Verdict string `json:"verdict"`
			Reason  string `json:"reason"`
		} `json:"stages"`
	}
}

func (w *watcher) read(out io.Reader) error {
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var l struct {
			Type  string `json:"type"`
			Event struct {
				Kind string `json:"kind"`
			} `json:"event"`
			Text []struct {
				Text string `json:"text"`
			} `json:"text"`
		}
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return fmt.Errorf("slipway printed %q: %w", lines.Text(), err)
		}
		switch {
		case l.Type == "summary":
			if err := json.Unmarshal(lines.Bytes(), &w.summary); err != nil {
				return err
			}
		case l.Event.Kind == "verdict" && w.judged.IsZero():
			w.judged = time.Now()
		}
		for _, t := range l.Text {
			if strings.Contains(t.Text, "is watched") && w.watched.IsZero() {
				w.watched = time.Now()
			}
		}
	}
	return lines.Err()
}

// slipway runs the program; read, which may be nil, reads what it prints.
func (f *fleet) slipway(ctx context.Context, read func(io.Reader) error, args ...string) error {
	cmd := exec.CommandContext(ctx, f.cfg.Slipway, args...)
	cmd.Dir = f.info.Project
	cmd.Env = append(os.Environ(), "SLIPWAY_STATE="+f.dir+"/state", "SLIPWAY_JOURNAL=", "SLIPWAY_USER=judge-lab", "NO_COLOR=1",
		"ANSIBLE_SSH_CONTROL_PATH_DIR="+f.control())
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = time.Minute
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	if read == nil {
		read = func(r io.Reader) error { _, err := io.Copy(io.Discard, r); return err }
	}
	bad := read(out)
	_, drained := io.Copy(io.Discard, out)
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("slipway %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(errs.String()))
	}
	return errors.Join(bad, drained)
}
