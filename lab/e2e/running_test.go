package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// running is a slipway that was started with --output json.
type running struct {
	cmd   *exec.Cmd
	args  []string
	start time.Time
	errs  bytes.Buffer
	read  chan struct{} // closed when all of its output is in

	mu    sync.Mutex // guards what follows
	lines []line
	out   strings.Builder
	more  chan struct{} // closed, and made again, when there is more
}

// line is one object that the program printed.
type line struct {
	Type  string `json:"type"`
	Phase string `json:"phase"`
	Stage string `json:"stage"`
	// Of a finding.
	Verdict string `json:"verdict"`
	Reason  string `json:"reason"`
	Metrics []struct {
		Canary   counts `json:"canary"`
		Baseline counts `json:"baseline"`
	} `json:"metrics"`
	Event struct {
		Kind    string `json:"kind"`
		Host    string `json:"host"`
		Outcome string `json:"outcome"`
		Version string `json:"version"`
	} `json:"event"`
	Text []struct {
		Text string `json:"text"`
	} `json:"text"`
}

// counts is requests, and those of them that failed.
type counts struct {
	Events   float64 `json:"events"`
	Requests float64 `json:"exposure"`
}

// says reports whether the line tells something to people that has a part.
func (l line) says(part string) bool {
	for _, t := range l.Text {
		if strings.Contains(t.Text, part) {
			return true
		}
	}
	return false
}

// start starts the program; the test ends it if it does not end by itself.
func (p program) start(t *testing.T, args ...string) *running {
	t.Helper()
	args = append(args, "--output", "json")
	r := &running{cmd: p.command(t, args...), args: args, start: time.Now(), read: make(chan struct{}), more: make(chan struct{})}
	r.cmd.Stderr = &r.errs
	stdout, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(r.read)
		scan := bufio.NewScanner(stdout)
		scan.Buffer(nil, 16<<20)
		for scan.Scan() {
			r.take(scan.Bytes())
		}
	}()
	t.Cleanup(func() { r.stop() })
	return r
}

func (r *running) take(text []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.out.Write(text)
	r.out.WriteByte('\n')
	var l line
	if err := json.Unmarshal(text, &l); err == nil {
		r.lines = append(r.lines, l)
	}
	close(r.more)
	r.more = make(chan struct{})
}

// until waits for a line that is as wanted, or finds it among those that were printed.
func (r *running) until(t *testing.T, what string, wanted func(line) bool) line {
	t.Helper()
	return r.from(t, 0, what, wanted)
}

// next waits for a line that is as wanted, and is printed from now on.
func (r *running) next(t *testing.T, what string, wanted func(line) bool) line {
	t.Helper()
	return r.from(t, r.count(), what, wanted)
}

func (r *running) from(t *testing.T, seen int, what string, wanted func(line) bool) line {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		r.mu.Lock()
		lines, more := r.lines[seen:], r.more
		r.mu.Unlock()
		for _, l := range lines {
			if wanted(l) {
				return l
			}
		}
		seen += len(lines)
		select {
		case <-more:
		case <-r.read:
			if seen == r.count() {
				t.Fatalf("slipway ended before %s: %s", what, r.end(t))
			}
		case <-ctx.Done():
			t.Fatalf("waiting for %s: %v\n%s", what, ctx.Err(), r.stop())
		}
	}
}

func (r *running) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.lines)
}

// end waits for the end of the program.
func (r *running) end(t *testing.T) outcome {
	t.Helper()
	select {
	case <-r.read:
	case <-time.After(patience):
		t.Fatalf("slipway does not end: %s", r.stop())
	}
	return r.stop()
}

// stop ends the program if it runs, and says how it ended.
func (r *running) stop() outcome {
	select {
	case <-r.read:
	default:
		_ = r.cmd.Process.Kill() // it may just have ended
		<-r.read
	}
	if r.cmd.ProcessState == nil {
		_ = r.cmd.Wait() // how it ended is in its state
	}
	return ended(r.cmd, r.args, r.out.String(), r.errs.String(), r.start)
}
