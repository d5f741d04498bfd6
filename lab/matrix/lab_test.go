//go:build lab

package matrix

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/lab"
	"github.com/slipway-deploy/slipway/lab/image"
)

// world is what all tests of a run share: a lab, what its hosts begin with, releases.
type world struct {
	dir      string
	lab      *lab.Lab
	hosts    chan *Host // those that nobody uses
	releases *Releases
	layers   *Layers
	debian   string // layer with Debian's packages
	project  string // Capistrano's
}

// hosts of the lab: twice the processors keeps them busy while a host waits.
const hosts = 4

var theWorld = sync.OnceValues(newWorld) //nolint:gochecknoglobals // booted once, taken down by TestMain

var (
	helperFlag  = flag.String("helper", "", "the slipway-host to put on the hosts; built when empty")
	slipwayFlag = flag.String("slipway", "", "the slipway that is called; built when empty")
)

// long tells whether all cases are done: with MATRIX=all by all tools, with
// MATRIX=slipway or MATRIX=others by those.
func long() bool { return os.Getenv("MATRIX") != "" }

// all tells whether the other tools run too.
func all() bool { return os.Getenv("MATRIX") == "all" || os.Getenv("MATRIX") == "others" }

func TestMain(m *testing.M) {
	code := m.Run()
	if err := down(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

var made struct { //nolint:gochecknoglobals // what down takes away
	dir string
	lab *lab.Lab
}

func down() error {
	if made.lab != nil {
		if err := made.lab.Down(context.Background()); err != nil {
			return err
		}
	}
	return os.RemoveAll(made.dir)
}

func theLab(t *testing.T) *world {
	t.Helper()
	if err := lab.Supported(t.Context()); err != nil {
		t.Skip(err)
	}
	w, err := theWorld()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func newWorld() (*world, error) {
	ctx := context.Background()
	start := time.Now()
	dir, err := os.MkdirTemp("", "matrix")
	if err != nil {
		return nil, err
	}
	made.dir = dir
	w := &world{dir: dir, hosts: make(chan *Host, hosts)}
	if err := os.Chmod(dir, 0o755); err != nil {
		return nil, err
	}
	helper, err := theHelper(ctx, dir)
	if err != nil {
		return nil, err
	}
	if w.lab, err = lab.Up(ctx, lab.Config{Name: fmt.Sprintf("matrix-%d", os.Getpid()), Hosts: hosts, Format: lab.Deb, Dir: filepath.Join(dir, "lab")}, nil); err != nil {
		return nil, err
	}
	made.lab = w.lab
	if err := w.prepare(ctx, helper); err != nil {
		return nil, err
	}
	fmt.Printf("hosts and bases are made after %s\n", time.Since(start).Round(100*time.Millisecond))
	return w, nil
}

// theHelper is slipway-host as the tree has it, or as -helper says.
func theHelper(ctx context.Context, dir string) (string, error) {
	if *helperFlag != "" {
		return *helperFlag, nil
	}
	path := filepath.Join(dir, "slipway-host")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", path, "./cmd/slipway-host")
	build.Dir, build.Env = "../..", append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build slipway-host: %w: %s", err, out)
	}
	return path, nil
}

func (w *world) prepare(ctx context.Context, helper string) error {
	archive := ""
	for _, a := range w.lab.Info().Artifacts {
		if a.Format == lab.Tarball && !a.Padded {
			archive = a.Path
			break
		}
	}
	program, err := Program(ctx, archive, w.dir)
	if err != nil {
		return err
	}
	if w.releases, err = Build(ctx, filepath.Join(w.dir, "releases"), program); err != nil {
		return err
	}
	w.project = filepath.Join(w.dir, "capistrano")
	if err := WriteProject("../bench/project/capistrano", w.project, w.lab.Info()); err != nil {
		return err
	}
	if w.layers, err = NewLayers(ctx, filepath.Join(w.dir, "layers"), helper, w.releases); err != nil {
		return err
	}
	var free []*Host
	for _, h := range w.lab.Info().Hosts {
		free = append(free, &Host{Host: h, Lab: w.lab})
	}
	return w.bases(ctx, free)
}

// bases makes what hosts begin with, on several hosts at once.
func (w *world) bases(ctx context.Context, free []*Host) error {
	byHand := func(h *Host) Tool { return &Apt{Host: h, Package: Service} }
	work := []func(*Host) error{
		func(h *Host) error {
			return w.layers.Make(ctx, h, "slipway-deb", setUpDeb, nil, w.slipway(h, "deb"))
		},
		func(h *Host) error {
			return w.layers.Make(ctx, h, "slipway-tar.gz", setUpTar("root", true), nil, w.slipway(h, "tar.gz"))
		},
		func(h *Host) error { return w.layers.Make(ctx, h, "apt", setUpDeb, nil, byHand(h)) },
		func(h *Host) error { return w.layers.Make(ctx, h, "bare-deb", setUpDeb, nil, nil) },
		func(h *Host) (err error) {
			layer := Debians()
			if w.debian, err = image.EnsureLayer(ctx, lab.Images(), layer, func(line string) { fmt.Println(line) }); err != nil {
				return err
			}
			return w.layers.Make(ctx, h, "debian", setUpDeb, []string{w.debian}, nil)
		},
		func(h *Host) error { return w.layers.Make(ctx, h, "bare-tar.gz", setUpTar("ops", false), nil, nil) },
	}
	if all() {
		work = append(work, func(h *Host) error {
			return w.layers.Make(ctx, h, "capistrano", setUpTar("ops", true), nil, &Capistrano{Host: h, Releases: w.releases, Project: w.project, Before: "1.0.0"})
		})
	}
	for _, h := range free {
		w.hosts <- h
	}
	errs := make(chan error, len(work))
	for _, do := range work {
		go func() {
			h := <-w.hosts
			defer func() { w.hosts <- h }()
			errs <- do(h)
		}()
	}
	var first error
	for range work {
		if err := <-errs; err != nil && first == nil {
			first = err
		}
	}
	return first
}

func (w *world) slipway(h *Host, format string) *Slipway {
	return &Slipway{Host: h, Service: Service, Find: w.releases.OnHost(format), Spec: specOf(format, false), Prefix: "base"}
}
