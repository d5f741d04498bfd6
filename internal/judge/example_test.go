package judge_test

import (
	"fmt"
	"time"

	"github.com/slipway-deploy/slipway/internal/judge"
)

// A bake: look every few seconds, stop when the finding ends it.
func Example() {
	state, err := judge.New(judge.Config{Metrics: []judge.Metric{{Name: "errors", WorseBy: 1.5, AtMost: 0.01}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	const least, most = 30 * time.Second, 15 * time.Minute
	var finding judge.Finding
	for at := 5 * time.Second; ; at += 5 * time.Second {
		// What the source counted since the last look.
		tick := judge.Tick{At: at, Samples: []judge.Sample{
			{Arm: judge.Canary, Host: "web1", Metric: "errors", Events: 5, Exposure: 100},
			{Arm: judge.Baseline, Host: "web2", Metric: "errors", Events: 0, Exposure: 500},
		}}
		state.Look(tick)
		if finding = state.Finding(); finding.Ends(least, most) {
			break
		}
	}
	fmt.Println(finding.Verdict, "after", finding.At)
	fmt.Println(finding.Reason)
	// Output:
	// fail after 25s
	// errors: canary 5 % (25 of 500; 3.41 % to 7.28 %), baseline 0 % (0 of 2500; 0 % to 0.153 %): worse than 1 %, evidence 1272 to 1
}
