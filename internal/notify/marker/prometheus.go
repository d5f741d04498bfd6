package marker

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/slipway-deploy/slipway/internal/notify"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// Prometheus keeps a file for node_exporter's textfile collector. Several services may
// share one: each keeps its own lines.
type Prometheus struct {
	File string // ends in .prom
}

var (
	_ notify.Notifier = (*Prometheus)(nil)
	_ notify.Checker  = (*Prometheus)(nil)
)

// family is one metric of the file.
type family struct{ name, help string }

var families = []family{
	{"slipway_rollout_changed_timestamp_seconds", "When the last rollout last changed."},
	{"slipway_rollout_duration_seconds", "How long the last rollout took, or has taken so far."},
	{"slipway_rollout_hosts", "Hosts of the last rollout by what became of them."},
	{"slipway_rollout_info", "The last rollout: where it is, and the versions before and after."},
}

// Send writes the file anew, in one step, so that no half of it is ever read. Writing it
// twice is writing it once.
func (p *Prometheus) Send(_ context.Context, m notify.Message, _ *notify.Memory) (string, error) {
	if err := p.write(m); err != nil {
		return "", &notify.Error{Op: "write metrics", Err: err}
	}
	return "", nil
}

func (p *Prometheus) write(m notify.Message) error {
	unlock, err := p.lock()
	if err != nil {
		return err
	}
	defer unlock()
	old, err := os.ReadFile(p.File)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(p.File), ".slipway-*")
	if err != nil {
		return err
	}
	_, err = f.WriteString(merged(string(old), m))
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), p.File)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// lock keeps two processes from forgetting each other's lines.
func (p *Prometheus) lock() (unlock func(), err error) {
	f, err := os.Open(filepath.Dir(p.File))
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() { _ = f.Close() }, nil // closing unlocks; nothing was written through it
}

// merged is the file with the message's service as it is now, and the others as they were.
func merged(old string, m notify.Message) string {
	mine := label("service", m.Service) + "," + label("environment", m.Environment)
	samples := map[string][]string{}
	for line := range strings.Lines(old) {
		line = strings.TrimSpace(line)
		name, _, ok := strings.Cut(line, "{")
		if ok && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, name+"{"+mine+",") && !strings.HasPrefix(line, name+"{"+mine+"}") {
			samples[name] = append(samples[name], line)
		}
	}
	for name, lines := range lines(m, mine) {
		samples[name] = append(samples[name], lines...)
	}
	var b strings.Builder
	for _, f := range families {
		if len(samples[f.name]) == 0 {
			continue
		}
		slices.Sort(samples[f.name])
		fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s gauge\n%s\n", f.name, f.help, f.name, strings.Join(samples[f.name], "\n"))
	}
	return b.String()
}

func lines(m notify.Message, mine string) map[string][]string {
	all := map[string][]string{}
	add := func(name, more string, value float64) {
		all[name] = append(all[name], name+"{"+mine+more+"} "+strconv.FormatFloat(value, 'g', -1, 64))
	}
	add("slipway_rollout_changed_timestamp_seconds", "", float64(m.At.UnixMilli())/1000)
	add("slipway_rollout_duration_seconds", "", m.Took.Seconds())
	for _, h := range []struct {
		state string
		n     int
	}{{"failed", m.Failed}, {"restored", m.Restored}, {"total", m.Total}, {"updated", m.Updated}} {
		add("slipway_rollout_hosts", ","+label("state", h.state), float64(h.n))
	}
	add("slipway_rollout_info", ","+label("version", m.Version)+","+label("before", m.From)+","+label("state", state(m)), 1)
	return all
}

// state is where the rollout is, as far as the message tells.
func state(m notify.Message) string {
	switch m.Kind {
	case rollout.NoticeReminder:
		return string(rollout.NoticeWaiting)
	case rollout.NoticeEntered, rollout.NoticeLeft, rollout.NoticePromoted, rollout.NoticeStarted:
		return "running"
	case rollout.NoticeAborted:
		return string(rollout.NoticeRestoring)
	}
	return string(m.Kind)
}

var labels = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func label(name, value string) string { return name + `="` + labels.Replace(value) + `"` }

// Check finds out whether the directory can be written.
func (p *Prometheus) Check(context.Context) error {
	f, err := os.CreateTemp(filepath.Dir(p.File), ".slipway-*")
	if err != nil {
		return &notify.Error{Op: "write metrics", Err: err}
	}
	if err := errors.Join(f.Close(), os.Remove(f.Name())); err != nil {
		return &notify.Error{Op: "write metrics", Err: err}
	}
	return nil
}
