//go:build !lab

package e2e

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-deploy/slipway/lab"
	"github.com/slipway-deploy/slipway/lab/load"
)

// judgedByPrometheus is watched for longer than any test waits.
const judgedByPrometheus = `    max_out: 2
    rehearse: false
    stages:
      - internal: {hosts: 1}
      - canary:
          hosts: 1
          bake: {most: 1h}
          judge: {errors: {source: {prometheus: {address: %q, events: checkout_errors_total, exposure: checkout_requests_total, every: 1s}}, worse_by: 1.1x}}
      - complete: {waves: 2}
`

// TestASourceThatFallsSilent has Prometheus die while a canary is watched: the rollout is
// held, and says so; when Prometheus is back the watch goes on with what it counts.
func TestASourceThatFallsSilent(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a source is silent once it has not answered for half a minute")
	}
	if _, err := exec.LookPath("prometheus"); err != nil {
		t.Skipf("prometheus is not installed (apt-get install prometheus): %v", err)
	}
	p, info := onLocalFleet(t)
	source := newPrometheus(t, info)
	plan(t, info, "    stages: [{complete: {waves: 100%}}]\n")
	p.must(t, 0, "deploy", "1.0.0", "--yes", "--output", "json")
	source.start(t)
	plan(t, info, fmt.Sprintf(judgedByPrometheus, source.url))
	requests, err := load.Start(t.Context(), load.Config{URL: info.Public + "/cart", Rate: 60}, "all")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { requests.Stop() })

	r := p.start(t, "deploy", "1.1.0", "--yes")
	seen := r.until(t, "the judge counts", func(l line) bool { return l.counted() > 100 })
	source.kill(t)
	silent := r.next(t, "the judge has no data", func(l line) bool { return l.Type == "finding" && l.Verdict == "no data" })
	if !strings.Contains(silent.Reason, "errors") {
		t.Errorf("it does not say which metric is silent: %q", silent.Reason)
	}
	if now := p.status(t); now.Active == nil || now.Active.Phase != "running" {
		t.Errorf("the rollout was to be held where it is: %+v", now.Active)
	}
	source.start(t)
	back := r.next(t, "the judge counts again", func(l line) bool {
		return l.counted() > seen.counted()+100 && l.Verdict != "no data"
	})
	t.Logf("%q; then with %.0f requests: %s", silent.Reason, back.counted(), back.Verdict)
	p.must(t, 0, "promote", "--output", "json")
	if o := r.end(t); o.code != 0 || o.summary(t).Phase != "completed" {
		t.Errorf("it was to complete: %s", o)
	}
}

// counted is how many requests of the canary a finding is about.
func (l line) counted() float64 {
	if l.Type != "finding" || len(l.Metrics) == 0 {
		return 0
	}
	return l.Metrics[0].Canary.Requests
}

// prometheus is a real one that scrapes the hosts of a fleet.
type prometheus struct {
	url  string
	args []string
	cmd  *exec.Cmd
}

func newPrometheus(t *testing.T, info lab.Info) *prometheus {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listen := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n  - job_name: checkout\n    static_configs:\n")
	for _, h := range info.Hosts {
		fmt.Fprintf(&b, "      - {targets: [\"%s:%d\"], labels: {instance: %s}}\n", h.Address, info.Port, h.Name)
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(config, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &prometheus{url: "http://" + listen, args: []string{"--config.file=" + config,
		"--storage.tsdb.path=" + filepath.Join(dir, "data"), "--web.listen-address=" + listen, "--log.level=error"}}
	t.Cleanup(func() { p.kill(t) })
	return p
}

// start starts it, with what it kept, and waits until it answers.
func (p *prometheus) start(t *testing.T) {
	t.Helper()
	p.cmd = exec.CommandContext(context.WithoutCancel(t.Context()), "prometheus", p.args...)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "prometheus answers", func() error {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url+"/-/ready", nil)
		if err != nil {
			return err
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("it answers %s", answer.Status)
		}
		return nil
	})
}

func (p *prometheus) kill(t *testing.T) {
	t.Helper()
	if p.cmd == nil {
		return
	}
	if err := p.cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = p.cmd.Wait() // it was killed
	p.cmd = nil
}
