package record

import (
	"slices"
	"time"

	"github.com/slipway-deploy/slipway/internal/judge"
)

// entry is a line. A record may have millions: names are numbers.
type entry struct {
	at     time.Duration
	a, b   float64 // events and exposure, or a value
	line   uint32
	host   uint32 // of a gap: why
	counts place  // of a histogram
	metric uint16
	edges  uint8 // of a histogram
	arm    arm
}

// arm is an arm as a number. 0 is that of a gap.
type arm uint8

var arms = [...]judge.Arm{"", judge.Canary, judge.Baseline, judge.CanaryBefore, judge.BaselineBefore}

func armNumber(a judge.Arm) arm { return arm(slices.Index(arms[:], a)) }

// before reports whether it is of the time before the deploy, whatever its t says.
func (e *entry) before() bool { return e.arm >= 3 }

// list is entries in blocks, so that growing copies nothing.
type list struct {
	blocks [][]entry
	n      int
}

const block = 1 << 13

func (l *list) add(e entry) {
	switch {
	case l.n == 0:
		l.blocks = append(l.blocks, nil) // most records are of one look
	case l.n%block == 0:
		l.blocks = append(l.blocks, make([]entry, 0, block))
	}
	last := &l.blocks[len(l.blocks)-1]
	*last = append(*last, e)
	l.n++
}

func (l *list) at(i int) *entry { return &l.blocks[i/block][i%block] }

// arena holds the counts of histograms, one after the other.
type arena struct{ blocks [][]float64 }

// place is where in an arena something is.
type place uint32

const arenaBlock = 1 << 15

// keep keeps the counts of buckets.
func (a *arena) keep(buckets []judge.Bucket) place {
	n := len(a.blocks)
	if n == 0 || len(a.blocks[n-1])+len(buckets) > arenaBlock {
		a.blocks, n = append(a.blocks, nil), n+1
	}
	last := &a.blocks[n-1]
	at := place((n-1)*arenaBlock + len(*last))
	for _, b := range buckets {
		*last = append(*last, b.Count)
	}
	return at
}

// buckets puts what was kept together with its edges again.
func (a *arena) buckets(into []judge.Bucket, at place, edges []float64) []judge.Bucket {
	counts := a.blocks[at/arenaBlock][at%arenaBlock:]
	for i, e := range edges {
		into = append(into, judge.Bucket{AtMost: e, Count: counts[i]})
	}
	return into
}
