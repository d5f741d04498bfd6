package ansible

import (
	"cmp"
	"context"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/host/binary"
)

// incoming is the directory of a host in which artifacts are put: relative, since the
// action plugin knows where our place on the host is.
const incoming = ""

//go:embed play
var play embed.FS

// machines are the helpers' architectures by what "uname -m" says on a host.
var machines = map[string]string{"x86_64": binary.AMD64, "aarch64": binary.ARM64}

// workspace is the private directory of one run of ansible-playbook. The plugins lie
// beside the playbook, where Ansible finds them without a setting that would replace
// the user's own.
type workspace struct{ dir string }

// job is what the action plugin reads once a host.
type jobFile struct {
	Helpers map[string]helperFile `json:"helpers"` // by machine
}

type helperFile struct {
	SHA256  string `json:"sha256,omitempty"`
	File    string `json:"file,omitempty"`    // packed
	Problem string `json:"problem,omitempty"` // why there is none
}

type callFile struct {
	Request  host.Request `json:"request"`
	Artifact *putFile     `json:"artifact,omitempty"`
}

// putFile is what is sent when the helper asks for the artifact.
type putFile struct {
	File    string `json:"file,omitempty"`
	Path    string `json:"path"`
	Problem string `json:"problem,omitempty"`
}

func (r *Runner) workspace() (*workspace, error) {
	r.sweep()
	dir, err := os.MkdirTemp(r.cfg.Temp, fmt.Sprintf("slipway-ansible-%d-", os.Getpid()))
	if err != nil {
		return nil, fmt.Errorf("directory for a run of ansible: %w", err)
	}
	w := &workspace{dir: dir}
	files, err := fs.Sub(play, "play")
	if err == nil {
		err = os.CopyFS(dir, files)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("directory for a run of ansible: %w", err), w.remove())
	}
	return w, nil
}

// sweep removes what processes that were killed have left. What cannot be removed is
// somebody else's.
func (r *Runner) sweep() {
	left, err := filepath.Glob(filepath.Join(cmp.Or(r.cfg.Temp, os.TempDir()), "slipway-ansible-*-*"))
	if err != nil {
		return
	}
	for _, dir := range left {
		var pid int
		if _, err := fmt.Sscanf(filepath.Base(dir), "slipway-ansible-%d-", &pid); err != nil || pid <= 1 {
			continue
		}
		if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			_ = os.RemoveAll(dir)
		}
	}
}

func (w *workspace) remove() error { return os.RemoveAll(w.dir) }

func (w *workspace) path(name string) string { return filepath.Join(w.dir, name) }

// hosts writes the file that limits a run to hosts.
func (w *workspace) hosts(names []string) error {
	for _, n := range names {
		if err := nameable(n); err != nil {
			return err
		}
	}
	return os.WriteFile(w.path("limit"), []byte(strings.Join(names, "\n")+"\n"), 0o600)
}

// requests writes what every host is asked, a file each.
func (w *workspace) requests(ctx context.Context, r *Runner, asks []ask) error {
	if err := os.Mkdir(w.path("requests"), 0o700); err != nil {
		return err
	}
	files := map[string]putFile{}
	for _, a := range asks {
		b, err := json.Marshal(callFile{Request: a.request, Artifact: r.put(ctx, a.request, files)})
		if err != nil {
			return err
		}
		if err := os.WriteFile(w.path("requests/"+hex.EncodeToString([]byte(a.host))+".json"), b, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// helpers writes the helpers that hosts may lack. That one is not to be had matters
// only to the host that lacks it, and is told there.
func (w *workspace) helpers(r *Runner) error {
	job := jobFile{Helpers: map[string]helperFile{}}
	for machine, arch := range machines {
		p, err := r.cfg.Helper(arch)
		if err != nil {
			job.Helpers[machine] = helperFile{Problem: err.Error()}
			continue
		}
		f := helperFile{SHA256: p.SHA256, File: w.path("slipway-host-" + arch + ".gz")}
		if err := os.WriteFile(f.File, p.Packed, 0o600); err != nil {
			return err
		}
		job.Helpers[machine] = f
	}
	b, err := json.Marshal(job)
	if err != nil {
		return err
	}
	return os.WriteFile(w.path("job.json"), b, 0o600)
}

// put is the file that a request may turn out to need. found holds, by digest, what
// the store said for hosts before: it reads a file whole to be sure of it.
func (r *Runner) put(ctx context.Context, q host.Request, found map[string]putFile) *putFile {
	a := q.Artifact
	if a == nil {
		a = q.Previous
	}
	if a == nil {
		return nil
	}
	f, ok := found[a.Digest]
	if !ok {
		f = r.stored(ctx, a.Digest)
		found[a.Digest] = f
	}
	f.Path = a.Path
	return &f
}

func (r *Runner) stored(ctx context.Context, digest string) putFile {
	if r.cfg.Store == nil {
		return putFile{Problem: "there is no artifact store here"}
	}
	path, err := r.cfg.Store.Path(ctx, digest)
	if err != nil {
		return putFile{Problem: err.Error()}
	}
	return putFile{File: path}
}

// nameable refuses a host whose name means something else as a pattern of Ansible's.
func nameable(name string) error {
	bad := strings.IndexFunc(name, func(c rune) bool { return c <= ' ' || strings.ContainsRune(",:&!~*?[]@\u007f", c) })
	if name == "" || bad >= 0 {
		return fmt.Errorf("host %q: Ansible cannot be limited to a host of this name (not allowed: spaces and , : & ! ~ * ? [ ] @): rename it in the inventory", name)
	}
	return nil
}
