package build

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/goreleaser/nfpm/v2"

	"github.com/slipway-deploy/slipway/internal/artifact"
	"github.com/slipway-deploy/slipway/internal/artifact/debian"
)

// applyControlDir lays what a DEBIAN directory says over what the project declares.
// It returns the conffiles that are listed there; nil when there is no list.
func applyControlDir(p *nfpm.Info, dir string, info artifact.Info) (conffiles []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		file := filepath.Join(dir, e.Name())
		switch e.Name() {
		case "control":
			err = applyControl(p, file, info)
		case "conffiles":
			conffiles, err = readLines(file)
		case "triggers":
			err = applyTriggers(p, file)
		case "preinst":
			p.Scripts.PreInstall = file
		case "postinst":
			p.Scripts.PostInstall = file
		case "prerm":
			p.Scripts.PreRemove = file
		case "postrm":
			p.Scripts.PostRemove = file
		case "templates":
			p.Deb.Scripts.Templates = file
		case "config":
			p.Deb.Scripts.Config = file
		case "md5sums":
			// made anew
		default:
			err = fmt.Errorf("it is not known; control, conffiles, triggers, templates, config and maintainer scripts are: build the .deb with dpkg-deb and name it as the built file")
		}
		if err != nil {
			return nil, fmt.Errorf("DEBIAN/%s: %w", e.Name(), err)
		}
	}
	return conffiles, nil
}

func applyControl(p *nfpm.Info, file string, info artifact.Info) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	control, err := debian.ParseControl(b)
	if err != nil {
		return err
	}
	for _, f := range control {
		if err := applyField(p, f, info); err != nil {
			return err
		}
	}
	return nil
}

// applyField sets one field. What the build decides may be left out of the file; if
// it is there it must be the same.
func applyField(p *nfpm.Info, f debian.Field, info artifact.Info) error {
	folded := strings.Join(strings.Fields(f.Value), " ")
	list := []string{folded}
	switch strings.ToLower(f.Name) {
	case "package":
		return same(f, info.Name)
	case "version":
		return same(f, info.Version)
	case "architecture":
		return same(f, info.Arch)
	case "installed-size", strings.ToLower(artifact.CommitField):
		// counted and noted anew
	case "maintainer":
		p.Maintainer = folded
	case "section":
		p.Section = folded
	case "priority":
		p.Priority = folded
	case "homepage":
		p.Homepage = folded
	case "description":
		p.Description = f.Value
	case "depends":
		p.Depends = list
	case "pre-depends":
		p.Deb.Predepends = list
	case "recommends":
		p.Recommends = list
	case "suggests":
		p.Suggests = list
	case "conflicts":
		p.Conflicts = list
	case "breaks":
		p.Deb.Breaks = list
	case "replaces":
		p.Replaces = list
	case "provides":
		p.Provides = list
	default:
		p.Deb.Fields[f.Name] = strings.ReplaceAll(f.Value, "\n", "\n ")
	}
	return nil
}

func same(f debian.Field, want string) error {
	if f.Value == want {
		return nil
	}
	return fmt.Errorf("%s is %q, and this build is %q: correct it or leave the field out", f.Name, f.Value, want)
}

func applyTriggers(p *nfpm.Info, file string) error {
	lines, err := readLines(file)
	if err != nil {
		return err
	}
	t := &p.Deb.Triggers
	lists := map[string]*[]string{
		"interest": &t.Interest, "interest-await": &t.InterestAwait, "interest-noawait": &t.InterestNoAwait,
		"activate": &t.Activate, "activate-await": &t.ActivateAwait, "activate-noawait": &t.ActivateNoAwait,
	}
	for _, line := range lines {
		directive, name, _ := strings.Cut(line, " ")
		list, known := lists[directive]
		if !known {
			return fmt.Errorf("the directive %q is not known; interest and activate, with -await or -noawait, are", directive)
		}
		*list = append(*list, strings.TrimSpace(name))
	}
	return nil
}

// readLines reads a file of lines, without empty ones and comments.
func readLines(file string) ([]string, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	lines := []string{}
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		if line != "" && line[0] != '#' {
			lines = append(lines, line)
		}
	}
	return lines, nil
}
