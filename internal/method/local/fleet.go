package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/host/binary"
	"github.com/slipway-deploy/slipway/internal/method"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// hostFile is the file that makes a directory a host.
const hostFile = "host.json"

// parallel is how many hosts are worked on at once when the configuration does not say.
const parallel = 16

// What callers test for.
var (
	// ErrFleet is wrapped when the fleet's directory is not one, or a host in it is wrong.
	ErrFleet = errors.New("local fleet")
	// ErrNoHost is wrapped when a host has no directory in the fleet.
	ErrNoHost = errors.New("no such host in the local fleet")
)

var _ engine.Method = (*Fleet)(nil)

// Config is what a Fleet is built from. Only Directory must be set.
type Config struct {
	Directory string       // absolute; holds one directory a host
	Store     method.Store // where artifacts lie; nil: none can be put
	Log       *slog.Logger // nil: nothing is logged
	Helper    string       // path of slipway-host; "": the one carried inside
	Parallel  int          // hosts at a time; 0: 16
}

// Host is what host.json in the directory of a host says, and its name.
type Host struct {
	Name    string `json:"-"`
	Address string `json:"address"`        // 127.77.0.3
	Zone    string `json:"zone,omitempty"` // failure domain
	Arch    string `json:"arch,omitempty"` // "": this machine's
}

// Fleet is a local fleet. It may be used by several goroutines at once.
type Fleet struct {
	cfg Config
	log *slog.Logger

	mu     sync.Mutex
	helper string // guarded by mu: where the helper was unpacked
}

// New returns the fleet below a directory. It reads and runs nothing.
func New(c Config) (*Fleet, error) {
	if !filepath.IsAbs(c.Directory) {
		return nil, fmt.Errorf("%w: its directory is %q, and must be an absolute path", ErrFleet, c.Directory)
	}
	if c.Parallel <= 0 {
		c.Parallel = parallel
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Fleet{cfg: c, log: c.Log}, nil
}

// Hosts returns the hosts of the fleet, by name.
func (f *Fleet) Hosts(ctx context.Context) ([]Host, error) {
	entries, err := os.ReadDir(f.cfg.Directory)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFleet, err)
	}
	var hosts []Host
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		h, err := f.host(e.Name())
		if errors.Is(err, ErrNoHost) {
			continue // a directory for something else
		}
		if err != nil {
			return nil, err
		}
		hosts = append(hosts, h)
	}
	slices.SortFunc(hosts, func(a, b Host) int { return strings.Compare(a.Name, b.Name) })
	return hosts, nil
}

// Facts asks every host for the facts of a service. There is a result for each host.
func (f *Fleet) Facts(ctx context.Context, service string, spec rollout.Spec, hosts []string) (map[string]method.Facts, error) {
	asks := make([]ask, 0, len(hosts))
	for _, h := range hosts {
		asks = append(asks, ask{host: h, request: method.Ask(service, spec)})
	}
	out := make(map[string]method.Facts, len(hosts))
	err := f.call(ctx, asks, func(a answer) {
		switch {
		case a.err == nil:
			out[a.host] = method.FactsOf(a.response)
		case errors.Is(a.err, ErrNoHost):
			out[a.host] = method.Facts{Outcome: rollout.Unreachable, Reason: method.Line(a.err.Error())}
		default:
			out[a.host] = method.Facts{Outcome: rollout.Failed, Reason: method.Line(a.err.Error())}
		}
	})
	if err != nil {
		return nil, fmt.Errorf("ask hosts for facts of %s: %w", service, err)
	}
	return out, nil
}

// Run does an update, restore or check command.
func (f *Fleet) Run(ctx context.Context, job engine.Job, report func(engine.Report)) error {
	verb, err := method.Verb(job.Command.Kind)
	if err != nil {
		return err
	}
	asks := make([]ask, 0, len(job.Command.Hosts))
	for _, name := range job.Command.Hosts {
		h, err := method.Find(job.Plan, name)
		if err != nil {
			return err
		}
		req, err := method.Request(job, h, incoming)
		if err != nil {
			return err
		}
		asks = append(asks, ask{host: name, request: req})
	}
	return f.call(ctx, asks, func(a answer) {
		switch {
		case a.err == nil:
			report(method.Report(a.host, verb, a.response))
		case errors.Is(a.err, ErrNoHost):
			report(method.Lost(a.host, verb, a.err.Error(), false))
		default:
			report(method.Failure(a.host, verb, a.err.Error(), a.begun))
		}
	})
}

// host reads one host. ErrNoHost says that nothing of this name is one.
func (f *Fleet) host(name string) (Host, error) {
	if name == "" || name != filepath.Base(name) || name[0] == '.' {
		return Host{}, fmt.Errorf("host %q: %w", name, ErrNoHost)
	}
	path := filepath.Join(f.cfg.Directory, name, hostFile)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errNotDir) {
		return Host{}, fmt.Errorf("host %q: %w: there is no %s", name, ErrNoHost, path)
	}
	if err != nil {
		return Host{}, fmt.Errorf("%w: host %q: %w", ErrFleet, name, err)
	}
	h, err := parseHost(b)
	if err != nil {
		return Host{}, fmt.Errorf("%w: %s: %w", ErrFleet, path, err)
	}
	h.Name = name
	return h, nil
}

// notHost says in words of the file why it could not be read.
func notHost(err error) error {
	const example = `{"address": "127.77.0.3"}`
	var wrong *json.UnmarshalTypeError
	switch {
	case !errors.As(err, &wrong):
		return fmt.Errorf("it is not JSON such as %s: %w", example, err)
	case wrong.Field == "":
		return fmt.Errorf("it holds JSON of type %s, and must hold an object such as %s", wrong.Value, example)
	}
	return fmt.Errorf("%s is of type %s, and must be a text", wrong.Field, wrong.Value)
}

func parseHost(b []byte) (Host, error) {
	var h Host
	if err := json.Unmarshal(b, &h); err != nil {
		return Host{}, notHost(err)
	}
	a, err := netip.ParseAddr(h.Address)
	if err != nil || !a.IsLoopback() {
		return Host{}, fmt.Errorf("address is %q, and must be one of this machine's loopback, such as 127.77.0.3", h.Address)
	}
	if h.Arch == "" {
		h.Arch = runtime.GOARCH
	}
	if h.Arch != binary.AMD64 && h.Arch != binary.ARM64 {
		return Host{}, fmt.Errorf("arch is %q (allowed: %s, %s, or none for this machine's)", h.Arch, binary.AMD64, binary.ARM64)
	}
	return h, nil
}
