package cli_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/slipway-deploy/slipway/internal/host/binary"
	"github.com/slipway-deploy/slipway/lab/pack"
)

// TestFleet runs the scripts that deploy the sample service to a fleet on this
// machine, with real processes, through the program itself.
func TestFleet(t *testing.T) {
	t.Parallel()
	if _, err := binary.For(pack.Arch()); err != nil {
		t.Skip(err)
	}
	dist := t.TempDir()
	if _, err := pack.All(t.Context(), pack.Config{Dir: dist, Cache: filepath.Join(dist, "cache")}); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "fleet"),
		Setup: func(e *testscript.Env) error {
			e.Setenv("SLIPWAY_STATE", filepath.Join(e.WorkDir, ".state"))
			e.Setenv("SLIPWAY_USER", "tester@desk")
			e.Setenv("ARCH", pack.Arch())
			e.Defer(func() { endProcesses(e.WorkDir) })
			return settle(e.WorkDir, dist, 4)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"versions": versions, "until": until},
	})
}

var fleets atomic.Int32

// settle makes a project whose environment is a fleet of n hosts, none of which has
// the service.
func settle(dir, dist string, n int) error {
	net3 := fmt.Sprintf("127.%d.%d", 64+os.Getpid()%128, 1+fleets.Add(1))
	port, err := freePort(net3 + ".1")
	if err != nil {
		return err
	}
	for i := 1; i <= n; i++ {
		name := fmt.Sprintf("web%d", i)
		host := filepath.Join(dir, "fleet", name)
		unit := pack.LocalUnit("/opt/checkout/current/bin/checkout", name, port)
		about := fmt.Sprintf(`{"address":"%s.%d","zone":"%c"}`, net3, i, 'a'+i%2)
		if err := errors.Join(put(filepath.Join(host, "host.json"), about),
			put(filepath.Join(host, "etc/systemd/system/checkout.service"), unit)); err != nil {
			return err
		}
	}
	return errors.Join(os.Symlink(dist, filepath.Join(dir, "dist")), put(filepath.Join(dir, "slipway.yaml"), fmt.Sprintf(`service: checkout
artifact:
  tar.gz: {file: "dist/checkout_{{version}}_{{arch}}.tar.gz", architectures: [%s], directory: /opt/checkout}
units: [checkout.service]
health: {http: "http://:%d/_status", expect: {version: "{{version}}"}, within: 10s}
environments:
  local:
    method: {local: {directory: fleet}}
    stages:
      - internal: {hosts: 1, checks: [{http: "http://:%d/cart", status: 200}]}
      - canary: {hosts: 1, bake: 1s}
      - complete: {approval: required}
`, pack.Arch(), port, port)))
}

func put(file, text string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(text), 0o644)
}

func freePort(address string) (int, error) {
	l, err := net.Listen("tcp", address+":0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

// endProcesses ends the services of a fleet.
func endProcesses(dir string) {
	files, _ := filepath.Glob(filepath.Join(dir, "fleet", "*", "run", "*.pid"))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		if pid, err := strconv.Atoi(strings.Fields(string(text) + " 0")[0]); err == nil && pid > 1 {
			_ = syscall.Kill(-pid, syscall.SIGKILL) // gone already is as good
		}
	}
}

// versions checks which version each host has: versions 1.0.0 1.0.0 - 1.1.0, where -
// stands for none.
func versions(ts *testscript.TestScript, neg bool, args []string) {
	var got []string
	for i := range args {
		link, err := os.Readlink(ts.MkAbs(fmt.Sprintf("fleet/web%d/opt/checkout/current", i+1)))
		if err != nil {
			link = "-"
		}
		got = append(got, filepath.Base(link))
	}
	if same := strings.Join(got, " ") == strings.Join(args, " "); same == neg {
		ts.Fatalf("the hosts have %s", strings.Join(got, " "))
	}
}

// until waits for the active rollout to reach a phase.
func until(ts *testscript.TestScript, neg bool, args []string) {
	want := `"phase": "` + strings.Join(args, " ") + `"`
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		if err := ts.Exec("slipway", "status", "--output", "json"); err != nil {
			ts.Fatalf("status: %v", err)
		}
		places, _, _ := strings.Cut(ts.ReadFile("stdout"), `"last":`)
		if strings.Contains(places, want) {
			return
		}
	}
	ts.Fatalf("no rollout became %s", args)
}
