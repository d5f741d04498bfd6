package engine_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/journal/journaltest"
	"github.com/slipway-deploy/slipway/internal/rollout"
	"github.com/slipway-deploy/slipway/internal/work"
)

// instant is hosts that do everything at once.
type instant struct{}

func (instant) Run(_ context.Context, job engine.Job, report func(engine.Report)) error {
	for _, h := range job.Command.Hosts {
		report(engine.Report{
			Host: h, Outcome: rollout.OK, Begun: job.Command.Kind == rollout.Update, Version: job.Plan.Release.Version,
			Digest: "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae", Balancer: "ready 100",
		})
	}
	return nil
}

// BenchmarkEngine10000Hosts drives a rollout on 10,000 hosts that answer at once, with
// a balancer, through the journal and the durable work on disk: what is measured is
// the engine alone.
func BenchmarkEngine10000Hosts(b *testing.B) {
	const hosts = 10000
	var events int
	var size int64
	var peak uint64
	for n := 0; b.Loop(); n++ {
		dir := b.TempDir()
		p := journaltest.Balanced(journaltest.Plan(fmt.Sprintf("R%d", n), hosts))
		p.MaxOut = hosts / 4
		j, err := journal.Open(b.Context(), filepath.Join(dir, "journal.db"))
		if err != nil {
			b.Fatal(err)
		}
		if err := j.Create(b.Context(), p); err != nil {
			b.Fatal(err)
		}
		durable := work.New(filepath.Join(dir, "work.db"), nil)
		s, err := engine.New(engine.Config{Journal: j, Work: durable, Method: instant{}, Traffic: instant{}}).Run(b.Context(), p.ID,
			func(u engine.Update) { events += len(u.Events); peak = max(peak, heap()) })
		if err != nil || s.Phase != rollout.Completed {
			b.Fatalf("%s (%s), %v", s.Phase, s.Why, err)
		}
		if err := j.Close(); err != nil {
			b.Fatal(err)
		}
		info, err := os.Stat(filepath.Join(dir, "journal.db"))
		if err != nil {
			b.Fatal(err)
		}
		size = info.Size()
	}
	b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(events)/float64(b.N), "events")
	b.ReportMetric(float64(peak)/(1<<20), "heap-MB")
	b.ReportMetric(float64(size)/(1<<20), "journal-MB")
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
