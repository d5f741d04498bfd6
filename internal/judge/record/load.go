package record

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/slipway-deploy/slipway/internal/judge"
)

// Record is all lines of a record, in as little memory as they need. It is for one goroutine.
type Record struct {
	metrics []metric // by number, as they came
	hosts   []string // by number, as they came, and so are these:
	gaps    []string
	entries list
	counts  arena
	order   []uint32 // the entries by time; nil when they came so
	origin  time.Duration
	near    [2]time.Duration // how far apart the lines of one look may be, before the deploy and after
}

// metric is what is known of a metric.
type metric struct {
	name  string
	kind  judge.Kind  // empty while only gaps are known of it
	edges [][]float64 // of a histogram
	heaps heaps
}

// Writer says who wrote a record.
type Writer bool

const (
	// Slipway wrote it: every time is a look, as it was judged.
	Slipway Writer = false
	// Anybody wrote it: what is near in time is one look, and buckets are looked at with suspicion.
	Anybody Writer = true
)

// longestLine bounds what one line may hold.
const longestLine = 1 << 20

// Load reads a record. Lines may come in any order. An error names the line, what was found and
// what is allowed.
func Load(r io.Reader, by Writer) (*Record, error) {
	rec, n, err := load(r)
	switch {
	case err != nil:
		return nil, fmt.Errorf("line %d: %w", n, err)
	case n == 0:
		return nil, errors.New("the record is empty: one JSON object a line is wanted, with t, arm, host, metric, kind and events with exposure, value or buckets")
	}
	if err := rec.settle(); err != nil {
		return nil, err
	}
	if by == Anybody {
		rec.gather()
		return rec, rec.heaped()
	}
	return rec, nil
}

// load reads the lines, and returns which one was the last that holds anything.
func load(r io.Reader) (*Record, int, error) {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(make([]byte, 64<<10), longestLine)
	rec := &Record{}
	in := intake{record: rec, line: line{texts: texts{}}, metrics: map[string]uint16{}, hosts: map[string]uint32{}, gaps: map[string]uint32{}}
	n, last := 0, 0
	for scanner.Scan() {
		n++
		object := bytes.TrimSpace(scanner.Bytes())
		if len(object) == 0 {
			continue
		}
		last = n
		if err := in.take(object, n); err != nil {
			return nil, n, err
		}
		if !(math.Abs(in.line.t) <= furthest) {
			return nil, n, in.otherClock(scanner)
		}
	}
	if err := scanner.Err(); errors.Is(err, bufio.ErrTooLong) {
		return nil, n + 1, fmt.Errorf("longer than %d bytes: wanted is one sample a line", longestLine)
	} else if err != nil {
		return nil, n + 1, err
	}
	return rec, last, nil
}

// intake turns lines into entries, and names into numbers.
type intake struct {
	record  *Record
	line    line
	metrics map[string]uint16
	hosts   map[string]uint32
	gaps    map[string]uint32
}

func (in *intake) take(object []byte, n int) error {
	l := &in.line
	if err := l.parse(object); err != nil {
		return err
	}
	if err := l.check(); err != nil {
		return err
	}
	number, known := in.metrics[l.metric]
	if !known {
		if len(in.record.metrics) > math.MaxUint16 {
			return fmt.Errorf("metric: found %q, one of more than %d", l.metric, math.MaxUint16)
		}
		if err := nameable("metric", l.metric, longestMetric); err != nil {
			return err
		}
		number = uint16(len(in.record.metrics))
		in.metrics[l.metric] = number
		in.record.metrics = append(in.record.metrics, metric{name: l.metric})
	}
	e := entry{at: time.Duration(math.Round(l.t * float64(time.Second))), line: uint32(n), metric: number}
	if l.isGap() {
		e.host = in.gap(l.gap)
		in.record.entries.add(e)
		return nil
	}
	m := &in.record.metrics[number]
	if m.kind != "" && m.kind != judge.Kind(l.kind) {
		return fmt.Errorf("kind: found metric %q as a %s here and as a %s before: wanted is one kind a metric", l.metric, l.kind, m.kind)
	}
	m.kind = judge.Kind(l.kind)
	var err error
	if e.host, err = in.host(l.host); err != nil {
		return err
	}
	e.arm = armNumber(judge.Arm(l.arm))
	switch m.kind {
	case judge.Counts:
		e.a, e.b = l.events, l.exposure
	case judge.Gauge:
		e.a = l.amount
	default:
		if e.edges, err = m.shape(l.buckets); err != nil {
			return err
		}
		e.counts = in.record.counts.keep(l.buckets)
		m.heaps.add(e.line, l.buckets)
	}
	in.record.entries.add(e)
	return nil
}

// host is a host's number.
func (in *intake) host(name string) (uint32, error) {
	if i, known := in.hosts[name]; known {
		return i, nil
	}
	if err := nameable("host", name, longestHost); err != nil {
		return 0, err
	}
	i := uint32(len(in.record.hosts))
	in.hosts[name] = i
	in.record.hosts = append(in.record.hosts, name)
	return i, nil
}

// gap is the number of why there was no answer.
func (in *intake) gap(why string) uint32 {
	if i, known := in.gaps[why]; known {
		return i
	}
	i := uint32(len(in.record.gaps))
	in.gaps[why] = i
	in.record.gaps = append(in.record.gaps, harmless(why))
	return i
}

// shape is the number of a histogram's edges.
func (m *metric) shape(buckets []judge.Bucket) (uint8, error) {
	same := func(edges []float64) bool {
		return slices.EqualFunc(edges, buckets, func(e float64, b judge.Bucket) bool { return e == b.AtMost })
	}
	i := slices.IndexFunc(m.edges, same)
	if i >= 0 {
		return uint8(i), nil
	}
	if len(m.edges) > math.MaxUint8 {
		return 0, fmt.Errorf("buckets: found other edges than in all lines before for the %dth time: wanted are the same on every host", len(m.edges))
	}
	edges := make([]float64, len(buckets))
	for j, b := range buckets {
		edges[j] = b.AtMost
	}
	m.edges = append(m.edges, edges)
	return uint8(len(m.edges) - 1), nil
}

// otherClock is the error of a line whose time does not count from when the bake began. It reads on for what is to be
// taken from it.
func (in *intake) otherClock(scanner *bufio.Scanner) error {
	const clocks = 1e20 // nanoseconds are below it
	found, before, first := in.line.t, math.Inf(-1), math.Inf(1)
	if math.Abs(found) > clocks {
		return fmt.Errorf("t: found %s: allowed are %d seconds either way; count from when the bake began", plain(found), furthest)
	}
	for {
		switch l := &in.line; {
		case l.has&hasT == 0:
		case l.isBefore():
			before = max(before, l.t)
		case strings.HasPrefix(l.arm, string(judge.Canary)):
			first = min(first, l.t)
		}
		if !scanner.Scan() {
			break
		}
		if err := in.line.parse(bytes.TrimSpace(scanner.Bytes())); err != nil {
			in.line.has = 0 // there is enough to say already
		}
	}
	what, which := first, "the canary's first"
	if before > 0 && before < first {
		what, which = before, "the last before the deploy"
	}
	hint := "count from when the bake began"
	if math.Abs(what) <= clocks {
		hint = fmt.Sprintf("take %s, %s, from every t", plain(what), which)
	}
	if math.Abs(found) > 1e11 && math.Abs(found) < 1e14 {
		hint += ", and divide by 1000: these look like milliseconds"
	}
	return fmt.Errorf("t: found %s, which is no time since the bake began but looks like a clock's: allowed are %d seconds either way; %s", plain(found), furthest, hint)
}

// Metrics are the metrics of the record, by name: each with its kind, which is empty where only gaps
// are known of it.
func (r *Record) Metrics() []judge.Metric {
	all := make([]judge.Metric, len(r.metrics))
	for i, m := range r.metrics {
		all[i] = judge.Metric{Name: m.name, Kind: m.kind}
	}
	slices.SortFunc(all, func(a, b judge.Metric) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// Origin is what was taken from every t so that the bake begins at 0, in a record that counts
// from some time before.
func (r *Record) Origin() time.Duration { return r.origin }
