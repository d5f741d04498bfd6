package judgelab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// prometheus starts a real one that scrapes every host, and returns what ends it.
func (f *fleet) prometheus(ctx context.Context) (stop func(), err error) {
	program, err := exec.LookPath("prometheus")
	if err != nil {
		return nil, errors.New("prometheus is not installed: apt-get install prometheus")
	}
	var targets strings.Builder
	for _, h := range f.info.Hosts {
		fmt.Fprintf(&targets, "      - {targets: [\"%s:%d\"], labels: {instance: %s}}\n", h.Address, f.info.Port, h.Name)
	}
	config := filepath.Join(f.dir, "prometheus.yml")
	text := "global: {scrape_interval: 5s, scrape_timeout: 4s}\nscrape_configs:\n  - job_name: checkout\n    static_configs:\n" + targets.String()
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		return nil, err
	}
	listen, err := free(ctx)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, program, "--config.file="+config, "--storage.tsdb.path="+filepath.Join(f.dir, "prometheus"),
		"--web.listen-address="+listen, "--log.level=error")
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	stop = func() {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()
	}
	f.address = "http://" + listen
	if err := answers(ctx, f.address+"/-/ready"); err != nil {
		stop()
		return nil, fmt.Errorf("start prometheus: %w", err)
	}
	return stop, nil
}

// free is an address that nobody listens on.
func free(ctx context.Context) (string, error) {
	var listen net.ListenConfig
	l, err := listen.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// answers waits until a URL is answered with success.
func answers(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		if waited := pause(ctx, 100*time.Millisecond); waited != nil {
			return errors.Join(waited, err)
		}
	}
}
