package rival

import "time"

// bake only waits: it aborts when more than a share of a minute's requests fail.
type bake struct {
	lasts time.Duration
	most  float64

	window Side
}

func newBake(lasts time.Duration, most float64) func(time.Duration) (Judge, error) {
	return func(time.Duration) (Judge, error) { return &bake{lasts: lasts, most: most}, nil }
}

func (b *bake) Look(t Seen) Verdict {
	b.window.add(t.Canary)
	if t.At > 0 && t.At%time.Minute == 0 {
		if b.window.success() < 1-b.most {
			return Abort
		}
		b.window = Side{}
	}
	if t.Last || t.At >= b.lasts {
		return Promote
	}
	return Wait
}
