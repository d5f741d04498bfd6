package lab

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/slipway-deploy/slipway/lab/image"
)

// own are the files that make a host the one it is: a renewed host has them again.
func own() []string {
	return []string{
		"etc/ssh/ssh_host_ed25519_key", "etc/ssh/ssh_host_ed25519_key.pub", "etc/hostname", "etc/hosts",
		"root/.ssh/authorized_keys", "home/" + image.User + "/.ssh/authorized_keys",
	}
}

// Renew boots a host anew with a fresh disk, in about a second: over its image lie
// layers, the topmost first, each a directory such as Layer makes. What the host had
// written is gone; its name, address and SSH keys stay.
func (l *Lab) Renew(ctx context.Context, host string, layers ...string) error {
	m, err := l.machine(host)
	if err != nil {
		return err
	}
	if err := m.Kill(ctx); err != nil {
		return err
	}
	kept := map[string][]byte{}
	for _, name := range own() {
		if kept[name], err = os.ReadFile(filepath.Join(m.Root(), name)); err != nil {
			return fmt.Errorf("renew %s: %w", host, err)
		}
	}
	m.Image = strings.Join(append(append([]string(nil), layers...), m.Image), ":")
	if err := m.Renew(ctx); err != nil {
		return fmt.Errorf("renew %s: %w", host, err)
	}
	for name, text := range kept {
		if err := keep(filepath.Join(m.Root(), name), text); err != nil {
			return fmt.Errorf("renew %s: %w", host, err)
		}
	}
	return l.Start(ctx, host)
}

// keep writes one of a host's own files. Whoever owns the directory owns the file.
func keep(path string, text []byte) error {
	mode := os.FileMode(0o644)
	if strings.HasSuffix(path, "_key") {
		mode = 0o600
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path, text, mode); err != nil {
		return err
	}
	if !strings.Contains(path, "/home/"+image.User+"/") {
		return nil
	}
	for _, p := range []string{dir, path} {
		if err := os.Chown(p, image.UID, image.GID); err != nil {
			return err
		}
	}
	return nil
}

// Layer shuts a host down and copies what it has written into a directory, to be a
// layer of other hosts (see Renew). The host stays down.
func (l *Lab) Layer(ctx context.Context, host, dir string) error {
	m, err := l.machine(host)
	if err != nil {
		return err
	}
	if err := m.Stop(ctx); err != nil {
		return err
	}
	if err := m.Copy(ctx, dir); err != nil {
		return fmt.Errorf("copy what %s has written: %w", host, err)
	}
	return nil
}

// Images is the directory where images, and layers that package image makes, are kept.
func Images() string { return filepath.Join(cacheDir, "images") }
