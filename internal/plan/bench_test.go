package plan_test

import (
	"io"
	"testing"

	"github.com/slipway-deploy/slipway/internal/plan"
)

// BenchmarkBuild plans and prints a rollout to 10,000 hosts.
func BenchmarkBuild(b *testing.B) {
	in := world(b, balanced, 10_000)
	for b.Loop() {
		p, err := plan.Build(in)
		if err != nil {
			b.Fatal(err)
		}
		if err := plan.Text(io.Discard, p); err != nil {
			b.Fatal(err)
		}
	}
}
