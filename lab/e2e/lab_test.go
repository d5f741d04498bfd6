//go:build lab

package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/lab"
)

// built is slipway as it is shipped, built once a run.
var built = sync.OnceValues(func() (string, error) { return build("slipway") })

// slipway returns the program as it is shipped, with a state of its own.
func slipway(t *testing.T, project string) program {
	t.Helper()
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return newProgram(t, path, project)
}

// up boots a lab for one test, and skips the test where hosts cannot boot.
func up(t *testing.T, cfg lab.Config) *lab.Lab {
	t.Helper()
	if err := lab.Supported(t.Context()); err != nil {
		t.Skip(err)
	}
	cfg.Name = fmt.Sprintf("e2e-%d-%s", os.Getpid(), cfg.Name)
	start := time.Now()
	l, err := lab.Up(t.Context(), cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lab.Down(context.Background(), cfg.Name); err != nil && !errors.Is(err, lab.ErrNone) {
			t.Error(err)
		}
	})
	t.Logf("a lab of %d hosts is up after %s", len(l.Info().Hosts), time.Since(start).Round(time.Second))
	return l
}

// on runs a command on a host, which must succeed.
func on(t *testing.T, l *lab.Lab, host string, argv ...string) string {
	t.Helper()
	// Not the test's context: cures of hosts are called when that has ended.
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	out, err := l.Run(ctx, host, argv...)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// installed checks what is installed on every host: the link or the package.
func installed(t *testing.T, l *lab.Lab, version string) {
	t.Helper()
	command, want := []string{"readlink", "/opt/checkout/current"}, "releases/"+version
	if l.Info().Format == lab.Deb {
		command, want = []string{"dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}", "checkout"}, "installed "+version
	}
	for _, h := range l.Info().Hosts {
		if got := on(t, l, h.Name, command...); got != want {
			t.Errorf("%s has %q installed, want %q", h.Name, got, want)
		}
	}
}

// held checks on which hosts the package is on hold, so that nothing upgrades it.
func held(t *testing.T, l *lab.Lab, want func(host string) bool) {
	t.Helper()
	if l.Info().Format != lab.Deb {
		return
	}
	for _, h := range l.Info().Hosts {
		got := on(t, l, h.Name, "apt-mark", "showhold") == "checkout"
		if got != want(h.Name) {
			t.Errorf("%s: the package is on hold: %v", h.Name, got)
		}
	}
}

// runs checks on the hosts themselves that a version is installed and answers on all.
func runs(t *testing.T, l *lab.Lab, version string) {
	t.Helper()
	installed(t, l, version)
	everywhere(t, l.Info(), version)
}

// stands waits until the balancers stand as they did: what was set must be so already,
// what their health checks find may take a moment.
func stands(t *testing.T, info lab.Info, before string) {
	t.Helper()
	eventually(t, "balancers as they were", func() error {
		if now := standing(t, info); now != before {
			return fmt.Errorf("they stand so:\n%sand stood so before:\n%s", now, before)
		}
		return nil
	})
}

// first installs the first version everywhere at once.
func (p program) first(t *testing.T, info lab.Info, version string) {
	t.Helper()
	plan(t, info, "    stages: [{complete: {waves: 100%}}]\n")
	o := p.must(t, 0, "deploy", version, "--yes", "--output", "json")
	everywhere(t, info, version)
	t.Logf("%s is everywhere after %s", version, o.took.Round(100*time.Millisecond))
}

// asksFor waits until the rollout waits for an approval.
func (r *running) asksFor(t *testing.T, stage string) {
	t.Helper()
	r.until(t, "stage "+stage+" needs an approval", func(l line) bool {
		return l.Phase == "waiting" && l.Stage == stage
	})
}

// answered asks a URL, and returns the version that answered.
func answered(t *testing.T, url string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s", url, answer.Status)
	}
	return answer.Header.Get("X-Version")
}

// everywhere checks that all hosts answer with a version.
func everywhere(t *testing.T, info lab.Info, version string) {
	t.Helper()
	for i, got := range answering(t, info) {
		if got != version {
			t.Errorf("%s answers with %s, want %s", info.Hosts[i].Name, got, version)
		}
	}
}
