package rival

import (
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/lab/judgebench/stream"
)

// A whole rollout through Slipway's judge: an hour before, and a bake of half an hour.
func BenchmarkSlipway(b *testing.B) {
	for b.Loop() {
		j, err := newSlipway(30 * time.Minute)
		if err != nil {
			b.Fatal(err)
		}
		r := stream.All()[0].Rollout(stream.Cell{Rate: 200, Share: 0.1}, stream.Healthy(), 1, 30*time.Minute)
		for k, ok := r.Next(); ok; k, ok = r.Next() {
			j.Look(Look(k.Tick, k.At == 30*time.Minute))
		}
	}
}
