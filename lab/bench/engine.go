package bench

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
)

// engineBenchmark drives a rollout on 10,000 simulated hosts.
const engineBenchmark = "BenchmarkEngine10000Hosts"

// Engine is what the engine did alone.
type Engine struct {
	EventsPerSecond float64
	Events          float64 // of one rollout
	HeapMB          float64 // at most
	JournalMB       float64
}

// engine runs the benchmark of the engine's own package.
func engine(ctx context.Context) (Engine, error) {
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", "^"+engineBenchmark+"$", "-benchtime", "1x", "-count", "1", "-timeout", "20m",
		"github.com/slipway-deploy/slipway/internal/engine")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return Engine{}, fmt.Errorf("%s: %w:\n%s", engineBenchmark, err, tail(string(out)))
	}
	return parseEngine(string(out))
}

// parseEngine reads the metrics of the benchmark's line: "NAME N value unit value unit ...".
func parseEngine(text string) (Engine, error) {
	metrics := map[string]float64{}
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 2 || !strings.HasPrefix(fields[0], engineBenchmark) {
			continue
		}
		for i := 2; i+1 < len(fields); i += 2 {
			value, err := strconv.ParseFloat(fields[i], 64)
			if err != nil {
				return Engine{}, fmt.Errorf("read result of %s: %w", engineBenchmark, err)
			}
			metrics[fields[i+1]] = value
		}
	}
	e := Engine{EventsPerSecond: metrics["events/s"], Events: metrics["events"], HeapMB: metrics["heap-MB"], JournalMB: metrics["journal-MB"]}
	for _, unit := range []string{"events/s", "events", "heap-MB", "journal-MB"} {
		if metrics[unit] == 0 {
			return Engine{}, fmt.Errorf("read result of %s: it has no %s:\n%s", engineBenchmark, unit, tail(text))
		}
	}
	return e, nil
}
