package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/slipway-deploy/slipway/internal/manifest"
)

// Initialised is what Init made.
type Initialised struct {
	File  string   `json:"file"`
	Found []string `json:"found"` // what in the project led to it, one line each
}

// Init writes a slipway.yaml that fits the project in a directory, and never
// overwrites one. service is its name; "" takes what the project says, or the name
// of the directory.
func Init(ctx context.Context, dir, service string) (Initialised, error) {
	made := Initialised{File: filepath.Join(dir, manifest.Name)}
	if _, err := os.Stat(dir); err != nil {
		return made, &Error{Kind: Misconfigured, Err: fmt.Errorf("look at the project: %w", err), Hint: "name the directory of a project, or none for this one"}
	}
	start, found := look(dir)
	if service != "" {
		start.Service = service
	}
	if start.Service == "" {
		start.Service = nameOf(dir)
		found = append(found, "the directory is called "+filepath.Base(dir)+": service "+start.Service)
	}
	text, err := manifest.Starter(start)
	if err != nil {
		return made, &Error{Kind: Misconfigured, Err: err, Hint: "give the service a name with --service"}
	}
	made.Found = found
	return made, writeNew(made.File, text)
}

// writeNew writes a file that must not be there yet.
func writeNew(file string, text []byte) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return &Error{Kind: Misconfigured, Err: fmt.Errorf("%s is there already", file), Hint: "it was not touched; edit it, or move it away first"}
	}
	if err != nil {
		return &Error{Kind: Misconfigured, Err: fmt.Errorf("write the manifest: %w", err)}
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}

// look finds out what a project is from its files.
func look(dir string) (start manifest.Start, found []string) {
	if source := controlField(filepath.Join(dir, "debian", "control"), "Source"); source != "" {
		start.Service, start.Format = source, "deb"
		found = append(found, "debian/control is there: artifact deb, service "+source)
	}
	if target := makeTarget(filepath.Join(dir, "Makefile"), "deb", "dist"); target != "" {
		start.Build = "make " + target
		if start.Format == "" && target == "deb" {
			start.Format = "deb"
		}
		found = append(found, "Makefile has the target "+target+": build "+start.Build)
	} else if firstOf(dir, "Makefile") != "" {
		found = append(found, "Makefile has no target deb or dist: say in slipway.yaml what builds the artifact")
	}
	if unit := unitIn(dir); unit != "" {
		name := strings.TrimSuffix(filepath.Base(unit), ".service")
		if start.Service == "" {
			start.Service = name
		}
		found = append(found, unit+" is there: unit "+name+".service")
	}
	if inventory := firstOf(dir, "ops/hosts.yaml", "ops/hosts.yml", "inventory.yaml", "inventory.yml", "inventory.ini",
		"inventory/hosts.yaml", "inventory/hosts.yml", "inventory/hosts", "hosts.yaml", "hosts.yml", "hosts.ini", "hosts"); inventory != "" {
		start.Inventory = inventory
		found = append(found, inventory+" is there: Ansible inventory")
	}
	return start, found
}

// firstOf returns the first file that exists, or "".
func firstOf(dir string, names ...string) string {
	for _, name := range names {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.Mode().IsRegular() {
			return name
		}
	}
	return ""
}

// unitIn finds the one systemd service of a project, or "".
func unitIn(dir string) string {
	for _, pattern := range []string{"*.service", "debian/*.service", "systemd/*.service", "deploy/*.service", "packaging/*.service"} {
		if found, err := filepath.Glob(filepath.Join(dir, pattern)); err == nil && len(found) == 1 {
			if name, err := filepath.Rel(dir, found[0]); err == nil {
				return name
			}
		}
	}
	return ""
}

// makeTarget returns the first of the targets that a Makefile has, or "".
func makeTarget(file string, targets ...string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	for _, target := range targets {
		if regexp.MustCompile(`(?m)^` + target + `\s*:([^=]|$)`).Match(text) {
			return target
		}
	}
	return ""
}

// controlField reads a field of a debian/control file, or "".
func controlField(file, field string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		name, value, ok := strings.Cut(line, ":")
		if ok && strings.EqualFold(name, field) {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// nameOf makes a service's name of a directory's.
func nameOf(dir string) string {
	abs, err := filepath.Abs(dir)
	if err != nil {
		abs = dir
	}
	name := strings.ToLower(filepath.Base(abs))
	name = regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(name, "-")
	return strings.Trim(name, "-")
}
