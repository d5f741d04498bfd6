package power

import (
	"math"
	"math/rand/v2"
)

// draws makes the counts of a bake that is only imagined.
type draws interface {
	poisson(mean float64) float64
}

// expected is a bake in which everything goes as it does on average.
type expected struct{}

func (expected) poisson(mean float64) float64 { return mean }

// seeded is chance that is the same every time.
type seeded struct{ *rand.Rand }

func newDraws(seed uint64) seeded { return seeded{rand.New(rand.NewPCG(seed, 0x51197a7))} }

// poisson counts arrivals; of many it takes the normal approximation.
func (s seeded) poisson(mean float64) float64 {
	const many = 60
	if mean > many {
		return max(0, math.Round(mean+math.Sqrt(mean)*s.NormFloat64()))
	}
	n, limit, p := 0.0, math.Exp(-mean), s.Float64()
	for p > limit {
		n++
		p *= s.Float64()
	}
	return n
}
