package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/artifact"
	"github.com/slipway-deploy/slipway/internal/manifest"
	"github.com/slipway-deploy/slipway/lab"
	"github.com/slipway-deploy/slipway/lab/process"
	"github.com/slipway-deploy/slipway/lab/process/processtest"
)

// The test program is also the balancer's process, and the sample's where there is no Go.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == Command {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		err := Balance(ctx, os.Args[2])
		stop()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// own is the command that runs the balancer in a process of its own.
func own(t *testing.T) []string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return []string{self, Command}
}

func up(t *testing.T, cfg Config) *Fleet {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("go is not in PATH: the sample cannot be built")
	}
	dir, err := os.MkdirTemp("", "fleet") // t.TempDir's are too long for sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	cfg.Dir = dir
	f, err := Up(t.Context(), cfg, func(line string) { t.Log(line) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Down(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return f
}

// install does by hand what a deploy does: unpack, link, start.
func install(t *testing.T, i lab.Info, h lab.Host, version string) {
	t.Helper()
	path, ok := i.Artifact(version)
	if !ok {
		t.Fatalf("no artifact of %s", version)
	}
	release := filepath.Join(h.Root, "opt/checkout/releases", version)
	if err := os.MkdirAll(release, 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "tar", "-xzf", path, "-C", release).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	cmd := exec.Command(filepath.Join(release, "bin/checkout"))
	cmd.Env = []string{"ADDRESS=" + h.Address, fmt.Sprintf("PORT=%d", i.Port), "HOST=" + h.Name}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Log(out.String())
		}
	})
}

func fetch(t *testing.T, url string) (status int, version, host string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err.Error(), ""
	}
	defer response.Body.Close()
	io.Copy(io.Discard, response.Body)
	return response.StatusCode, response.Header.Get("X-Version"), response.Header.Get("X-Host")
}

func eventually(t *testing.T, what string, try func() error) {
	t.Helper()
	processtest.Eventually(t, what, 20*time.Second, try)
}

func TestFleet(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		own  bool
	}{{"balancer in this process", false}, {"balancer in its own process", true}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := Config{Hosts: 2}
			if c.own {
				cfg.Balancer = own(t)
			}
			f := up(t, cfg)
			i := f.Info()
			if status, _, _ := fetch(t, i.Public+"/cart"); status != 503 {
				t.Errorf("with nothing installed, public answers %d, want 503", status)
			}
			install(t, i, i.Hosts[0], "1.0.0")
			install(t, i, i.Hosts[1], "1.2.0")
			seen := map[string]bool{}
			eventually(t, "both hosts serve", func() error {
				status, version, host := fetch(t, i.Public+"/_status")
				seen[host+" "+version] = status == 200
				if !seen["web1 1.0.0"] || !seen["web2 1.2.0"] {
					return fmt.Errorf("seen %v", seen)
				}
				return nil
			})
			if status, _, _ := fetch(t, i.Internal+"/cart"); status != 503 {
				t.Errorf("internal answers %d while its servers are disabled, want 503", status)
			}
			if text, err := ask(t.Context(), i.Balancers[0].Socket, "set server checkout_internal/web2 state ready"); err != nil || text != "\n" {
				t.Errorf("the socket answers %q: %v", text, err)
			}
			if _, version, _ := fetch(t, i.Internal+"/_status"); version != "1.2.0" {
				t.Errorf("internal reaches version %q, want 1.2.0", version)
			}
			if err := f.Down(t.Context()); err != nil {
				t.Fatal(err)
			}
			gone(t, i)
		})
	}
}

// gone holds that nothing of a fleet is left.
func gone(t *testing.T, i lab.Info) {
	t.Helper()
	if _, err := os.Stat(i.Directory); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("its directory: %v", err)
	}
	if pids := processes(i.Directory); len(pids) > 0 {
		t.Errorf("its processes: %v", pids)
	}
	// Its addresses may be another fleet's by now, so they tell nothing.
	if pids := process.With(i.Balancers[0].Config); len(pids) > 0 {
		t.Errorf("its balancer: %v", pids)
	}
	if conn, err := net.Dial("unix", i.Balancers[0].Socket); err == nil {
		conn.Close()
		t.Error("its socket is still there")
	}
}

// Another process than the one that brought a fleet up can take it away.
func TestDownByDirectory(t *testing.T) {
	t.Parallel()
	a, b := up(t, Config{Hosts: 1, Balancer: own(t)}), up(t, Config{Hosts: 1})
	if a.Info().Public == b.Info().Public || a.Info().Hosts[0].Address == b.Info().Hosts[0].Address {
		t.Errorf("two fleets share addresses: %+v, %+v", a.Info(), b.Info())
	}
	install(t, a.Info(), a.Info().Hosts[0], "1.0.0")
	if err := Down(t.Context(), a.Info().Directory); err != nil {
		t.Fatal(err)
	}
	gone(t, a.Info())
	if err := Down(t.Context(), a.Info().Directory); !errors.Is(err, ErrNone) {
		t.Errorf("taking it away twice: %v, want ErrNone", err)
	}
	if status, _, _ := fetch(t, b.Info().Public+"/cart"); status != 503 {
		t.Errorf("the other fleet's balancer answers %d, want 503", status)
	}
}

// What a fleet writes is what Slipway reads.
func TestFilesAreReadable(t *testing.T) {
	t.Parallel()
	i := up(t, Config{Hosts: 3}).Info()
	path := filepath.Join(i.Project, manifest.Name)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := manifest.Parse(path, text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	env, err := m.Environment(Environment)
	if err != nil || env.Method.Local == nil || env.Method.Local.Directory != i.Fleet || env.Traffic.HAProxy.Sockets[0] != i.Balancers[0].Socket {
		t.Errorf("environment %+v: %v", env, err)
	}
	for _, a := range i.Artifacts {
		if a.Format != lab.Tarball {
			continue
		}
		info, err := artifact.Inspect(t.Context(), filepath.Join(i.Project, "dist", filepath.Base(a.Path)), artifact.Want{Name: "checkout", Version: a.Version})
		if err != nil || info.Digest != a.Digest || info.Arch != a.Arch {
			t.Errorf("%s: %+v: %v", a.Path, info, err)
		}
	}
}

func TestWrongConfig(t *testing.T) {
	t.Parallel()
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		cfg  Config
		want string
	}{
		{Config{Dir: "relative"}, `"relative": a local fleet's is absolute`},
		{Config{Dir: "/x", Hosts: -1}, "of -1 hosts: it can have 1 to 200"},
		{Config{Dir: "/x", Hosts: 201}, "of 201 hosts"},
		{Config{Dir: "/" + strings.Repeat("x", 100)}, "has 101 letters"},
		{Config{Dir: full}, "is not empty"},
	} {
		if _, err := Up(t.Context(), c.cfg, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.cfg, err, c.want)
		}
	}
}

// A balancer that does not start is told, and leaves nothing.
func TestBalancerDoesNotStart(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "fleet")
	if err != nil {
		t.Fatal(err)
	}
	_, err = Up(t.Context(), Config{Dir: dir, Hosts: 1, Balancer: []string{"sh", "-c", "echo no such luck >&2; exit 3"}}, nil)
	if err == nil || !strings.Contains(err.Error(), "no such luck") {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("its directory is left: %v", err)
	}
	if err := Balance(t.Context(), filepath.Join(dir, "nope")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}
