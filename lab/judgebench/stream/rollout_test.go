package stream

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/judge"
)

const bake = 30 * time.Minute

func named(t testing.TB, name string) Stream {
	t.Helper()
	all := All()
	i := slices.IndexFunc(all, func(s Stream) bool { return s.Name == name })
	if i < 0 {
		t.Fatalf("no stream %q", name)
	}
	return all[i]
}

// play calls f with every tick of some rollouts.
func play(s Stream, c Cell, f Fault, rollouts int, see func(n int, t *Tick)) {
	for n := range rollouts {
		r := s.Rollout(c, f, uint64(n+1), bake)
		for t, ok := r.Next(); ok; t, ok = r.Next() {
			see(n, t)
		}
	}
}

// near fails when got is further from want than a share of it.
func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within*math.Abs(want)) {
		t.Errorf("%s: got %.5g, want %.5g within %.0f %%", what, got, want, 100*within)
	}
}

func TestSameSeedSameTicks(t *testing.T) {
	t.Parallel()
	// The last tick has all before it in it: hosts, walks and the generator's state.
	last := func(s Stream, seed uint64) string {
		r, printed := s.Rollout(Cell{200, 0.1}, s.Faults()[0], seed, time.Minute), ""
		for k, ok := r.Next(); ok; k, ok = r.Next() {
			if k.At == time.Minute {
				printed = fmt.Sprint(*k)
			}
		}
		return printed
	}
	for _, s := range All() {
		one := last(s, 1)
		if one == "" || one != last(s, 1) {
			t.Errorf("%s: two rollouts of one seed differ", s.Name)
		}
		if one == last(s, 2) {
			t.Errorf("%s: the seed changes nothing", s.Name)
		}
	}
}

// A rollout has an hour before the deploy, and its bake, without a tick at 0 between them.
func TestTicks(t *testing.T) {
	t.Parallel()
	var at []time.Duration
	play(named(t, "steady"), Cell{200, 0.25}, Healthy(), 1, func(_ int, k *Tick) {
		at = append(at, k.At)
		arms := map[judge.Arm]int{}
		for _, s := range k.Samples {
			arms[s.Arm]++
			if s.Metric == Latency {
				n := 0.0
				for _, b := range s.Buckets {
					n += b.Count
				}
				if e := k.Samples[slices.IndexFunc(k.Samples, func(o judge.Sample) bool { return o.Host == s.Host })]; e.Exposure != n {
					t.Fatalf("%s at %s: %v requests and %v latencies", s.Host, k.At, e.Exposure, n)
				}
			}
		}
		want := map[judge.Arm]int{judge.Canary: 15, judge.Baseline: 45}
		if k.At < 0 {
			want = map[judge.Arm]int{judge.CanaryBefore: 15, judge.BaselineBefore: 45}
		}
		if fmt.Sprint(arms) != fmt.Sprint(want) {
			t.Fatalf("at %s: samples of %v, want %v", k.At, arms, want)
		}
	})
	if n := int((Before + bake) / Interval); len(at) != n || at[0] != -Before || at[len(at)-1] != bake || slices.Contains(at, 0) {
		t.Errorf("%d ticks from %s to %s, want %d", len(at), at[0], at[len(at)-1], n)
	}
}

// Requests, errors, latency and memory are what the streams say they are.
func TestSteadyRates(t *testing.T) {
	t.Parallel()
	for _, c := range []Cell{{20, 0.05}, {200, 0.1}, {1000, 0.25}} {
		var requests, errors, seconds, quick, canary, memory, hosts float64
		play(named(t, "steady"), c, Healthy(), 3, func(_ int, k *Tick) {
			seconds += Interval.Seconds()
			for _, s := range k.Samples {
				requests += s.Exposure
				errors += s.Events
				if s.Arm == judge.Canary || s.Arm == judge.CanaryBefore {
					canary += s.Exposure
				}
				if s.Metric == Latency {
					for _, b := range s.Buckets[:6] {
						quick += b.Count
					}
				}
				if s.Metric == Memory && s.Arm == judge.Baseline {
					memory += s.Value
					hosts++
				}
			}
		})
		near(t, "requests a second", requests/seconds, c.Rate*math.Exp(0.005), 0.02)
		near(t, "error rate", errors/requests, 0.001, 4/math.Sqrt(0.001*requests)) // four standard errors
		near(t, "canary's share", canary/requests, c.Share, 0.02)
		near(t, "requests over 250 ms", 1-quick/requests, normalBelow(-math.Log(0.25/0.08)/0.6), 0.05)
		near(t, "memory", memory/hosts, 500, 0.02)
	}
}

// armRate is an arm's error rate in a part of the bakes.
func armRate(s Stream, f Fault, arm judge.Arm, from, to time.Duration) float64 {
	rollouts := 2
	if s.FleetBurst > 0 {
		rollouts = 10 // few bursts a bake
	}
	var errors, requests float64
	play(s, Cell{20_000, 0.25}, f, rollouts, func(_ int, k *Tick) {
		for _, sample := range k.Samples {
			if sample.Arm == arm && k.At > from && k.At <= to {
				errors += sample.Events
				requests += sample.Exposure
			}
		}
	})
	return errors / requests
}

func TestWhatStreamsDoToErrors(t *testing.T) {
	t.Parallel()
	tenfold := Fault{Name: "10x", Errors: 10, Latency: 1}
	for _, c := range []struct {
		stream   string
		fault    Fault
		arm      judge.Arm
		from, to time.Duration
		want     float64
		within   float64
	}{
		{"drifting", Healthy(), judge.Baseline, 0, 3 * time.Minute, 0.0012, 0.1},
		{"drifting", Healthy(), judge.Canary, 27 * time.Minute, bake, 0.0048, 0.1},
		{"drifting", Healthy(), judge.BaselineBefore, -Before, 0, 0.001, 0.1},
		{"bursts on a host", Healthy(), judge.Baseline, 0, bake, 0.001, 0.1},
		{"bursts on all hosts", Healthy(), judge.Baseline, 0, bake, 0.001 * (1 + 29*20.0/320), 0.35},
		{"sparse errors", Healthy(), judge.Baseline, 0, bake, 1e-5, 0.3},
		{"one bad host", Healthy(), judge.CanaryBefore, -Before, 0, 0.001 * (5 + 4) / 5, 0.1},
		{"one bad host", Healthy(), judge.Canary, 0, bake, 0.001 * (5 + 4) / 5, 0.1},
		{"fault on one host", tenfold, judge.Canary, 0, bake, 0.001 * (10 + 4) / 5, 0.1},
		{"slow leak", tenfold, judge.Canary, 9 * time.Minute, 11 * time.Minute, 0.0055, 0.1},
		{"slow leak", tenfold, judge.Canary, 20 * time.Minute, bake, 0.010, 0.1},
		{"late onset", tenfold, judge.Canary, 0, 10 * time.Minute, 0.001, 0.1},
		{"late onset", tenfold, judge.Canary, 10 * time.Minute, bake, 0.010, 0.1},
		{"startup noise", Healthy(), judge.Canary, 0, 5 * time.Second, 0.001 + 0.02*math.Exp(-0.5), 0.1},
		{"startup noise", Healthy(), judge.Canary, time.Minute, bake, 0.001, 0.1},
		{"startup noise", Healthy(), judge.Baseline, 0, 5 * time.Second, 0.001, 0.3},
		{"steady", tenfold, judge.Canary, 0, bake, 0.010, 0.1},
		{"steady", tenfold, judge.Baseline, 0, bake, 0.001, 0.1},
	} {
		t.Run(c.stream+" "+c.fault.Name+" "+string(c.arm)+" "+c.from.String(), func(t *testing.T) {
			t.Parallel()
			near(t, "error rate", armRate(named(t, c.stream), c.fault, c.arm, c.from, c.to), c.want, c.within)
		})
	}
}

// hostErrors is every host's errors in each tick before the deploy.
func hostErrors(s Stream, c Cell, rollouts int) [][]float64 {
	series := make([][]float64, rollouts*Hosts)
	play(s, c, Healthy(), rollouts, func(n int, k *Tick) {
		if k.At > 0 {
			return
		}
		for i := range Hosts {
			series[n*Hosts+i] = append(series[n*Hosts+i], k.Samples[3*i].Events)
		}
	})
	return series
}

func TestDispersion(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]float64{"steady": 1, "bursts on a host": 8} {
		all := slices.Concat(hostErrors(named(t, name), Cell{20_000, 0.1}, 2)...)
		mean, squares := 0.0, 0.0
		for _, v := range all {
			mean += v / float64(len(all))
		}
		for _, v := range all {
			squares += (v - mean) * (v - mean) / float64(len(all))
		}
		near(t, name+": variance to mean", squares/mean, want, 0.1)
	}
}

// Wandering hosts: the errors of a minute tell of the minute two after it; steady ones' do not.
func TestAutocorrelation(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]float64{"steady": 0, "autocorrelated": 0.3} {
		var now, later []float64
		for _, series := range hostErrors(named(t, name), Cell{20_000, 0.1}, 3) {
			for i := 0; i+24+6 <= len(series); i++ {
				now = append(now, series[i])
				later = append(later, series[i+24])
			}
		}
		got := correlation(now, later)
		t.Logf("%s: %.3f", name, got)
		if math.Abs(got-want) > 0.08 {
			t.Errorf("%s: correlation over two minutes %.3f, want about %.2f", name, got, want)
		}
	}
}

func correlation(a, b []float64) float64 {
	n := float64(len(a))
	var ma, mb, ab, aa, bb float64
	for i := range a {
		ma += a[i] / n
		mb += b[i] / n
	}
	for i := range a {
		ab += (a[i] - ma) * (b[i] - mb)
		aa += (a[i] - ma) * (a[i] - ma)
		bb += (b[i] - mb) * (b[i] - mb)
	}
	return ab / math.Sqrt(aa*bb)
}

// Hosts that differ do so by the standard deviation they should, and stay so.
func TestHostsThatDiffer(t *testing.T) {
	t.Parallel()
	var logs, slow, size []float64
	for seed := range uint64(100) {
		for _, h := range named(t, "hosts that differ").Rollout(Cell{200, 0.1}, Healthy(), seed, bake).hosts {
			logs, slow, size = append(logs, math.Log(h.errors)), append(slow, math.Log(h.slow)), append(size, math.Log(h.size/usualSize))
		}
	}
	near(t, "errors", deviation(logs), 0.3, 0.06)
	near(t, "latency", deviation(slow), 0.1, 0.06)
	near(t, "memory", deviation(size), 0.1, 0.06)
}

func deviation(values []float64) float64 {
	sum, squares := 0.0, 0.0
	for _, v := range values {
		sum += v
		squares += v * v
	}
	n := float64(len(values))
	return math.Sqrt(squares/n - sum/n*sum/n)
}

// Traffic and errors of all hosts swing by the same half.
func TestSwing(t *testing.T) {
	t.Parallel()
	least, most := math.Inf(1), 0.0
	r := named(t, "diurnal").Rollout(Cell{1000, 0.1}, Healthy(), 1, 2*time.Hour)
	for k, ok := r.Next(); ok; k, ok = r.Next() {
		w := weather{errors: 1}
		w.errors = 1 + 0.5*math.Sin(r.phase+2*math.Pi*k.At.Seconds()/7200)
		least, most = min(least, w.errors), max(most, w.errors)
	}
	near(t, "least", least, 0.5, 0.01)
	near(t, "most", most, 1.5, 0.01)
}

// Hurt is what the fault adds: nothing of a healthy release, nine base rates of a tenfold one.
func TestHurt(t *testing.T) {
	t.Parallel()
	s := named(t, "late onset")
	sum := func(f Fault, from time.Duration) (hurt, requests float64) {
		play(s, Cell{200, 0.1}, f, 5, func(_ int, k *Tick) {
			if k.At <= from {
				if k.Hurt != 0 {
					t.Fatalf("%v hurt at %s, before the fault", k.Hurt, k.At)
				}
				return
			}
			hurt += k.Hurt
			for _, sample := range k.Samples {
				if sample.Arm == judge.Canary {
					requests += sample.Exposure
				}
			}
		})
		return hurt, requests
	}
	if hurt, _ := sum(Healthy(), bake); hurt != 0 {
		t.Errorf("a healthy release hurt %v", hurt)
	}
	hurt, requests := sum(s.Faults()[1], s.Onset)
	near(t, "errors 10x", hurt, 0.009*requests, 1e-9)
	hurt, requests = sum(s.Faults()[2], s.Onset)
	near(t, "latency", hurt, requests, 1e-9)
}

// A leak grows as fast as it should; without one a new process ends where the old one was.
func TestMemory(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fault Fault
		want  float64
	}{{Healthy(), 500}, {Fault{Errors: 1, Latency: 1, Leak: 0.02}, 800}} {
		first, last, n := 0.0, 0.0, 0.0
		play(named(t, "slow leak"), Cell{20, 0.25}, c.fault, 10, func(_ int, k *Tick) {
			switch k.At {
			case Interval:
				first += k.Samples[2].Value
				n++
			case bake:
				last += k.Samples[2].Value
			}
		})
		near(t, "memory at first", first/n, 500*(1-0.4*math.Exp(-5.0/180)), 0.04)
		near(t, "memory at last", last/n, c.want, 0.04)
	}
}
