package record

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/slipway-deploy/slipway/internal/judge"
)

// line is one line of a record.
type line struct {
	has                      has
	t                        float64
	arm, host, metric, kind  string
	events, exposure, amount float64
	buckets                  []judge.Bucket
	gap                      string
	texts                    texts
}

// has is which members a line has.
type has uint16

const (
	hasT has = 1 << iota
	hasArm
	hasHost
	hasMetric
	hasKind
	hasEvents
	hasExposure
	hasValue
	hasBuckets
	hasGap
)

const (
	// furthest is the greatest time that is taken, in seconds: ten years.
	furthest = 10 * 365 * 24 * 3600
	// mostCounted bounds what may be counted at one look: sums of more would not be exact.
	mostCounted = 1e15
	// leastExposure bounds what events may be out of, unless that is nothing, and mostRatio how many of them there may be
	// for each: what is beyond is no measurement, and its rates would be too large for numbers.
	leastExposure = 1e-6
	mostRatio     = 1e9
	// mostMeasured bounds what a gauge may say, and the edges of a histogram.
	mostMeasured = 1e100
)

// parse reads a line into l, whose buckets are used again.
func (l *line) parse(object []byte) error {
	*l = line{buckets: l.buckets[:0], texts: l.texts}
	return members(object, func(name, v []byte) error {
		if string(v) == "null" {
			return nil
		}
		member, err := l.member(name, v)
		switch {
		case err != nil:
			return fmt.Errorf("%s: %w", shown(name), err)
		case l.has&member != 0:
			return fmt.Errorf("%s: found twice: wanted is once a line", name)
		}
		l.has |= member
		return nil
	})
}

func (l *line) member(name, v []byte) (m has, err error) {
	switch string(name) {
	case "t":
		l.t, err = number(v)
		return hasT, err
	case "arm":
		l.arm, err = l.texts.of(v)
		return hasArm, err
	case "host":
		l.host, err = l.texts.of(v)
		return hasHost, err
	case "metric":
		l.metric, err = l.texts.of(v)
		return hasMetric, err
	case "kind":
		l.kind, err = l.texts.of(v)
		return hasKind, err
	case "gap":
		l.gap, err = l.texts.of(v)
		return hasGap, err
	case "events":
		l.events, err = count(v)
		return hasEvents, err
	case "exposure":
		l.exposure, err = count(v)
		return hasExposure, err
	case "value":
		l.amount, err = measured(v)
		return hasValue, err
	case "buckets":
		if l.has&hasBuckets == 0 {
			err = l.bucketsOf(v)
		}
		return hasBuckets, err
	}
	return 0, errors.New("no such member: allowed are t, arm, host, metric, kind, events, exposure, value, buckets and gap, in small letters")
}

func count(v []byte) (float64, error) {
	n, err := number(v)
	if err == nil && !(n >= 0 && n <= mostCounted) {
		err = fmt.Errorf("found %s: allowed is 0 to %g", shown(v), mostCounted)
	}
	return n, err
}

func measured(v []byte) (float64, error) {
	n, err := number(v)
	if err == nil && !(math.Abs(n) <= mostMeasured) {
		err = fmt.Errorf("found %s: allowed is up to %g either way", shown(v), mostMeasured)
	}
	return n, err
}

// bucketsOf reads [[0.1,5],["+Inf",1]].
func (l *line) bucketsOf(v []byte) error {
	last := math.Inf(-1)
	ok, err := elements(v, func(pair []byte) error {
		b, err := bucket(pair)
		switch {
		case err != nil:
			return err
		case !(b.AtMost > last):
			return fmt.Errorf("found the edge %s after %s: wanted are rising edges", edge(b.AtMost), edge(last))
		}
		last, l.buckets = b.AtMost, append(l.buckets, b)
		return nil
	})
	switch {
	case err != nil:
		return err
	case !ok:
		return fmt.Errorf(`found %s: wanted are pairs of edge and count, such as [[0.1,380],["+Inf",2]]`, shown(v))
	case !math.IsInf(last, 1):
		return fmt.Errorf(`found %s without a last edge "+Inf": what was above the others is wanted too`, shown(v))
	}
	return nil
}

func bucket(pair []byte) (b judge.Bucket, err error) {
	n := 0
	ok, err := elements(pair, func(v []byte) error {
		n++
		var err error
		switch {
		case n == 2:
			b.Count, err = count(v)
		case n > 2:
		case string(v) == `"+Inf"`:
			b.AtMost = math.Inf(1)
		case v[0] == '"':
			err = fmt.Errorf(`found the edge %s: wanted is a number or "+Inf"`, shown(v))
		default:
			b.AtMost, err = measured(v)
		}
		return err
	})
	if err == nil && (!ok || n != 2) {
		err = fmt.Errorf("found the bucket %s: wanted is [edge, count]", shown(pair))
	}
	return b, err
}

func edge(v float64) string {
	if math.IsInf(v, 0) {
		return `"+Inf"`
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// missing is a member that a line must have and has not.
type missing struct {
	member has
	name   string
	what   string
}

// check refuses a line that lacks a member, or has one too many, or says what cannot be.
func (l *line) check() error {
	must := []missing{{hasT, "t", "seconds since the bake began, below 0 before it"}, {hasMetric, "metric", "the name of what was measured"}}
	switch {
	case l.isGap():
		if l.has&^(hasT|hasMetric|hasGap) != 0 {
			return errors.New("gap: a line that says why there was no answer has t, metric and gap only")
		}
	case l.has&hasGap != 0 && l.has&(hasHost|hasArm|hasKind) == 0:
		return errors.New("gap is empty: wanted is why there was no answer")
	default:
		must = append(must, missing{hasHost, "host", "its name"}, missing{hasArm, "arm", "canary, baseline, canary-before or baseline-before"},
			missing{hasKind, "kind", "count, histogram or gauge"})
	}
	for _, m := range must {
		if l.has&m.member == 0 || m.member == hasMetric && l.metric == "" || m.member == hasHost && l.host == "" {
			return fmt.Errorf("%s is missing: %s", m.name, m.what)
		}
	}
	if l.isGap() {
		return nil
	}
	switch judge.Arm(l.arm) {
	case judge.CanaryBefore, judge.BaselineBefore:
	case judge.Canary, judge.Baseline:
		if l.t < 0 {
			return fmt.Errorf("t: found %s with arm %q: before the bake the arm is %q", plain(l.t), l.arm, judge.Arm(l.arm).Before())
		}
	default:
		return fmt.Errorf("arm: found %s: allowed are canary, baseline, canary-before and baseline-before", quoted(l.arm))
	}
	return l.holds()
}

// isGap reports whether it says why there was no answer.
func (l *line) isGap() bool { return l.gap != "" }

// isBefore reports whether it is of the time before the deploy.
func (l *line) isBefore() bool {
	return judge.Arm(l.arm) == judge.CanaryBefore || judge.Arm(l.arm) == judge.BaselineBefore || l.isGap() && l.t < 0
}

// holds checks that a line has what its kind has, and nothing else.
func (l *line) holds() error {
	var wants has
	var what string
	switch judge.Kind(l.kind) {
	case judge.Counts:
		wants, what = hasEvents|hasExposure, "a count has events and exposure, both of them"
	case judge.Gauge:
		wants, what = hasValue, "a gauge has a value"
	case judge.Histogram:
		wants, what = hasBuckets, "a histogram has buckets"
	default:
		return fmt.Errorf("kind: found %s: allowed are count, histogram and gauge", quoted(l.kind))
	}
	for _, m := range [...]missing{{member: hasEvents, name: "events"}, {member: hasExposure, name: "exposure"}, {member: hasValue, name: "value"}, {member: hasBuckets, name: "buckets"}} {
		switch {
		case wants&m.member == 0 && l.has&m.member != 0:
			return fmt.Errorf("%s: found in a %s: %s and nothing else", m.name, l.kind, what)
		case wants&m.member != 0 && l.has&m.member == 0:
			return fmt.Errorf("%s is missing: %s", m.name, what)
		}
	}
	if judge.Kind(l.kind) == judge.Counts {
		return l.counts()
	}
	return nil
}

// counts checks what is counted out of what.
func (l *line) counts() error {
	switch {
	case l.exposure == 0 && l.events > 0:
		return fmt.Errorf("events: found %s of exposure 0: no exposure has no events", plain(l.events))
	case l.exposure > 0 && l.exposure < leastExposure:
		return fmt.Errorf("exposure: found %s: allowed is 0, or at least %g", plain(l.exposure), leastExposure)
	case l.events > mostRatio*l.exposure:
		return fmt.Errorf("events: found %s of exposure %s: allowed are up to %g of 1", plain(l.events), plain(l.exposure), mostRatio)
	}
	return nil
}

// plain is a number as people write times: without an exponent, unless it would be of many digits.
func plain(v float64) string {
	if v != 0 && (math.Abs(v) < 1e-9 || math.Abs(v) >= 1e15) {
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}
