package stream

import (
	"testing"
	"time"
)

func BenchmarkRollout(b *testing.B) {
	for _, s := range []Stream{All()[0], All()[5]} {
		for _, c := range []Cell{{20, 0.1}, {200, 0.1}, {1000, 0.1}} {
			b.Run(s.Name, func(b *testing.B) {
				for b.Loop() {
					r := s.Rollout(c, Healthy(), 1, 30*time.Minute)
					for _, ok := r.Next(); ok; _, ok = r.Next() {
					}
				}
			})
		}
	}
}
