package image

import (
	"fmt"
	"os"
	"path/filepath"
)

// file is one that an image has beyond its packages.
type file struct {
	Path string
	Mode os.FileMode
	Text string
}

func files() []file {
	return []file{
		{"/etc/sudoers.d/" + User, 0o440, User + " ALL=(ALL) NOPASSWD: ALL\n"},
		{"/etc/ssh/sshd_config.d/lab.conf", 0o644, "PermitRootLogin prohibit-password\nPasswordAuthentication no\nMaxStartups 200\nUseDNS no\n"},
		// The hosts reach no archive; local packages still install through apt.
		{"/etc/apt/sources.list", 0o644, ""},
		{"/etc/apt/apt.conf.d/90lab", 0o644, "APT::Install-Recommends \"false\";\n"},
		{"/etc/resolv.conf", 0o644, ""},
		{"/etc/hosts", 0o644, "127.0.0.1 localhost\n::1 localhost\n"},
		{"/etc/machine-id", 0o444, ""}, // each host makes its own
		{"/etc/systemd/journald.conf.d/lab.conf", 0o644, "[Journal]\nStorage=volatile\nRuntimeMaxUse=16M\n"},
	}
}

// write puts a file into the system at root.
func (f file) write(root string) error {
	path := filepath.Join(root, f.Path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return err
	}
	if err := os.WriteFile(path, []byte(f.Text), f.Mode); err != nil {
		return err
	}
	return os.Chmod(path, f.Mode) // whatever the umask
}

// mask makes systemd never start a unit.
func mask(root, unit string) error {
	path := filepath.Join(root, "etc/systemd/system", unit)
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return err
	}
	if err := os.Symlink("/dev/null", path); err != nil {
		return fmt.Errorf("mask %s: %w", unit, err)
	}
	return nil
}
