package bench

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite the golden page") //nolint:gochecknoglobals // as flags are

func seconds3(a, b, c float64) []time.Duration {
	var all []time.Duration
	for _, s := range []float64{a, b, c} {
		all = append(all, time.Duration(s*float64(time.Second)))
	}
	return all
}

// example is a run with one target reached and one missed of each kind.
func example() Report {
	var t times
	for name, took := range map[string][]time.Duration{
		updateSlipway:    seconds3(4.5, 4, 5),
		rollbackSlipway:  seconds3(3, 6, 9),
		updateCapistrano: seconds3(30, 22.5, 20),
		updatePlaybook:   seconds3(60, 80, 70),
		updateDefaults:   seconds3(99, 100, 101),
		floor:            seconds3(2.5, 2.4, 2.6),
	} {
		for _, d := range took {
			t.add(name, d)
		}
	}
	return Report{
		Date: time.Date(2026, 5, 4, 0, 0, 0, 0, time.UTC), Hosts: 20, Size: 10 << 20, Rows: t.rows(),
		Machine: Machine{Cores: 2, Processor: "A | B", Kernel: "6.1", Load: "0.1 0.2 0.3", Go: "go1.26", Ansible: "ansible [core 2.14.18]", Capistrano: "Capistrano Version: 3.17.2", SSH: "OpenSSH_9.2p1"},
		Engine:  Engine{EventsPerSecond: 10482.4, Events: 40001, HeapMB: 18.2, JournalMB: 17.44},
	}
}

func TestPage(t *testing.T) {
	t.Parallel()
	got, golden := example().Page(), filepath.Join("testdata", "page.md")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the page differs from %s (-update rewrites it):\n%s", golden, got)
	}
}

func TestTableOfNothing(t *testing.T) {
	t.Parallel()
	table := Report{}.Table()
	if strings.Contains(table, "reached") || strings.Contains(table, "missed") || strings.Contains(table, "NaN") {
		t.Errorf("a run without times has verdicts:\n%s", table)
	}
}

func TestMedian(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		times []time.Duration
		want  time.Duration
	}{
		{nil, 0},
		{[]time.Duration{7}, 7},
		{[]time.Duration{8, 2}, 5},
		{[]time.Duration{9, 1, 4}, 4},
		{[]time.Duration{1, 100, 3, 5}, 4},
	} {
		var all times
		for _, d := range c.times {
			all.add("x", d)
		}
		got := Row{}
		if rows := all.rows(); len(rows) > 0 {
			got = rows[0]
		}
		if got.median() != c.want {
			t.Errorf("median of %v: got %v, want %v", c.times, got.median(), c.want)
		}
	}
}

func TestParseEngine(t *testing.T) {
	t.Parallel()
	const head = "goos: linux\npkg: example\n"
	line := "BenchmarkEngine10000Hosts-2   \t       1\t3816031520 ns/op\t     40001 events\t     10482 events/s\t        18.2 heap-MB\t        17.40 journal-MB\n"
	got, err := parseEngine(head + line + "PASS\n")
	if want := (Engine{EventsPerSecond: 10482, Events: 40001, HeapMB: 18.2, JournalMB: 17.4}); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	for text, want := range map[string]string{
		head + "PASS\n": "it has no events/s",
		strings.Replace(line, "journal-MB", "MB", 1): "it has no journal-MB",
		strings.Replace(line, "18.2", "x18", 1):      "read result of " + engineBenchmark,
		"BenchmarkEngine10000Hosts":                  "it has no events/s",
		"":                                           "it has no events/s",
	} {
		if _, err := parseEngine(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want an error with %q", text, err, want)
		}
	}
}
