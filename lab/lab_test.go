//go:build lab

package lab_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/lab"
	"github.com/slipway-deploy/slipway/lab/process/processtest"
)

// up boots a lab for one test, and skips the test where hosts cannot boot.
func up(t *testing.T, cfg lab.Config) *lab.Lab {
	t.Helper()
	if err := lab.Supported(t.Context()); err != nil {
		t.Skip(err)
	}
	cfg.Name = fmt.Sprintf("test-%d-%s", os.Getpid(), cfg.Name)
	l, err := lab.Up(t.Context(), cfg, func(line string) { t.Log(line) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lab.Down(context.Background(), cfg.Name); err != nil && !errors.Is(err, lab.ErrNone) {
			t.Error(err)
		}
	})
	return l
}

// left lists what of a lab this machine has: network, mounts, processes, files.
func left(t *testing.T, info lab.Info) []string {
	t.Helper()
	var found []string
	links, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range links {
		if l.Name == info.Bridge || slices.ContainsFunc(info.Hosts, func(h lab.Host) bool { return h.Link == l.Name }) {
			found = append(found, "interface "+l.Name)
		}
	}
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Fatal(err)
	}
	mark := info.Bridge + "-" // network namespaces, disks and control groups are called so
	for line := range strings.Lines(string(mounts)) {
		if strings.Contains(line, info.Directory+"/") || strings.Contains(line, mark) {
			found = append(found, "mount "+strings.TrimSpace(line))
		}
	}
	commands, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range commands {
		text, err := os.ReadFile(path)
		if err == nil && (strings.Contains(string(text), info.Directory+"/") || strings.Contains(string(text), mark)) {
			found = append(found, "process "+strings.ReplaceAll(string(text), "\x00", " "))
		}
	}
	for _, pattern := range []string{info.Directory, "/var/lib/slipway-lab/" + info.Name + "*", "/run/netns/" + mark + "*", "/sys/fs/cgroup/*/" + mark + "*", "/sys/fs/cgroup/" + mark + "*"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, paths...)
	}
	return found
}

func body(t *testing.T, url string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return response.StatusCode, err.Error()
	}
	return response.StatusCode, string(text)
}

// eventually tries until it works or half a minute has passed.
func eventually(t *testing.T, what string, try func() error) {
	t.Helper()
	processtest.Eventually(t, what, 30*time.Second, try)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func serves(t *testing.T, url, want string) {
	t.Helper()
	eventually(t, url, func() error {
		if code, text := body(t, url); code != 200 || !strings.Contains(text, want) {
			return fmt.Errorf("answered %d %q, want %q", code, text, want)
		}
		return nil
	})
}

// install puts a version on a host the way a person would.
func install(t *testing.T, l *lab.Lab, host, version string) {
	t.Helper()
	info := l.Info()
	path, ok := info.Artifact(version)
	if !ok {
		t.Fatalf("no artifact of %s in %s", version, info.Format)
	}
	h, _ := info.Host(host)
	to := "/var/tmp/" + filepath.Base(path) // /tmp of a host is not on its disk
	content, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(h.Root, to), content, 0o644))
	script := `set -e; mkdir -p /opt/checkout/releases/` + version + `; tar -xzf ` + to + ` -C /opt/checkout/releases/` + version + `
ln -sfn releases/` + version + ` /opt/checkout/current; systemctl restart checkout`
	if info.Format == lab.Deb {
		script = `set -e; apt-get install -y --allow-downgrades ` + to + `; systemctl restart checkout`
	}
	if out, err := l.Run(t.Context(), host, "sh", "-c", script); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

func TestTwoLabsSideBySide(t *testing.T) {
	t.Parallel()
	a := up(t, lab.Config{Name: "a", Hosts: 3})
	b := up(t, lab.Config{Name: "b", Hosts: 2, Format: lab.Deb, Balancers: 2, Dir: t.TempDir() + "/lab"})
	if a.Info().Network == b.Info().Network {
		t.Fatalf("both labs have network %s", a.Info().Network)
	}
	for _, l := range []*lab.Lab{a, b} {
		info := l.Info()
		cmd := exec.CommandContext(t.Context(), "ansible", "-i", info.Inventory, "checkout", "-m", "command", "-a", "id -u")
		cmd.Env = append(os.Environ(), "ANSIBLE_NOCOLOR=1", "HOME="+t.TempDir())
		out, err := cmd.CombinedOutput()
		if n := strings.Count(string(out), "CHANGED | rc=0 >>\n0\n"); err != nil || n != len(info.Hosts) {
			t.Errorf("ansible became root on %d of %d hosts: %v\n%s", n, len(info.Hosts), err, out)
		}
		for _, h := range info.Hosts {
			state, err := l.Run(t.Context(), h.Name, "systemctl", "is-system-running", "--wait")
			if err != nil || strings.TrimSpace(string(state)) != "running" {
				t.Errorf("%s is %q: %v", h.Name, state, err)
			}
			load, err := l.Run(t.Context(), h.Name, "systemctl", "show", "-p", "LoadState,ActiveState", "checkout")
			want := map[string]string{lab.Tarball: "LoadState=loaded\nActiveState=inactive", lab.Deb: "LoadState=not-found\nActiveState=inactive"}[info.Format]
			if err != nil || strings.TrimSpace(string(load)) != want {
				t.Errorf("unit on %s is %q, want %q: %v", h.Name, load, want, err)
			}
			install(t, l, h.Name, "1.0.0")
		}
		for _, lb := range info.Balancers {
			serves(t, lb.Public+"/cart", "EUR")
			serves(t, lb.Public+"/_status", `"version":"1.0.0"`)
			if code, _ := body(t, lb.Internal+"/cart"); code != 503 {
				t.Errorf("internal side answers %d before any server is enabled, want 503", code)
			}
			if code, _ := body(t, lb.Public+"/_set?fail=1"); code != 403 {
				t.Errorf("/_set in public answers %d, want 403", code)
			}
			serves(t, lb.Stats, "checkout_internal")
		}
	}
	aInfo, bInfo := a.Info(), b.Info()
	must(t, a.Down(t.Context()))
	if found := left(t, aInfo); len(found) > 0 {
		t.Errorf("the first lab left behind:\n%s", strings.Join(found, "\n"))
	}
	serves(t, bInfo.Public+"/cart", "EUR") // the other one does not notice
	must(t, b.Down(t.Context()))
	if found := left(t, bInfo); len(found) > 0 {
		t.Errorf("the second lab left behind:\n%s", strings.Join(found, "\n"))
	}
	if err := lab.Down(t.Context(), aInfo.Name); !errors.Is(err, lab.ErrNone) {
		t.Errorf("taking it away twice: %v, want ErrNone", err)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	l := up(t, lab.Config{Name: "faults", Hosts: 2})
	info, ctx := l.Info(), t.Context()
	status := "http://" + info.Hosts[0].Address + ":8080/_status"
	install(t, l, "web1", "1.1.0")
	serves(t, status, `"host":"web1"`)

	t.Run("a version that does not start", func(t *testing.T) {
		path, _ := info.Artifact("1.3.0")
		if _, err := os.Stat(path); err != nil {
			t.Fatal(err)
		}
		_, err := l.Run(ctx, "web2", "systemctl", "start", "checkout")
		if err == nil {
			t.Error("a unit without a program starts")
		}
	})
	t.Run("cut and heal", func(t *testing.T) {
		must(t, l.Cut(ctx, "web1"))
		client := http.Client{Timeout: 500 * time.Millisecond}
		if r, err := client.Get(status); err == nil {
			r.Body.Close()
			t.Errorf("a host without a cable answers %s", r.Status)
		}
		must(t, l.Heal(ctx, "web1"))
		serves(t, status, "1.1.0")
	})
	t.Run("fill and empty", func(t *testing.T) {
		must(t, l.Fill(ctx, "web1", 1<<20))
		write := []string{"dd", "if=/dev/zero", "of=/opt/big", "bs=1M", "count=16"}
		if _, err := l.Run(ctx, "web1", write...); err == nil || !strings.Contains(err.Error(), "No space left") {
			t.Errorf("writing 16 MiB to a full disk: %v", err)
		}
		must(t, l.Empty(ctx, "web1"))
		_, err := l.Run(ctx, "web1", write...)
		must(t, err)
	})
	t.Run("stop and start", func(t *testing.T) {
		before := l.Info().Hosts[0].PID
		must(t, l.Stop(ctx, "web1"))
		if pid := l.Info().Hosts[0].PID; pid != 0 {
			t.Errorf("a stopped host has pid %d", pid)
		}
		must(t, l.Start(ctx, "web1"))
		if pid := l.Info().Hosts[0].PID; pid == 0 || pid == before {
			t.Errorf("a started host has pid %d, before %d", pid, before)
		}
		_, err := l.Run(ctx, "web1", "systemctl", "start", "checkout") // its disk is as it was
		must(t, err)
		serves(t, status, "1.1.0")
		must(t, l.Kill(ctx, "web1"))
		must(t, l.Start(ctx, "web1"))
	})
	t.Run("a service stops on one host alone", func(t *testing.T) {
		install(t, l, "web1", "1.0.0")
		install(t, l, "web2", "1.0.0")
		start := time.Now()
		_, err := l.Run(ctx, "web1", "systemctl", "stop", "checkout")
		must(t, err)
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("stopping took %s: does it wait for the other host's process?", took)
		}
		serves(t, "http://"+info.Hosts[1].Address+":8080/_status", "1.0.0")
	})
	t.Run("reload keeps state", func(t *testing.T) {
		lb := l.Info().Balancers[0]
		tell := func(command string) string {
			cmd := exec.CommandContext(ctx, "socat", "-", "UNIX-CONNECT:"+lb.Socket)
			cmd.Stdin = strings.NewReader(command + "\n")
			out, err := cmd.Output()
			must(t, err)
			return string(out)
		}
		if out := strings.TrimSpace(tell("set server checkout/web1 state maint")); out != "" {
			t.Fatal(out)
		}
		tell("set server checkout/web2 weight 50")
		must(t, l.Reload(ctx, "lb1"))
		eventually(t, "the new process serves", func() error {
			if now := l.Info().Balancers[0].PID; now == 0 || now == lb.PID {
				return fmt.Errorf("pid %d, before %d", now, lb.PID)
			}
			return nil
		})
		if weight := tell("get weight checkout/web2"); !strings.HasPrefix(weight, "50 ") {
			t.Errorf("weight after a reload is %q", weight)
		}
		if state := tell("show servers state checkout"); !strings.Contains(state, "web1 10.231.") || !strings.Contains(state, " 0 1 100 100 ") {
			t.Errorf("state after a reload is\n%s", state)
		}
	})
	t.Run("no such host", func(t *testing.T) {
		if err := l.Cut(ctx, "web9"); err == nil || !strings.Contains(err.Error(), "it has web1 to web2") {
			t.Error(err)
		}
	})
}

// A coming up that is cancelled takes away what it made.
func TestCancelled(t *testing.T) {
	t.Parallel()
	if err := lab.Supported(t.Context()); err != nil {
		t.Skip(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	name := fmt.Sprintf("test-%d-cancel", os.Getpid())
	var info lab.Info
	_, err := lab.Up(ctx, lab.Config{Name: name, Hosts: 3}, func(line string) {
		if strings.HasPrefix(line, "web") { // a host is up: in the middle of it
			if l, err := lab.Open(name); err == nil {
				info = l.Info()
			}
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("a coming up that is cancelled ends with %v", err)
	}
	if info.Ready {
		t.Error("it was ready before all of it was there")
	}
	if found := left(t, info); info.Name == "" || len(found) > 0 {
		t.Errorf("it left behind:\n%s", strings.Join(found, "\n"))
	}
}

const childLab = "SLIPWAY_TEST_CHILD_LAB"

// TestMain is also the program that is killed in the middle of bringing a lab up.
func TestMain(m *testing.M) {
	if name := os.Getenv(childLab); name != "" {
		_, err := lab.Up(context.Background(), lab.Config{Name: name, Hosts: 4}, func(line string) {
			fmt.Println(line)
			if strings.HasPrefix(line, "web") {
				io.Copy(io.Discard, os.Stdin) //nolint:errcheck // waits here to be killed
			}
		})
		fmt.Println("ended", err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// What a program left that was killed while it brought a lab up, Down takes away.
func TestCrashed(t *testing.T) {
	t.Parallel()
	if err := lab.Supported(t.Context()); err != nil {
		t.Skip(err)
	}
	self, err := os.Executable()
	must(t, err)
	name := fmt.Sprintf("test-%d-crash", os.Getpid())
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), childLab+"="+name)
	stdin, err := cmd.StdinPipe() // open as long as it lives
	must(t, err)
	defer stdin.Close()
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	lines := bufio.NewScanner(out)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "web") {
		if strings.HasPrefix(lines.Text(), "ended") {
			t.Fatal(lines.Text())
		}
	}
	l, err := lab.Open(name)
	must(t, err)
	info := l.Info()
	if err := lab.Down(t.Context(), name); err == nil || !strings.Contains(err.Error(), "another program works on lab") {
		t.Errorf("taking it away while it comes up: %v", err)
	}
	must(t, cmd.Process.Kill())
	cmd.Wait() //nolint:errcheck // killed
	if len(left(t, info)) < 4 {
		t.Errorf("the crash left only %v: nothing to take away", left(t, info))
	}
	if _, err := lab.Up(t.Context(), lab.Config{Name: name}, nil); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("bringing it up again: %v", err)
	}
	must(t, lab.Down(t.Context(), name))
	if found := left(t, info); len(found) > 0 {
		t.Errorf("it left behind:\n%s", strings.Join(found, "\n"))
	}
}
