//go:build !lab

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/lab"
	"github.com/slipway-deploy/slipway/lab/process/processtest"
)

// fetch reads a JSON document, or only asks for it.
func fetch(ctx context.Context, url string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, answer.Status)
	}
	if into == nil {
		return nil
	}
	return json.NewDecoder(answer.Body).Decode(into)
}

// did is what a process of the sample has done since it began, by itself.
type did struct {
	Version  string  `json:"version"`
	Failed   float64 `json:"failed"`
	Requests float64 `json:"requests"`
}

func (d did) counts() counts { return counts{Events: d.Failed, Requests: d.Requests} }

// does asks a host itself.
func does(ctx context.Context, info lab.Info, h lab.Host) (d did, err error) {
	err = fetch(ctx, fmt.Sprintf("http://%s:%d/_status", h.Address, info.Port), &d)
	return d, err
}

// newPrometheus is a real one that scrapes the hosts of a fleet.
func newPrometheus(t *testing.T, info lab.Info) source {
	t.Helper()
	// The address is of the fleet's own network: from there nobody calls, so that no connection
	// has it when it is listened on again.
	program, listen, dir := processtest.Program(t, "prometheus", "prometheus"), processtest.Free(t, info.Balancers[0].Address).String(), t.TempDir()
	var b strings.Builder
	b.WriteString("global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n  - job_name: checkout\n    static_configs:\n")
	for _, h := range info.Hosts {
		fmt.Fprintf(&b, "      - {targets: [\"%s:%d\"], labels: {instance: %s}}\n", h.Address, info.Port, h.Name)
	}
	config := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(config, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	p := source{manifest: fmt.Sprintf("prometheus: {address: %q, events: checkout_errors_total, exposure: checkout_requests_total, every: 1s}", "http://"+listen)}
	p.part = &processtest.Server{Address: listen, Args: []string{program, "--config.file=" + config, "--storage.tsdb.path=" + filepath.Join(dir, "data"),
		"--web.listen-address=" + listen, "--log.level=error"}}
	p.part.Start(t)
	eventually(t, "all hosts are scraped", func() error {
		var answer struct{ Data struct{ Result []any } }
		if err := fetch(t.Context(), "http://"+listen+"/api/v1/query?query=checkout_requests_total", &answer); err != nil {
			return err
		}
		if n := len(answer.Data.Result); n != len(info.Hosts) {
			return fmt.Errorf("%d of %d are", n, len(info.Hosts))
		}
		return nil
	})
	return p
}
