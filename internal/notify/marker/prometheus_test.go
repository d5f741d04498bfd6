package marker

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/slipway-deploy/slipway/internal/notify"
	"github.com/slipway-deploy/slipway/internal/notify/notifytest"
	"github.com/slipway-deploy/slipway/internal/rollout"
	"github.com/slipway-deploy/slipway/lab/process/processtest"
)

// TestPrometheus: several services share a file, also at the same time; promtool finds
// nothing to blame, and node_exporter shows it.
func TestPrometheus(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := &Prometheus{File: filepath.Join(dir, "slipway.prom")}
	if err := p.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for _, service := range []string{"checkout", "cart", `odd "name" \ of` + "\nlines"} {
		all.Go(func() {
			plan := notifytest.Plan("R-" + service)
			plan.Service = service
			for _, n := range notifytest.Notices() {
				if _, err := p.Send(t.Context(), notify.Compose(plan, n), &notify.Memory{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	text, err := os.ReadFile(p.File)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`slipway_rollout_info{service="checkout",environment="production",version="2.4.1",before="2.4.0",state="completed"} 1`,
		`slipway_rollout_hosts{service="cart",environment="production",state="updated"} 12`,
		`slipway_rollout_info{service="odd \"name\" \\ of\nlines",environment="production",version="2.4.1",before="2.4.0",state="completed"} 1`,
	} {
		if strings.Count(string(text), want) != 1 {
			t.Errorf("the file lacks %s:\n%s", want, text)
		}
	}
	if got := strings.Count(string(text), "slipway_rollout_info{"); got != 3 {
		t.Errorf("%d services, want 3:\n%s", got, text)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".slipway-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	lint(t, text)
	scraped(t, dir)
}

func lint(t *testing.T, text []byte) {
	t.Helper()
	promtool := exec.CommandContext(t.Context(), processtest.Program(t, "promtool", "prometheus"), "check", "metrics")
	promtool.Stdin = strings.NewReader(string(text))
	if out, err := promtool.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("promtool: %v: %s", err, out)
	}
}

// scraped reads the metrics through node_exporter.
func scraped(t *testing.T, dir string) {
	t.Helper()
	exporter := processtest.Program(t, "prometheus-node-exporter", "prometheus-node-exporter")
	address := processtest.Free(t, processtest.Loopback).String()
	server := &processtest.Server{Dir: dir, Address: address, Args: []string{exporter, "--collector.disable-defaults", "--collector.textfile",
		"--collector.textfile.directory=" + dir, "--web.listen-address=" + address}}
	server.Start(t)
	r, err := http.Get("http://" + address + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "node_textfile_scrape_error 0") || strings.Count(string(text), "slipway_rollout_info{") != 3 {
		t.Errorf("node_exporter shows:\n%s", text)
	}
}

// TestPrometheusState: a reminder is not a state, and a stage is.
func TestPrometheusState(t *testing.T) {
	t.Parallel()
	for kind, want := range map[rollout.NoticeKind]string{
		rollout.NoticeReminder: "waiting", rollout.NoticeLeft: "running", rollout.NoticeAborted: "restoring", rollout.NoticePerson: "needs a person",
	} {
		if got := state(notify.Message{Kind: kind}); got != want {
			t.Errorf("%s is %q, want %q", kind, got, want)
		}
	}
}
