package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/slipway-deploy/slipway/lab/lock"
	"github.com/slipway-deploy/slipway/lab/mount"
)

// Cached returns the directory of an image in a cache; ok is false when it is not built.
func Cached(cache string, r Recipe) (path string, ok bool) {
	path = filepath.Join(cache, Suite+"-"+r.Digest())
	info, err := os.Stat(path)
	return path, err == nil && info.IsDir()
}

// Ensure returns the directory of an image in a cache, and builds it first when it
// is not there, which takes a minute and the archive. Callers at the same time, in
// this program or others, wait for the one that builds. Nobody may write to it.
func Ensure(ctx context.Context, cache string, r Recipe, progress func(string)) (string, error) {
	path, ok := Cached(cache, r)
	if ok {
		return path, nil
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", fmt.Errorf("make image cache: %w", err)
	}
	unlock, err := lock.Take(ctx, path+".lock", func() { progress("waiting for another lab that builds the same image") })
	if err != nil {
		return "", fmt.Errorf("wait for image %s: %w", path, err)
	}
	defer unlock()
	if path, ok = Cached(cache, r); ok {
		return path, nil
	}
	progress(fmt.Sprintf("building the hosts' Debian %s from %s (once, about a minute)", Suite, Mirror()))
	if err := build(ctx, path, r); err != nil {
		return "", fmt.Errorf("build image %s: %w", path, err)
	}
	return path, nil
}

// build makes an image beside its place and moves it there whole.
func build(ctx context.Context, path string, r Recipe) (err error) {
	tmp := path + ".building"
	if err := discard(ctx, tmp); err != nil { // of a build that was cut off
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, discard(context.WithoutCancel(ctx), tmp))
		}
	}()
	if err := bootstrap(ctx, tmp, r); err != nil {
		return err
	}
	if err := finish(ctx, tmp); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

func bootstrap(ctx context.Context, root string, r Recipe) error {
	cmd := exec.CommandContext(ctx, "debootstrap", "--variant=minbase",
		"--include="+strings.Join(r.packages(), ","), Suite, root, Mirror())
	// Its children must end with it, and it needs a moment to unmount what it mounted.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("debootstrap %s from %s: %w: %s", Suite, Mirror(), err, lastLine(out))
	}
	return nil
}

// finish makes of a bare Debian one that a host can boot from.
func finish(ctx context.Context, root string) error {
	add := exec.CommandContext(ctx, "chroot", root, "useradd", "--create-home", "--shell", "/bin/bash",
		"--uid", strconv.Itoa(UID), "--user-group", User)
	if out, err := add.CombinedOutput(); err != nil {
		return fmt.Errorf("add user %s: %w: %s", User, err, lastLine(out))
	}
	for _, f := range files() {
		if err := f.write(root); err != nil {
			return fmt.Errorf("write %s: %w", f.Path, err)
		}
	}
	for _, unit := range idle() {
		if err := mask(root, unit); err != nil {
			return err
		}
	}
	return clean(root)
}

// clean removes what no host needs, and the SSH host keys, which each host has of its own.
func clean(root string) error {
	for _, pattern := range []string{"etc/ssh/ssh_host_*", "var/cache/apt/archives/*.deb", "var/lib/apt/lists/*", "var/log/*.log"} {
		paths, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			return err
		}
		for _, p := range paths {
			if err := os.RemoveAll(p); err != nil {
				return err
			}
		}
	}
	return nil
}

// discard removes a build, with what debootstrap may have mounted in it.
func discard(ctx context.Context, dir string) error {
	if err := mount.Detach(ctx, dir); err != nil {
		return err
	}
	return os.RemoveAll(dir)
}

func lastLine(out []byte) string {
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	return string(lines[len(lines)-1])
}
