package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/slipway-deploy/slipway/internal/cli/view"
	"github.com/slipway-deploy/slipway/internal/rollout"
	"github.com/slipway-deploy/slipway/lab/load"
)

// demoReport is what a demo shows, in text and as JSON.
type demoReport struct {
	Fleet    string         `json:"fleet"`         // lab or local
	Why      string         `json:"why,omitempty"` // why no lab
	Rate     int            `json:"rate"`
	Started  time.Time      `json:"started"`
	Seconds  float64        `json:"seconds"`
	Requests load.Report    `json:"requests"`
	Lost     int            `json:"lost"` // failed, and not by the bad version's own doing
	Rollouts []view.Summary `json:"rollouts"`
	Hosts    []demoHost     `json:"hosts"`
	// BalancersEqual is true when the balancers are set as before the bad version.
	BalancersEqual bool `json:"balancers_equal"`
	OK             bool `json:"ok"` // everything above is as it should be
	// Stopped says why the demo ended before its last rollout, and Hint what to do.
	Stopped string `json:"stopped,omitempty"`
	Hint    string `json:"hint,omitempty"`
}

// demoHost is one host around the rollout of the bad version.
type demoHost struct {
	Name    string `json:"name"`
	Before  string `json:"before"`
	After   string `json:"after"`
	Changed bool   `json:"changed"`
	Equal   bool   `json:"equal"` // read back equal to its recorded state; true when never changed
}

// finish fills in what follows from the rollouts and the requests.
func (r *demoReport) finish(now time.Time, balancersEqual bool) {
	r.Seconds = float64(now.Sub(r.Started).Milliseconds()) / 1000
	r.BalancersEqual = balancersEqual
	const bad = "1.2.0"
	r.Lost = r.Requests.Sent - r.Requests.OK - r.Requests.Version(bad).Failed
	r.OK = r.Lost == 0 && balancersEqual && len(r.Rollouts) == 3 &&
		r.Rollouts[0].Phase == rollout.Completed && r.Rollouts[1].Phase == rollout.Completed && r.Rollouts[2].Phase == rollout.Restored
	if len(r.Rollouts) < 3 {
		return
	}
	for _, h := range r.Rollouts[2].Hosts {
		host := demoHost{Name: h.Name, Before: h.Before, After: h.Now, Changed: h.Changed, Equal: !h.Changed || h.Restored}
		r.OK = r.OK && host.Equal && host.Before == host.After
		r.Hosts = append(r.Hosts, host)
	}
}

// asExpected is nil when the demo showed what it should.
func (r demoReport) asExpected() error {
	switch {
	case r.OK:
		return nil
	case r.Stopped != "":
		return r.stoppedAs()
	case len(r.Rollouts) < 3 || r.Rollouts[2].Phase != rollout.Restored:
		return ended{phase: rollout.NeedsPerson, code: exitPerson}
	}
	return ended{phase: rollout.Restored, code: exitRestored}
}

// stoppedAs is the exit of a demo that ended early: that of a deploy which ended so, and
// a refusal where the rollout waits.
func (r demoReport) stoppedAs() error {
	last := r.Rollouts[len(r.Rollouts)-1].Phase
	if err := endedAs(last, rollout.Completed); err != nil {
		return err
	}
	return ended{phase: last, code: exitRefused}
}

func (r demoReport) text(t view.Theme) string {
	if r.Stopped != "" {
		return r.requests(t) + "\nthe demo stops here: " + r.Stopped + "\n  " + strings.ReplaceAll(r.Hint, "\n", "\n  ") + "\n"
	}
	var b strings.Builder
	b.WriteString(r.requests(t))
	b.WriteString("\nhosts around 1.2.0\n")
	var rows [][]string
	for _, h := range r.Hosts {
		rows = append(rows, []string{"  " + h.Name, h.Before, h.After, yes(h.Changed), yes(h.Equal)})
	}
	b.WriteString(t.Table([]string{"  host", "before", "after", "changed", "read back equal"}, rows))
	fmt.Fprintf(&b, "\n%s requests, %d lost; balancers as before: %s; took %s\n",
		fmt.Sprint(r.Requests.Sent), r.Lost, yes(r.BalancersEqual), view.Short(time.Duration(r.Seconds*float64(time.Second))))
	return b.String()
}

// requests is what became of them, while each thing went on; nothing before the first.
func (r demoReport) requests(t view.Theme) string {
	if len(r.Requests.Phases) == 0 {
		return ""
	}
	var rows [][]string
	for _, p := range r.Requests.Phases {
		rows = append(rows, []string{
			"  " + p.Name, fmt.Sprint(p.Sent), fmt.Sprint(p.OK), fmt.Sprint(p.Failures(load.Service)),
			fmt.Sprint(p.Failures(load.Balancer, load.Transport, load.Unsent)), p.Latency.P99.Round(100 * time.Microsecond).String(),
		})
	}
	return "\nrequests\n" + t.Table([]string{"  while", "sent", "ok", "service error", "lost", "p99"}, rows)
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
