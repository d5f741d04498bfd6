//go:build !lab

package e2e

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/lab"
)

// plain is slipway built as it is shipped, once a run.
var plain = sync.OnceValues(func() (string, error) { return build("slipway") })

// onLocalFleet is slipway with a local fleet of four hosts and two versions kept.
func onLocalFleet(t *testing.T) (program, lab.Info) {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skipf("slipway and the sample cannot be built: %v", err)
	}
	path, err := plain()
	if err != nil {
		t.Fatal(err)
	}
	info := localFleet(t, 4)
	p := newProgram(t, path, info.Project)
	p.keep(t, info, "1.0.0", "1.1.0")
	return p, info
}

// TestToldAfterAll has a channel fail in every way there is while a release goes out.
// Nothing of the rollout changes; once the channels are mended every message arrives
// once, and in order.
func TestToldAfterAll(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("deploys, and waits for what is tried again")
	}
	p, info := onLocalFleet(t)
	all := map[string]*receiver{
		"fine": receive(t, false, nil), "down": receive(t, false, nil), "slow": receive(t, false, stall(t.Context())), "limited": receive(t, false, limited),
		"broken": receive(t, false, broken), "half": receive(t, false, halfWay), "untrusted": receive(t, true, nil),
	}
	all["down"].down()
	plan(t, info, fmt.Sprintf(shortStages, info.Port)+channels(all, ""))
	o := p.must(t, 0, "deploy", "1.0.0", "--yes", "--output", "json")
	id := o.summary(t).ID
	t.Logf("deployed in %s with six channels that fail", o.took.Round(time.Millisecond))
	for name, r := range all {
		if n := len(r.accepted()); (n > 0) != (name == "fine") {
			t.Errorf("channel %s accepted %d messages", name, n)
		}
		if name != "fine" && !strings.Contains(o.errs, name+": ") {
			t.Errorf("deploy does not say what %s was not told: %s", name, o.errs)
		}
		r.mend()
	}
	all["down"].up(t)
	p = p.with("SSL_CERT_FILE=" + all["untrusted"].trusted(t))
	eventually(t, "all is delivered", func() error {
		p.must(t, 0, "notify", "deliver", "--for", "10s")
		for name := range all {
			if _, done := p.told(t, id, name); !done {
				return fmt.Errorf("%s was not told all", name)
			}
		}
		return nil
	})
	for name, r := range all {
		want, _ := p.told(t, id, name)
		if got := r.accepted(); len(want) < 6 || !slices.Equal(got, want) {
			t.Errorf("%s was told %q, want %q", name, got, want)
		}
	}
}
