// Package observe counts on a host what the judge asks of it: restarts, processes that
// ran out of memory, memory, lines of the log, and what a command says.
//
// work calls it. It changes nothing, reads a bounded part of a log, and answers each
// observation by itself: one that cannot be made says why, and the others stand.
package observe

import (
	"context"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/host/probe"
	"github.com/slipway-deploy/slipway/internal/host/process"
	"github.com/slipway-deploy/slipway/internal/host/unit"
)

// within is how long a command may take.
const within = 30 * time.Second

// Units is what is asked about the units of a service.
type Units interface {
	Status(ctx context.Context, names ...string) ([]unit.Status, error)
	// Log calls each with every line that the units printed after a cursor, and returns
	// the next one. Without a cursor it reads nothing and returns where the log ends.
	Log(ctx context.Context, cursor string, names []string, each func(line []byte)) (next string, err error)
	// OutOfMemory returns how often, since boot, a process was killed for want of memory.
	OutOfMemory(ctx context.Context, names []string) (int, error)
	// Memory returns the bytes that all processes of the units have in memory.
	Memory(ctx context.Context, names []string) (int64, error)
}

var (
	_ Units = unit.Systemd{}
	_ Units = unit.Process{}
)

// Host is where things are counted.
type Host struct {
	Units Units
	Names []string // of the units
	Probe probe.Host
	// Program finds a command's program; nil: as it is.
	Program func(name string) string
}

// All makes every observation, in order.
func (h Host) All(ctx context.Context, asked []host.Observation) []host.Observed {
	all := make([]host.Observed, 0, len(asked))
	for _, a := range asked {
		seen, err := h.one(ctx, a)
		if err != nil {
			seen = host.Observed{Error: err.Error()}
		}
		seen.Metric = a.Metric
		all = append(all, seen)
	}
	return all
}

func (h Host) one(ctx context.Context, a host.Observation) (host.Observed, error) {
	if a.What == "command" {
		return h.command(ctx, a.Command)
	}
	if len(h.Names) == 0 {
		return host.Observed{}, errors.New("the service has no units to look at")
	}
	switch a.What {
	case "restarts":
		return h.restarts(ctx, a.Cursor)
	case "oom":
		return h.outOfMemory(ctx)
	case "memory":
		bytes, err := h.Units.Memory(ctx, h.Names)
		return host.Observed{Value: float64(bytes)}, err
	case "log":
		return h.log(ctx, a)
	}
	return host.Observed{}, fmt.Errorf("observation %q; this helper knows restarts, oom, memory, log and command", a.What)
}

func (h Host) outOfMemory(ctx context.Context) (host.Observed, error) {
	boot, err := process.Boot()
	if err != nil {
		return host.Observed{}, err
	}
	n, err := h.Units.OutOfMemory(ctx, h.Names)
	return host.Observed{Events: float64(n), Since: boot}, err
}

// log counts lines, and those that match. A line that is too long is looked at as far as
// it is read.
func (h Host) log(ctx context.Context, a host.Observation) (host.Observed, error) {
	pattern, err := regexp.Compile(a.Pattern)
	if err != nil {
		return host.Observed{}, fmt.Errorf("pattern: %w", err)
	}
	var seen host.Observed
	seen.Cursor, err = h.Units.Log(ctx, a.Cursor, h.Names, func(line []byte) {
		seen.Exposure++
		if pattern.Match(line) {
			seen.Events++
		}
	})
	return seen, err
}

// command runs a command and reads the numbers that it prints.
func (h Host) command(ctx context.Context, argv []string) (host.Observed, error) {
	if len(argv) == 0 {
		return host.Observed{}, errors.New("a command without a program")
	}
	argv = append([]string(nil), argv...)
	if h.Program != nil {
		argv[0] = h.Program(argv[0])
	}
	out, err := h.Probe.Output(ctx, argv, within)
	if err != nil {
		return host.Observed{}, err
	}
	return Parse(argv[0], out)
}

// Parse reads what a command printed: "VALUE", or "EVENTS EXPOSURE".
func Parse(program, out string) (host.Observed, error) {
	words := strings.Fields(out)
	if len(words) != 1 && len(words) != 2 {
		return host.Observed{}, fmt.Errorf("%s printed %d words; it must print one number, or two: events and exposure", program, len(words))
	}
	numbers := make([]float64, len(words))
	for i, word := range words {
		n, err := strconv.ParseFloat(word, 64)
		if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
			return host.Observed{}, fmt.Errorf("%s printed %.40q; it must print numbers", program, word)
		}
		numbers[i] = n
	}
	if len(numbers) == 1 {
		return host.Observed{Value: numbers[0]}, nil
	}
	if numbers[0] < 0 || numbers[1] < 0 {
		return host.Observed{}, fmt.Errorf("%s printed %s events and an exposure of %s; neither is ever negative", program, words[0], words[1])
	}
	return host.Observed{Events: numbers[0], Exposure: numbers[1]}, nil
}
