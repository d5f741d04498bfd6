package matrix

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/slipway-deploy/slipway/lab"
)

// Capistrano deploys with `cap STAGE deploy`, and goes back with deploy:rollback.
type Capistrano struct {
	Host     *Host
	Releases *Releases
	Project  string       // directory of the project
	Before   string       // version at the beginning; "" when there is none
	first    string       // name of the release at the beginning
	running  atomic.Int64 // process group of the cap that runs
	deploys  int
}

var _ Tool = (*Capistrano)(nil)

// WriteProject copies the project that the benchmark has, for the service of the cases.
func WriteProject(from, to string, info lab.Info) error {
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		return err
	}
	path := filepath.Join(to, "config/deploy.rb")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	settings := strings.ReplaceAll(string(text), "checkout-capistrano", Service)
	settings = strings.Replace(settings, "30.times.any?", "4.times.any?", 1)
	if err := os.WriteFile(path, []byte(settings), 0o644); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(to, "config/deploy"), 0o755); err != nil {
		return err
	}
	for _, h := range info.Hosts {
		stage := fmt.Sprintf("server %q, user: %q, roles: %%w{app}\n", h.Address, info.User)
		if err := os.WriteFile(filepath.Join(to, "config/deploy", h.Name+".rb"), []byte(stage), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Deploy brings a version.
func (c *Capistrano) Deploy(ctx context.Context, version string) error {
	if c.deploys++; c.deploys == 1 {
		target, _ := os.Readlink(c.Host.at("/opt/checkout/current")) // "" when there is none
		c.first = filepath.Base(target)
	}
	return c.cap(ctx, version, "deploy")
}

// Back goes back one release, or by name when more than one is to be taken back.
func (c *Capistrano) Back(ctx context.Context) Claim {
	args := []string{"deploy:rollback"}
	if c.deploys > 1 {
		args = append(args, "ROLLBACK_RELEASE="+c.first)
	}
	if err := c.cap(ctx, c.Before, args...); err != nil {
		return Claim{Why: err.Error()}
	}
	return Claim{Done: true}
}

// Cut kills Capistrano; what runs on the host loses its connection.
func (c *Capistrano) Cut(context.Context) error {
	return syscall.Kill(-int(c.running.Load()), syscall.SIGKILL)
}

func (c *Capistrano) cap(ctx context.Context, version string, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, soon)
	defer cancel()
	info := c.Host.Lab.Info()
	env := []string{"LC_ALL=C.UTF-8", "RELEASE=" + version, "TARBALL=", "SSH_KEY=" + info.Key, "KNOWN_HOSTS=" + info.KnownHosts, "SERVICE_PORT=8080"}
	if version != "" {
		a, err := c.Releases.Of("tar.gz", version)
		if err != nil {
			return err
		}
		env = append(env, "TARBALL="+a.Path)
	}
	cmd := exec.CommandContext(ctx, "cap", append([]string{c.Host.Name}, args...)...)
	cmd.Dir, cmd.Env = c.Project, append(os.Environ(), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		return err
	}
	c.running.Store(int64(cmd.Process.Pid))
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("cap %s: %w: %s", strings.Join(args, " "), err, out.String())
	}
	return nil
}
