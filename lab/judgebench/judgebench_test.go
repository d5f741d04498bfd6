package judgebench

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/lab/judgebench/rival"
	"github.com/slipway-deploy/slipway/lab/judgebench/stream"
)

// small is a run of some seconds on some streams.
func small(t *testing.T, judges []string, streams ...string) Config {
	t.Helper()
	c := Full()
	c.Healthy, c.Bad, c.BadUsual, c.BadSteady, c.Workers = 9, 1, 2, 3, 2
	c.Streams = slices.DeleteFunc(c.Streams, func(s stream.Stream) bool { return !slices.Contains(streams, s.Name) })
	c.Contenders = slices.DeleteFunc(c.Contenders, func(j rival.Contender) bool { return !slices.Contains(judges, j.Name) })
	if len(c.Streams) != len(streams) || len(c.Contenders) != len(judges) {
		t.Fatalf("streams %v or judges %v are not all there", streams, judges)
	}
	return c
}

func run(t *testing.T, c Config) Report {
	t.Helper()
	r, err := Run(t.Context(), c, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// rivals are quick: what is true of the counting is true of it without Slipway.
func rivals() []string { return []string{"Flagger", "fixed test", "10-minute bake"} }

// However many workers there are, the page is the same to the byte; other seeds give another.
func TestSameSeedsSamePage(t *testing.T) {
	t.Parallel()
	c := small(t, rivals(), "steady", "late onset")
	one := run(t, c).Page()
	c.Workers = 7
	if run(t, c).Page() != one {
		t.Error("seven workers write another page than two")
	}
	c.First = 1000
	if run(t, c).Page() == one {
		t.Error("the seed changes nothing")
	}
}

// Every rollout is counted once in its cell and once in all, whatever became of it.
func TestEveryRolloutIsCounted(t *testing.T) {
	t.Parallel()
	c := small(t, rivals(), "steady", "late onset", "startup noise")
	for _, row := range run(t, c).Rows {
		if n := row.Aborted + row.Early + row.Promoted + row.Held; n != row.N {
			t.Errorf("%+v: %d verdicts", row, n)
		}
		want, usual := 0, c.BadUsual
		if row.Stream == promised {
			usual = c.BadSteady
		}
		switch healthy, all := row.Fault == "healthy", row.Rate == 0; {
		case healthy && all:
			want = c.Healthy
		case healthy:
			want = c.Healthy / len(c.Cells)
		case all:
			want = usual + c.Bad*(len(c.Cells)-1)
		case stream.Cell{Rate: row.Rate, Share: row.Share} == Usual():
			want = usual
		default:
			want = c.Bad
		}
		if row.N != want {
			t.Errorf("%s, %s, %s at %v/%v: %d rollouts, want %d", row.Stream, row.Judge, row.Fault, row.Rate, row.Share, row.N, want)
		}
	}
}

// Healthy releases of a stream that is like another are the other's.
func TestLikeStreamsShareHealthyReleases(t *testing.T) {
	t.Parallel()
	r := run(t, small(t, rivals(), "steady", "late onset"))
	for _, judge := range rivals() {
		a, b := r.row(key{"steady", judge, "healthy", stream.Cell{}}), r.row(key{"late onset", judge, "healthy", stream.Cell{}})
		a.Stream = b.Stream
		if !reflect.DeepEqual(a, b) {
			t.Errorf("%s: %+v and %+v", judge, a, b)
		}
	}
}

// Known outcomes make known rows: aborts before the fault are false alarms and no finds,
// and what was missed outweighs what was found.
func TestRows(t *testing.T) {
	t.Parallel()
	c := Config{Streams: []stream.Stream{{Name: "s", Onset: time.Minute}}, Contenders: []rival.Contender{{Name: "j"}}, Cells: []stream.Cell{Usual()}}
	bad := stream.Fault{Name: "bad"}
	var jobs []job
	var results [][]outcome
	add := func(f stream.Fault, o outcome) {
		jobs, results = append(jobs, job{fault: f}), append(results, []outcome{o})
	}
	add(bad, outcome{rival.Abort, 30 * time.Second, 0})
	add(bad, outcome{rival.Abort, 90 * time.Second, 5})
	add(bad, outcome{rival.Abort, 120 * time.Second, 9})
	add(bad, outcome{rival.Promote, 30 * time.Minute, 100})
	add(stream.Healthy(), outcome{rival.Abort, 30 * time.Second, 0})
	add(stream.Healthy(), outcome{rival.Hold, 30 * time.Minute, 0})
	r := c.report(jobs, results)
	row := r.row(key{"s", "j", "bad", stream.Cell{}})
	if row.Early != 1 || row.Aborted != 2 || row.Promoted != 1 || *row.Seconds != 60 || *row.Hurt != 9 || row.Missed() < 0.33 || row.Missed() > 0.34 {
		t.Errorf("%+v", row)
	}
	if h := r.row(key{"s", "j", "healthy", Usual()}); h.Aborted != 1 || h.Held != 1 || h.Kept != Broken {
		t.Errorf("%+v", h)
	}
	if median([]float64{1}) == nil || median(nil) != nil {
		t.Error("medians of one and of nothing")
	}
}

func TestRecords(t *testing.T) {
	t.Parallel()
	r := run(t, small(t, rivals(), "steady"))
	var asJSON, asCSV bytes.Buffer
	if err := r.WriteJSON(&asJSON); err != nil {
		t.Fatal(err)
	}
	var rows []Row
	if err := json.Unmarshal(asJSON.Bytes(), &rows); err != nil || !reflect.DeepEqual(rows, r.Rows) {
		t.Errorf("rows read back differ: %v", err)
	}
	if err := r.WriteCSV(&asCSV); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&asCSV).ReadAll()
	if err != nil || len(lines) != len(r.Rows)+1 || lines[1][0] != "steady" {
		t.Errorf("%d lines of %d rows: %v", len(lines), len(r.Rows), err)
	}
}

func TestUnknownNamesAreRefused(t *testing.T) {
	t.Parallel()
	c := Full()
	if err := c.Only("stormy"); err == nil || !strings.Contains(err.Error(), `"stormy"`) || !strings.Contains(err.Error(), "late onset") {
		t.Errorf("%v", err)
	}
	if err := c.Alone("Solomon"); err == nil || !strings.Contains(err.Error(), "Kayenta") {
		t.Errorf("%v", err)
	}
	if err := c.Alone("Kayenta"); err != nil || len(c.Contenders) != 1 {
		t.Errorf("%v, %+v", err, c.Contenders)
	}
	if err := c.Only("late onset"); err != nil || len(c.Streams) != 1 || c.Streams[0].Like != "" {
		t.Errorf("%v, %+v", err, c.Streams)
	}
}
