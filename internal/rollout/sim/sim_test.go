package sim

import (
	"flag"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

var (
	seeds = flag.Int("seeds", 5000, "how many seeded rollouts to simulate")
	first = flag.Uint64("seed", 1, "the first seed; with -seeds 1 a run is replayed and printed")
)

// TestSeeds plays many seeds on all cores. A failing one is printed, and is
// replayed by: go test ./internal/rollout/sim -run TestSeeds -seeds 1 -seed N -v
func TestSeeds(t *testing.T) {
	var next atomic.Uint64
	var events atomic.Int64
	var mu sync.Mutex
	ends := map[rollout.Phase]int{}
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for !t.Failed() {
				n := next.Add(1) - 1
				if n >= uint64(*seeds) {
					return
				}
				r := New(*first + n)
				if err := r.Go(); err != nil {
					t.Errorf("%v\nreplay: go test ./internal/rollout/sim -run TestSeeds -seeds 1 -seed %d -v\n%s", err, r.Seed, r.Log())
					return
				}
				if *seeds == 1 {
					t.Log("\n" + r.Log())
				}
				events.Add(int64(r.Events))
				mu.Lock()
				ends[r.State.Phase]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	t.Logf("%d rollouts, %d events, ends: %v", *seeds, events.Load(), ends)
	for _, p := range []rollout.Phase{rollout.Completed, rollout.Restored, rollout.NeedsPerson} {
		if *seeds >= 1000 && ends[p] == 0 {
			t.Errorf("no run ended %s: the simulation does not reach it", p)
		}
	}
}

// TestSameSeedSameRun: there is no hidden order, clock or randomness in the core.
func TestSameSeedSameRun(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		a, b := New(seed), New(seed)
		if errA, errB := a.Go(), b.Go(); fmt.Sprint(errA) != fmt.Sprint(errB) || a.Log() != b.Log() {
			t.Fatalf("seed %d differs from itself:\n%s\n---\n%s", seed, a.Log(), b.Log())
		}
	}
}

func BenchmarkRollout(b *testing.B) {
	events := 0
	for i := 0; b.Loop(); i++ {
		r := New(uint64(i))
		if err := r.Go(); err != nil {
			b.Fatal(err)
		}
		events += r.Events
	}
	b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
}
