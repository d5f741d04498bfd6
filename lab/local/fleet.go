package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/slipway-deploy/slipway/lab"
	"github.com/slipway-deploy/slipway/lab/pack"
	"github.com/slipway-deploy/slipway/lab/sample"
)

const (
	service  = sample.Name
	infoFile = "fleet.json"
)

// ErrNone means that there is no fleet in a directory.
var ErrNone = errors.New("there is no local fleet")

// Fleet is a local fleet that this process brought up.
type Fleet struct {
	info  lab.Info
	stop  func() error // ends a balancer that runs in this process
	child *exec.Cmd    // the balancer, when it has a process of its own
}

// Info describes the fleet.
func (f *Fleet) Info() lab.Info { return f.info }

// Up makes a fleet: directories, artifacts, a project, and a running balancer. When
// it cannot, it takes away what it had made.
func Up(ctx context.Context, cfg Config, progress func(string)) (*Fleet, error) {
	if cfg.Hosts == 0 {
		cfg.Hosts = 6
	}
	if progress == nil {
		progress = func(string) {}
	}
	if err := cfg.check(); err != nil {
		return nil, err
	}
	if left, err := os.ReadDir(cfg.Dir); err == nil && len(left) > 0 {
		return nil, fmt.Errorf("directory %s is not empty; name another one for the fleet, or remove it", cfg.Dir)
	}
	f := &Fleet{}
	if err := os.MkdirAll(cfg.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("bring a local fleet up: %w", err)
	}
	// Processes are found by where their program really lies.
	real, err := filepath.EvalSymlinks(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("bring a local fleet up: %w", err)
	}
	cfg.Dir = real
	if err := f.up(ctx, cfg, progress); err != nil {
		return nil, errors.Join(fmt.Errorf("bring a local fleet up: %w", err), f.end(context.WithoutCancel(ctx), cfg.Dir), os.RemoveAll(cfg.Dir))
	}
	return f, nil
}

func (f *Fleet) up(ctx context.Context, cfg Config, progress func(string)) error {
	n, err := claim()
	if err != nil {
		return err
	}
	port, err := n.freePort()
	if err != nil {
		return errors.Join(err, n.close())
	}
	f.info = layout(cfg, n, port)
	if err := f.makeHosts(); err != nil {
		return errors.Join(err, n.close())
	}
	progress(fmt.Sprintf("%d hosts in %s", len(f.info.Hosts), f.info.Fleet))
	if err := f.startBalancer(ctx, cfg, n); err != nil {
		return err
	}
	progress("the balancer serves " + f.info.Public)
	f.info.Artifacts, err = pack.All(ctx, pack.Config{Dir: filepath.Join(cfg.Dir, "artifacts"), Cache: cfg.Cache, Pad: cfg.Pad, Fallback: cfg.Fallback})
	if err != nil {
		return err
	}
	if err := f.info.WriteProject(); err != nil {
		return err
	}
	f.info.Made, f.info.Ready = time.Now().UTC(), true
	return writeJSON(filepath.Join(cfg.Dir, infoFile), f.info)
}

// makeHosts makes one directory a host, as the local method expects it.
func (f *Fleet) makeHosts() error {
	for _, h := range f.info.Hosts {
		about := map[string]string{"address": h.Address, "zone": h.Zone, "arch": h.Arch}
		if err := writeJSON(filepath.Join(h.Root, "host.json"), about); err != nil {
			return err
		}
		unit := filepath.Join(h.Root, "etc/systemd/system", service+".service")
		if err := os.MkdirAll(filepath.Dir(unit), 0o755); err != nil {
			return err
		}
		text := pack.LocalUnit("/opt/"+service+"/current/bin/"+service, h.Name, f.info.Port)
		if err := os.WriteFile(unit, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Open reads what a fleet's directory says of it.
func Open(dir string) (lab.Info, error) {
	text, err := os.ReadFile(filepath.Join(dir, infoFile))
	if err != nil {
		return lab.Info{}, fmt.Errorf("%w in %s: %w", ErrNone, dir, err)
	}
	var i lab.Info
	if err := json.Unmarshal(text, &i); err != nil {
		return lab.Info{}, fmt.Errorf("read %s: %w", filepath.Join(dir, infoFile), err)
	}
	if i.Directory != dir {
		return lab.Info{}, fmt.Errorf("%s describes the fleet in %q: it was moved or copied", filepath.Join(dir, infoFile), i.Directory)
	}
	return i, nil
}

func arch() string { return pack.Arch() }

func writeJSON(path string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}
