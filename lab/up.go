package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/slipway-deploy/slipway/lab/image"
	"github.com/slipway-deploy/slipway/lab/machine"
	"github.com/slipway-deploy/slipway/lab/pack"
)

// cacheDir keeps what is slow to make and the same for every lab.
const cacheDir = "/var/cache/slipway-lab"

// bootTime is how long hosts may take to answer.
const bootTime = time.Minute

// Up boots a lab and returns when every host answers on SSH and the balancers run.
// When it cannot, or ctx ends, it takes away what it had made. Progress, which may
// be nil, gets a line for each thing done.
func Up(ctx context.Context, cfg Config, progress func(string)) (*Lab, error) {
	cfg = cfg.withDefaults()
	if err := cfg.check(); err != nil {
		return nil, err
	}
	if err := Supported(ctx); err != nil {
		return nil, err
	}
	r, err := claim(cfg)
	if err != nil {
		return nil, err
	}
	unlock, err := r.lock()
	if err == nil {
		defer unlock()
		err = r.up(ctx, cfg, inTurn(progress))
	}
	if err != nil {
		clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		return nil, errors.Join(fmt.Errorf("bring lab %s up: %w", cfg.Name, err), r.remove(clean))
	}
	return &Lab{record: r}, nil
}

// up makes everything of a lab that is laid out.
func (r *record) up(ctx context.Context, cfg Config, progress func(string)) error {
	if err := r.prepare(ctx, cfg, progress); err != nil {
		return err
	}
	if err := r.makeBridge(ctx); err != nil {
		return err
	}
	if err := r.boot(ctx, progress); err != nil {
		return err
	}
	for _, b := range r.Info.Balancers {
		if err := r.makeBalancer(ctx, b); err != nil {
			return err
		}
		progress(fmt.Sprintf("balancer %s serves %s", b.Name, b.Public))
	}
	if err := r.Info.WriteProject(); err != nil {
		return err
	}
	r.Info.Ready = true
	return r.save()
}

// prepare gets what all hosts need: the image they start from, and the artifacts.
func (r *record) prepare(ctx context.Context, cfg Config, progress func(string)) error {
	var path string
	err := together(ctx, []func(context.Context) error{
		func(ctx context.Context) (err error) {
			path, err = image.Ensure(ctx, filepath.Join(cacheDir, "images"), image.Recipe{Packages: cfg.Packages}, progress)
			return err
		},
		func(ctx context.Context) (err error) {
			r.Info.Artifacts, err = pack.All(ctx, pack.Config{
				Dir: filepath.Join(cfg.Dir, "artifacts"), Cache: filepath.Join(cacheDir, "samples"), Pad: cfg.Pad, Fallback: cfg.Fallback,
			})
			return err
		},
	})
	for i := range r.Machines {
		r.Machines[i].Image = path
	}
	return err
}

// makeBridge makes the lab's network with the balancers' addresses on it.
func (r *record) makeBridge(ctx context.Context) error {
	var b strings.Builder
	fmt.Fprintf(&b, "link add %s type bridge\n", r.Info.Bridge)
	for i := range r.Info.Balancers {
		fmt.Fprintf(&b, "addr add %s/24 dev %s\n", address(r.Number, i+1), r.Info.Bridge)
	}
	fmt.Fprintf(&b, "link set %s up\n", r.Info.Bridge)
	cmd := exec.CommandContext(ctx, "ip", "-batch", "-")
	cmd.Stdin = strings.NewReader(b.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make bridge %s: %w: %s", r.Info.Bridge, err, strings.TrimSpace(string(out)))
	}
	return nil
}

// boot makes and boots every host, and waits for all of them.
func (r *record) boot(ctx context.Context, progress func(string)) error {
	ctx, cancel := context.WithTimeout(ctx, bootTime)
	defer cancel()
	client, err := keygen(ctx, r.Info.Key, "lab "+r.Info.Name)
	if err != nil {
		return err
	}
	known := make([]string, len(r.Machines))
	var work []func(context.Context) error
	for i, m := range r.Machines {
		work = append(work, func(ctx context.Context) (err error) {
			known[i], err = r.bootOne(ctx, m, client)
			if err == nil {
				progress(fmt.Sprintf("%s answers on %s", m.Host, m.Address.Addr()))
			}
			return err
		})
	}
	if err := together(ctx, work); err != nil {
		return err
	}
	return writeFile(r.Info.KnownHosts, strings.Join(known, ""))
}

func (r *record) bootOne(ctx context.Context, m machine.Machine, client string) (known string, err error) {
	if err := m.Make(ctx); err != nil {
		return "", err
	}
	if known, err = r.seed(ctx, m, client); err != nil {
		return "", fmt.Errorf("prepare disk of %s: %w", m.Host, err)
	}
	if err := m.Boot(ctx); err != nil {
		return "", err
	}
	return known, m.Ready(ctx)
}

// lock makes the lab's directory and marks it as in work until unlock.
func (r *record) lock() (unlock func(), err error) {
	if err := os.MkdirAll(r.Info.Directory, 0o755); err != nil {
		return nil, err
	}
	d, err := os.Open(r.Info.Directory)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(d.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		d.Close()
		return nil, fmt.Errorf("another program works on lab %s; end that one first: %w", r.Info.Name, err)
	}
	return func() { d.Close() }, nil
}

// together does several things at the same time and waits for all; the first that
// goes wrong cancels the others and is the one reported.
func together(ctx context.Context, work []func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var all sync.WaitGroup
	var once sync.Once
	var first error
	for _, do := range work {
		all.Go(func() {
			if err := do(ctx); err != nil {
				once.Do(func() { first = err })
				cancel()
			}
		})
	}
	all.Wait()
	return first
}

// inTurn makes progress safe to call from several goroutines, and with nil.
func inTurn(progress func(string)) func(string) {
	if progress == nil {
		return func(string) {}
	}
	var mu sync.Mutex
	return func(line string) {
		mu.Lock()
		defer mu.Unlock()
		progress(line)
	}
}
