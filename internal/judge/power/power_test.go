package power

import (
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/judge"
)

func TestOutlooks(t *testing.T) {
	t.Parallel()
	s := Scenario{Rate: 200, Share: 0.1, Canary: 1, ErrorRate: 0.001, Before: 20 * time.Minute, Most: 10 * time.Minute, Runs: 9}
	out, err := Of(judge.Metric{Name: "errors", WorseBy: 1.3}, s, []float64{1.2, 3, 20})
	if err != nil {
		t.Fatal(err)
	}
	never, slow, fast := out.Cases[0], out.Cases[1], out.Cases[2]
	if never.Found != 0 || never.Better != 0 || !strings.Contains(never.Words, "no share of this traffic is enough") {
		t.Errorf("1.2 times: %+v", never)
	}
	if slow.Found > fast.Found || fast.Median == 0 || fast.Median > 2*time.Minute || fast.Ninety < fast.Median {
		t.Errorf("%+v and %+v", slow, fast)
	}
	for _, c := range []Scenario{{}, {Rate: 1, Share: 1}, {Rate: 1, Share: 0.5}, {Rate: 1, Share: 0.5, ErrorRate: 0.1}, {Rate: 1, Share: 0.5, ErrorRate: 0.1, Most: 1e18}} {
		if _, err := Of(judge.Metric{Name: "errors", WorseBy: 1.3}, c, []float64{2}); err == nil {
			t.Errorf("%+v was taken", c)
		}
	}
	if again, err := Of(judge.Metric{Name: "errors", WorseBy: 1.3}, s, []float64{20}); err != nil || again.Cases[0] != fast {
		t.Errorf("the same asked twice: %+v and %+v", again.Cases, fast)
	}
}
