package judge

import (
	"fmt"
	"iter"
	"time"
)

// Span is how long a bake lasts that is judged again.
type Span struct {
	// Least is how long it lasts when everything is well: a pass ends it from then on.
	Least time.Duration
	// Most is when it ends whatever is known; 0: where the record ends.
	Most time.Duration
}

// Replayed is a record judged again.
type Replayed struct {
	// Final is a fail, wherever in the record it was sure, or else what stands at the end.
	Final Finding
	// Passed is the finding with which a bake would have ended well; nil when none does. What came
	// later is judged all the same: a fault may set in after it.
	Passed *Finding
	// Series is findings over time, the last of them Final, for a picture.
	Series []Finding
	Looks  int
	// Before is how many ticks of the time before the deploy were learnt from.
	Before int
	// Config is what it was judged by, with its defaults.
	Config Config
}

// seriesLimit is how many findings a picture needs.
const seriesLimit = 400

// Replay judges looks again, in order of time.
func Replay(c Config, looks iter.Seq[Tick], span Span) (Replayed, error) {
	s, err := New(c)
	if err != nil {
		return Replayed{}, fmt.Errorf("replay: %w", err)
	}
	r := Replayed{Config: s.config}
	every := 1
	for t := range looks {
		if span.Most > 0 && t.At > span.Most {
			s.at = span.Most
			break
		}
		s.Look(t)
		if t.At < 0 {
			r.Before++
			continue
		}
		r.Looks++
		v := s.Verdict()
		if v == Fail {
			r.ends(s.Finding())
			return r, nil
		}
		if r.Passed == nil && v == Pass && t.At >= span.Least && s.endsWith(t) {
			f := s.Finding()
			r.Passed = &f
		}
		if (r.Looks-1)%every == 0 {
			r.Series = append(r.Series, s.Finding())
		}
		if len(r.Series) >= 2*seriesLimit {
			r.thin()
			every *= 2
		}
	}
	r.ends(s.finding(true))
	if r.Passed == nil && r.Final.Verdict == Pass && span.Most > 0 && r.Final.At >= span.Most {
		r.Passed = &r.Final
	}
	return r, nil
}

// endsWith reports whether a pass at this look ends a bake: not when it left something open that
// counts, for that may be what is wrong, and not when nothing counts.
func (s *State) endsWith(t Tick) bool {
	counts := false
	for _, k := range s.metrics {
		if k.DryRun {
			continue
		}
		counts = true
		if t.Gap != "" || t.Gaps[k.Name] != "" {
			return false
		}
	}
	return counts
}

func (r *Replayed) ends(f Finding) {
	r.Final = f
	r.Series = append(r.Series, f)
}

// thin leaves out every second finding of the series.
func (r *Replayed) thin() {
	kept := r.Series[:0]
	for i := 0; i < len(r.Series); i += 2 {
		kept = append(kept, r.Series[i])
	}
	clear(r.Series[len(kept):])
	r.Series = kept
}
