package deb

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// File is what a .deb says of itself.
type File struct {
	Name, Version, Arch string
	Installed           int64    // bytes it takes once installed
	Conffiles           []string // absolute paths
}

// Inspect reads the control part of a .deb.
func Inspect(ctx context.Context, path string) (File, error) {
	out, err := run(ctx, "", "dpkg-deb", "--field", path, "Package", "Version", "Architecture", "Installed-Size")
	if err != nil {
		return File{}, err
	}
	var f File
	for line := range strings.Lines(string(out)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch key {
		case "Package":
			f.Name = value
		case "Version":
			f.Version = value
		case "Architecture":
			f.Arch = value
		case "Installed-Size":
			kib, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				return File{}, fmt.Errorf("dpkg-deb: Installed-Size is %q; it must be a number", value)
			}
			f.Installed = kib << 10
		}
	}
	list, err := run(ctx, "", "dpkg-deb", "--info", path, "conffiles")
	if err != nil && !strings.Contains(err.Error(), "is missing") {
		return File{}, err
	}
	for line := range strings.Lines(string(list)) {
		// "remove-on-upgrade /etc/x" names a file that goes.
		words := strings.Fields(line)
		if len(words) > 0 && strings.HasPrefix(words[len(words)-1], "/") {
			f.Conffiles = append(f.Conffiles, words[len(words)-1])
		}
	}
	return f, nil
}

// Cached returns the .deb of a version in apt's cache; empty when it is not there.
func Cached(name, version, arch string) string {
	file := fmt.Sprintf("%s_%s_%s.deb", name, strings.ReplaceAll(version, ":", "%3a"), arch)
	path := filepath.Join("/var/cache/apt/archives", file)
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}

// Archived reports whether an archive that apt knows has a version.
func Archived(ctx context.Context, name, version string) (bool, error) {
	out, err := run(ctx, "", "apt-cache", "show", "--no-all-versions", "--", name+"="+version)
	if err != nil {
		if ctx.Err() != nil {
			return false, err
		}
		return false, nil // it knows no such version
	}
	return strings.Contains("\n"+string(out), "\nFilename: "), nil
}

// Download gets the .deb of a version from an archive into an empty directory.
func Download(ctx context.Context, name, version, dir string) (string, error) {
	_, err := run(ctx, "", "sh", "-c", `cd -- "$1" && exec apt-get -o APT::Sandbox::User=root -qq download -- "$2"`, "sh", dir, name+"="+version)
	if err != nil {
		return "", err
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.deb"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("apt-get download %s=%s left %d files; expected one", name, version, len(found))
	}
	return found[0], nil
}

// Units returns the names of the systemd units that an installed package ships.
func Units(name string) ([]string, error) {
	lists, err := filepath.Glob("/var/lib/dpkg/info/" + name + "*.list")
	if err != nil {
		return nil, err
	}
	var units []string
	for _, list := range lists {
		base := filepath.Base(list)
		if base != name+".list" && !strings.HasPrefix(base, name+":") {
			continue
		}
		data, err := os.ReadFile(list)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(data)) {
			path := strings.TrimSpace(line)
			dir := filepath.Dir(path)
			if dir == "/lib/systemd/system" || dir == "/usr/lib/systemd/system" {
				units = append(units, filepath.Base(path))
			}
		}
	}
	return units, nil
}

// Changed returns when a package was last unpacked.
func Changed(name string) (time.Time, error) {
	lists, err := filepath.Glob("/var/lib/dpkg/info/" + name + "*.list")
	if err != nil {
		return time.Time{}, err
	}
	var last time.Time
	for _, list := range lists {
		base := filepath.Base(list)
		if base != name+".list" && !strings.HasPrefix(base, name+":") {
			continue
		}
		at, err := os.Stat(list)
		if err != nil {
			return time.Time{}, err
		}
		if at.ModTime().After(last) {
			last = at.ModTime()
		}
	}
	return last, nil
}
