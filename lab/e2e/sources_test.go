//go:build !lab

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/lab"
)

// server is a program that can be killed and started again.
type server struct {
	args, env []string
	dir       string
	listen    string

	cmd *exec.Cmd
	out bytes.Buffer
}

// serve starts a server, which the test's end kills.
func serve(t *testing.T, s *server) *server {
	t.Helper()
	t.Cleanup(func() { s.kill(t) })
	s.start(t)
	return s
}

// start starts it, with what it kept, and waits until it answers.
func (s *server) start(t *testing.T) {
	t.Helper()
	s.cmd = exec.CommandContext(context.WithoutCancel(t.Context()), s.args[0], s.args[1:]...)
	s.cmd.Dir, s.cmd.Env, s.cmd.Stdout, s.cmd.Stderr = s.dir, append(os.Environ(), s.env...), &s.out, &s.out
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, s.args[0]+" answers", func() error {
		c, err := net.Dial("tcp", s.listen)
		if err != nil {
			return err
		}
		return c.Close()
	})
}

// kill kills it and what it started; it may have been before.
func (s *server) kill(t *testing.T) {
	t.Helper()
	if s.cmd == nil {
		return
	}
	err := syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
	_ = s.cmd.Wait() // it was killed
	if err != nil {
		t.Errorf("%s has ended by itself: %v\n%s", s.args[0], err, s.out.String())
	}
	s.cmd = nil
}

// needs is where a program of a Debian package is; without it the test is skipped.
func needs(t *testing.T, program, pkg string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("%s is not installed (apt-get install %s)", program, pkg)
	}
	return path
}

// free is an address that nobody listens on. It is of the fleet's own network: from there
// nobody calls, so that no connection has it when it is listened on again.
func free(t *testing.T, info lab.Info) string {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(info.Balancers[0].Address, "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func written(t *testing.T, text string, path ...string) string {
	t.Helper()
	file := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

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
	program, listen, dir := needs(t, "prometheus", "prometheus"), free(t, info), t.TempDir()
	var b strings.Builder
	b.WriteString("global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n  - job_name: checkout\n    static_configs:\n")
	for _, h := range info.Hosts {
		fmt.Fprintf(&b, "      - {targets: [\"%s:%d\"], labels: {instance: %s}}\n", h.Address, info.Port, h.Name)
	}
	config := written(t, b.String(), dir, "prometheus.yml")
	p := source{manifest: fmt.Sprintf("prometheus: {address: %q, events: checkout_errors_total, exposure: checkout_requests_total, every: 1s}", "http://"+listen)}
	p.part = serve(t, &server{listen: listen, args: []string{program, "--config.file=" + config, "--storage.tsdb.path=" + filepath.Join(dir, "data"),
		"--web.listen-address=" + listen, "--log.level=error"}})
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
