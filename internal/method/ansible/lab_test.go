//go:build lab

package ansible

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/host/binary"
	"github.com/slipway-deploy/slipway/internal/method/methodtest"
	"github.com/slipway-deploy/slipway/internal/rollout"
	"github.com/slipway-deploy/slipway/lab"
)

// ground is one lab whose hosts are given to tests, each host once.
type ground struct {
	*lab.Lab
	mu   sync.Mutex
	left []lab.Host // guarded by mu
}

func newGround(t testing.TB, hosts int) *ground {
	t.Helper()
	need(t, "ansible-playbook")
	if err := lab.Supported(t.Context()); err != nil {
		t.Skip(err)
	}
	if _, err := binary.For(binary.AMD64); err != nil {
		t.Skip(err)
	}
	l, err := lab.Up(t.Context(), lab.Config{Name: fmt.Sprintf("ansible-%d", os.Getpid()), Hosts: hosts}, nil)
	must(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := l.Down(ctx); err != nil {
			t.Error(err)
		}
	})
	return &ground{Lab: l, left: l.Info().Hosts}
}

// take returns hosts that nobody had, with the service's unit on them.
func (g *ground) take(t testing.TB, n int) []string {
	t.Helper()
	g.mu.Lock()
	taken := g.left[:n]
	g.left = g.left[n:]
	g.mu.Unlock()
	var names []string
	for _, h := range taken {
		must(t, os.WriteFile(filepath.Join(h.Root, "etc/systemd/system", methodtest.UnitName), []byte(methodtest.Unit), 0o644))
		_, err := g.Run(t.Context(), h.Name, "systemctl", "daemon-reload")
		must(t, err)
		names = append(names, h.Name)
	}
	return names
}

// address is where the hosts reach this machine.
func (g *ground) address() string {
	return netip.MustParsePrefix(g.Info().Network).Addr().Next().String()
}

func (g *ground) place() rollout.Ansible {
	return rollout.Ansible{Inventory: g.Info().Inventory, Hosts: "all"}
}

// runner returns a Runner whose connections are its own.
func (g *ground) runner(t testing.TB, s *methodtest.Service) *Runner {
	t.Helper()
	dir, err := os.MkdirTemp("", "slwl")
	must(t, err)
	t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
	r, err := New(Config{
		Ansible: g.place(), Project: g.Info().Project, Store: s.Store, Temp: dir,
		Environ: append(os.Environ(), "ANSIBLE_SSH_CONTROL_PATH_DIR="+filepath.Join(dir, "cp")),
	})
	must(t, err)
	return r
}

func (g *ground) host(t testing.TB, name string) lab.Host {
	t.Helper()
	h, ok := g.Info().Host(name)
	if !ok {
		t.Fatalf("no host %s", name)
	}
	return h
}

func TestLabMethod(t *testing.T) {
	g := newGround(t, 27)
	methodtest.Exercise(t, g.address(), func(t *testing.T, s *methodtest.Service) methodtest.Site {
		place := g.place()
		return methodtest.Site{
			Method: g.runner(t, s), Hosts: g.take(t, 3), Project: g.Info().Project, Place: rollout.Method{Ansible: &place},
			Changes: func(t testing.TB, host string) int {
				b, err := os.ReadFile(filepath.Join(g.host(t, host).Root, methodtest.Starts))
				if err != nil && !errors.Is(err, os.ErrNotExist) {
					t.Fatal(err)
				}
				return strings.Count(string(b), "\n")
			},
			Cut: func(t testing.TB, host string) { must(t, g.Cut(t.Context(), host)) },
		}
	})
}

// TestLabCutAtWork cuts a host off while the helper is at work on it. The work goes
// on there; when the host is back the same command finds it done.
func TestLabCutAtWork(t *testing.T) {
	g := newGround(t, 2)
	s := methodtest.NewService(t, g.address())
	hosts := g.take(t, 2)
	r := g.runner(t, s)
	// A dead connection is noticed sooner than by default, so that the test is not long.
	r.cfg.Environ = append(r.cfg.Environ, "ANSIBLE_SSH_ARGS=-o ControlMaster=auto -o ControlPersist=60s -o ServerAliveInterval=1 -o ServerAliveCountMax=2 -o ConnectTimeout=3")
	place := g.place()
	job := s.Update(methodtest.Site{Hosts: hosts, Project: g.Info().Project, Place: rollout.Method{Ansible: &place}}, "cut", "1.0.0")
	asked := s.Gate.Shut()
	done := make(chan error, 1)
	go func() {
		<-asked
		err := g.Cut(t.Context(), hosts[0])
		s.Gate.Open()
		done <- err
	}()
	got, err := run(t, within(t, time.Minute), r, job)
	must(t, errors.Join(err, <-done))
	if x := got[hosts[0]]; x.Outcome != rollout.Unreachable || !x.Begun {
		t.Errorf("the host that was cut off: got %+v", x)
	}
	if x := got[hosts[1]]; x.Outcome != rollout.OK || x.Adopted {
		t.Errorf("the other host: got %+v", x)
	}
	must(t, g.Heal(t.Context(), hosts[0]))
	got, err = run(t, within(t, time.Minute), r, job)
	must(t, err)
	for _, h := range hosts {
		if x := got[h]; x.Outcome != rollout.OK || !x.Adopted || x.Version != "1.0.0" {
			t.Errorf("%s, afterwards: got %+v", h, x)
		}
	}
}

// BenchmarkLab compares one pass of ours over 20 hosts with the floor of what Ansible
// can do there: cold opens a connection to every host, warm has them. An update sends
// a release of 10 MB, restarts its unit and waits until it is healthy.
func BenchmarkLab(b *testing.B) {
	g := newGround(b, 20)
	s := methodtest.NewService(b, g.address())
	hosts := g.take(b, 20)
	r := g.runner(b, s)
	place := g.place()
	site := methodtest.Site{Hosts: hosts, Project: g.Info().Project, Place: rollout.Method{Ansible: &place}}
	raw := func(b *testing.B) { floor(b, r) }
	facts := func(b *testing.B) {
		spec := rollout.Spec{Format: "tar.gz", Directory: methodtest.Directory, Units: []string{methodtest.UnitName}}
		got, err := r.Facts(b.Context(), methodtest.Name, spec, hosts)
		must(b, err)
		for h, f := range got {
			if f.Outcome != rollout.OK {
				b.Fatal(h, f)
			}
		}
	}
	releases := 0
	update := func(b *testing.B) {
		b.StopTimer()
		releases++
		version := fmt.Sprintf("2.%d.0", releases)
		s.Add(b, version, 10<<20)
		b.StartTimer()
		got, err := run(b, b.Context(), r, s.Update(site, "bench"+version, version))
		must(b, err)
		for h, x := range got {
			if x.Outcome != rollout.OK {
				b.Fatal(h, x)
			}
		}
	}
	facts(b) // puts the helper there
	for _, pass := range []struct {
		name string
		cold bool
		do   func(*testing.B)
	}{
		{"raw/cold", true, raw},
		{"facts/cold", true, facts},
		{"raw/warm", false, raw},
		{"facts/warm", false, facts},
		{"update/warm", false, update},
	} {
		b.Run(pass.name, func(b *testing.B) {
			for b.Loop() {
				if pass.cold {
					b.StopTimer()
					hangUp(b, r)
					b.StartTimer()
				}
				pass.do(b)
			}
		})
	}
}

// floor is the least that Ansible can do on every host.
func floor(b *testing.B, r *Runner) {
	b.Helper()
	args := []string{"all", "-i", r.cfg.Ansible.Inventory, "-f", "20", "-m", "raw", "-a", "true"}
	e, err := process{name: "ansible", args: args, dir: r.cfg.Project, env: r.environ(r.where(), true)}.run(b.Context())
	if must(b, err); e.code != 0 {
		b.Fatal(complaint(e))
	}
}

// hangUp ends the connections that a Runner keeps.
func hangUp(b *testing.B, r *Runner) {
	b.Helper()
	sockets, err := filepath.Glob(filepath.Join(r.cfg.Temp, "cp/*"))
	must(b, err)
	for _, s := range sockets {
		must(b, exec.Command("ssh", "-O", "exit", "-o", "ControlPath="+s, "any").Run())
	}
}
