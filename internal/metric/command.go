package metric

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// command runs a program on this machine, which prints a line a host.
type command struct {
	args    []string
	project string
	environ []string
	now     func() time.Time
	count   counter
}

var _ engine.Source = (*command)(nil)

// mostOutput bounds what is read of a program.
const mostOutput = 4 << 20

func newCommand(deps Deps, a asked) (*command, error) {
	c := &command{project: a.project, now: deps.Now, count: counter{asked: a}}
	for _, arg := range a.ask.Command {
		c.args = append(c.args, a.fill(arg))
	}
	// The address of a journal may hold a password, and is nobody else's.
	c.environ = slices.DeleteFunc(slices.Clone(deps.Environ), func(v string) bool { return strings.HasPrefix(v, "SLIPWAY_JOURNAL=") })
	return c, nil
}

// Sample runs the command. What it prints on its standard error is shown when it fails.
func (c *command) Sample(ctx context.Context, hosts []string) ([]engine.Sample, error) {
	out, err := c.run(ctx)
	if err != nil {
		return nil, err
	}
	readings, err := parseCommand(out, c.count.kind)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.args[0], err)
	}
	samples, gaps := c.count.either(c.now(), hosts, readings)
	return samples, only(gaps)
}

func (c *command) run(ctx context.Context) ([]byte, error) {
	cmd := exec.CommandContext(ctx, c.args[0], c.args[1:]...)
	var stdout, stderr limited
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = c.project, c.environ, &stdout, &stderr
	// What it has started ends with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%s: %w", c.args[0], ctx.Err())
	case err != nil:
		return nil, fmt.Errorf("%s: %w: %s", c.args[0], err, oneLine(stderr.all.String()))
	case stdout.full:
		return nil, fmt.Errorf("%s: it prints more than %d MB", c.args[0], mostOutput>>20)
	}
	return stdout.all.Bytes(), nil
}

// limited keeps the beginning of what is written, and takes the rest.
type limited struct {
	all  bytes.Buffer // not embedded: its ReadFrom knows no limit
	full bool
}

func (l *limited) Write(p []byte) (int, error) {
	if room := mostOutput - l.all.Len(); len(p) > room {
		l.full = true
		l.all.Write(p[:max(0, room)])
		return len(p), nil
	}
	return l.all.Write(p)
}

// parseCommand reads lines: {"host":"web1","events":3,"exposure":410}, {"host":"web1",
// "value":1.5}, "web1 3 410", "web1 3" (the exposure is time) or, for a gauge, "web1 1.5".
func parseCommand(out []byte, kind rollout.MetricKind) ([]reading, error) {
	var all []reading
	seen := map[string]bool{}
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, mostOutput)
	for n := 1; lines.Scan(); n++ {
		text := strings.TrimSpace(lines.Text())
		if text == "" {
			continue
		}
		l, err := parseLine(text, kind)
		if err == nil && seen[l.Host] {
			err = errors.New("the host had a line before")
		}
		if err != nil {
			return nil, fmt.Errorf("line %d (%s): %w", n, oneLine(text), err)
		}
		seen[l.Host] = true
		all = append(all, l.readings()...)
	}
	return all, lines.Err()
}

// line is what is said of one host.
type line struct {
	Host     string   `json:"host"`
	Events   *float64 `json:"events"`
	Exposure *float64 `json:"exposure"`
	Value    *float64 `json:"value"`
}

func parseLine(text string, kind rollout.MetricKind) (line, error) {
	var l line
	if text[0] == '{' {
		d := json.NewDecoder(strings.NewReader(text))
		d.DisallowUnknownFields()
		if err := d.Decode(&l); err != nil {
			return l, err
		}
		if d.More() {
			return l, errors.New("more follows the object")
		}
	} else if err := l.words(strings.Fields(text), kind); err != nil {
		return l, err
	}
	if l.Host == "" {
		return l, errors.New("the host is missing")
	}
	if kind == rollout.Gauge {
		if l.Value == nil || l.Events != nil || l.Exposure != nil {
			return l, errors.New(`expected HOST VALUE or {"host": "web1", "value": 1.5}`)
		}
		return l, nil
	}
	if l.Events == nil || l.Value != nil || *l.Events < 0 || (l.Exposure != nil && *l.Exposure < 0) {
		return l, errors.New(`expected HOST EVENTS EXPOSURE or {"host": "web1", "events": 3, "exposure": 410}, not negative`)
	}
	return l, nil
}

// words reads a line that is no JSON.
func (l *line) words(words []string, kind rollout.MetricKind) error {
	into := []**float64{&l.Events, &l.Exposure}
	if kind == rollout.Gauge {
		into = []**float64{&l.Value}
	}
	if len(words) > len(into)+1 {
		return fmt.Errorf("expected at most %d words, found %d", len(into)+1, len(words))
	}
	l.Host = words[0]
	for i, w := range words[1:] {
		n, err := strconv.ParseFloat(w, 64)
		if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
			return fmt.Errorf("expected a number, found %q", w)
		}
		*into[i] = &n
	}
	return nil
}

func (l line) readings() []reading {
	var all []reading
	for role, v := range map[string]*float64{roleEvents: l.Events, roleExposure: l.Exposure, "value": l.Value} {
		if v != nil {
			all = append(all, reading{host: l.Host, role: role, target: l.Host, value: *v})
		}
	}
	return all
}
