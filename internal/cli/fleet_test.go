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
	"github.com/slipway-deploy/slipway/internal/journal/journaltest"
	"github.com/slipway-deploy/slipway/lab/pack"
)

// TestFleet runs the scripts that deploy the sample service to a fleet on this
// machine, with real processes, through the program itself.
func TestFleet(t *testing.T) {
	t.Parallel()
	onFleet(t, testscript.Params{Dir: filepath.Join("testdata", "fleet")}, func(*testscript.Env) {})
}

// TestFleetOnPostgres runs some of them with the journal and the work on a server.
func TestFleetOnPostgres(t *testing.T) {
	t.Parallel()
	server := journaltest.Postgres(t)
	var n atomic.Int32
	scripts := testscript.Params{Files: []string{
		filepath.Join("testdata", "fleet", "deploy.txtar"),
		filepath.Join("testdata", "fleet", "resume.txtar"),
		filepath.Join("testdata", "fleet", "two.txtar"),
	}}
	onFleet(t, scripts, func(e *testscript.Env) {
		e.Setenv("SLIPWAY_JOURNAL", fmt.Sprintf("%s&search_path=script%d", server, n.Add(1)))
		e.Defer(func() { // what is on the server is not also in files
			if found, _ := filepath.Glob(filepath.Join(e.WorkDir, ".state", "*.db")); len(found) > 0 {
				t.Errorf("there are %v beside the server", found)
			}
		})
	})
}

// whole skips what runs the whole program many times over. make test runs that without the
// race detector, which makes an embedded database in Go some ten times slower, and the
// rest with it and -short; make test-long runs all of it with.
func whole(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("whole programs are left out by -short")
	}
}

// onFleet runs scripts, each in a project whose environment is a fleet of its own.
func onFleet(t *testing.T, p testscript.Params, more func(*testscript.Env)) {
	t.Helper()
	whole(t)
	if _, err := binary.For(pack.Arch()); err != nil {
		t.Skip(err)
	}
	dist := t.TempDir()
	if _, err := pack.All(t.Context(), pack.Config{Dir: dist, Cache: filepath.Join(dist, "cache")}); err != nil {
		t.Fatal(err)
	}
	p.Setup = func(e *testscript.Env) error {
		e.Setenv("SLIPWAY_STATE", filepath.Join(e.WorkDir, ".state"))
		e.Setenv("SLIPWAY_USER", "tester@desk")
		e.Setenv("ARCH", pack.Arch())
		e.Defer(func() { endProcesses(e.WorkDir) })
		more(e)
		return settle(e.WorkDir, dist, 4)
	}
	p.Cmds = map[string]func(*testscript.TestScript, bool, []string){
		"versions": versions, "until": until, "started": started, "starts": starts,
		"project": func(ts *testscript.TestScript, _ bool, args []string) { another(ts, dist, args[0]) },
	}
	testscript.Run(t, p)
}

// another makes a second project, of another service, in a directory of its name.
func another(ts *testscript.TestScript, dist, name string) {
	dir := ts.MkAbs(name)
	ts.Check(os.Mkdir(dir, 0o755))
	ts.Defer(func() { endProcesses(dir) })
	ts.Check(settle(dir, dist, 4))
	manifest := filepath.Join(dir, "slipway.yaml")
	text := strings.Replace(ts.ReadFile(manifest), "service: checkout", "service: "+name, 1)
	ts.Check(os.WriteFile(manifest, []byte(text), 0o644))
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

// started waits until the service of a host has been started a number of times.
func started(ts *testscript.TestScript, _ bool, args []string) {
	for end := time.Now().Add(time.Minute); startsOf(ts, args[0]) != args[1]; {
		if time.Now().After(end) {
			ts.Fatalf("%s was started %s times", args[0], startsOf(ts, args[0]))
		}
		<-time.After(10 * time.Millisecond)
	}
}

// starts checks how often the service of a host was started.
func starts(ts *testscript.TestScript, _ bool, args []string) {
	if n := startsOf(ts, args[0]); n != args[1] {
		ts.Fatalf("%s was started %s times, want %s", args[0], n, args[1])
	}
}

// startsOf counts the lines that every start leaves in the log of a host.
func startsOf(ts *testscript.TestScript, host string) string {
	text, err := os.ReadFile(ts.MkAbs("fleet/" + host + "/var/log/checkout.service.log"))
	if err != nil {
		return "no"
	}
	return strconv.Itoa(strings.Count(string(text), " listens on "))
}

// until waits for the active rollout to reach a phase.
func until(ts *testscript.TestScript, neg bool, args []string) {
	want := `"phase": "` + strings.Join(args, " ") + `"`
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		if err := ts.Exec("slipway", "status", "--offline", "--output", "json"); err != nil {
			ts.Fatalf("status: %v", err)
		}
		places, _, _ := strings.Cut(ts.ReadFile("stdout"), `"last":`)
		if strings.Contains(places, want) {
			return
		}
	}
	ts.Fatalf("no rollout became %s", args)
}
