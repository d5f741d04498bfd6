package work

import (
	"fmt"
	"path"
	"strings"

	"github.com/slipway-deploy/slipway/internal/host"
)

// Valid refuses a request that no host could do, or that would reach outside of what
// it names. Everything that becomes part of a path or a command is checked here.
func Valid(r host.Request) error {
	if r.Protocol != host.Protocol {
		return fmt.Errorf("protocol %d; this helper speaks %d: install the helper that came with slipway", r.Protocol, host.Protocol)
	}
	if !name(r.Service) {
		return fmt.Errorf("service %q; a name has letters, digits and . _ - + ~ only", r.Service)
	}
	changes := r.Verb == host.Update || r.Verb == host.Restore
	if (changes || r.Rollout != "") && !name(r.Rollout) {
		return fmt.Errorf("rollout %q; an id has letters, digits and . _ - + ~ only", r.Rollout)
	}
	if r.Command < 0 || r.Token < 0 || r.Wait < 0 {
		return fmt.Errorf("command %d, token %d and wait %v; none is ever negative", r.Command, r.Token, r.Wait)
	}
	if r.Units != "" && r.Units != "systemd" && r.Units != "process" {
		return fmt.Errorf("units %q; they are run by systemd or process", r.Units)
	}
	if r.Root != "" && !clean(r.Root) {
		return fmt.Errorf("root %q; it must be an absolute, clean path", r.Root)
	}
	if err := validSpec(r); err != nil {
		return err
	}
	for _, c := range r.Checks {
		if (c.HTTP == "") == (len(c.Command) == 0) {
			return fmt.Errorf("check %q; it needs http or a command, and not both", c.Name)
		}
	}
	if r.Verb == host.Update && r.Artifact == nil {
		return fmt.Errorf("update without an artifact; nothing to install")
	}
	for _, a := range []*host.Artifact{r.Artifact, r.Previous} {
		if err := validArtifact(a, r.Spec); err != nil {
			return err
		}
	}
	return nil
}

func validSpec(r host.Request) error {
	s := r.Spec
	switch s.Format {
	case "deb":
		if !name(s.Package) {
			return fmt.Errorf("package %q; a name has letters, digits and . _ - + ~ only", s.Package)
		}
		if r.Units == "process" {
			return fmt.Errorf("format deb in a local fleet; it takes tar.gz only")
		}
	case "tar.gz":
		if !clean(s.Directory) || s.Directory == "/" {
			return fmt.Errorf("directory %q; it must be an absolute, clean path below /", s.Directory)
		}
	default:
		return fmt.Errorf("format %q; it must be deb or tar.gz", s.Format)
	}
	for _, u := range append(append([]string(nil), s.Units...), s.Timers...) {
		if !name(strings.Replace(u, "@", "", 1)) || !strings.Contains(u, ".") {
			return fmt.Errorf("unit %q; a name is like checkout.service", u)
		}
	}
	for _, p := range append(append([]string(nil), s.Config...), s.Data...) {
		if !clean(p) || p == "/" {
			return fmt.Errorf("path %q; it must be an absolute, clean path below /", p)
		}
	}
	return nil
}

func validArtifact(a *host.Artifact, s host.Spec) error {
	if a == nil {
		return nil
	}
	if a.Format != s.Format {
		return fmt.Errorf("artifact %s is a %s; the service takes %s", a.Name, a.Format, s.Format)
	}
	if s.Format == "deb" && a.Name != s.Package {
		return fmt.Errorf("artifact is package %q; the service is package %q", a.Name, s.Package)
	}
	if !name(strings.ReplaceAll(a.Version, ":", "")) || strings.HasSuffix(a.Version, ".tmp") {
		return fmt.Errorf("version %q; it has letters, digits and . _ - + ~ : only, and does not end in .tmp", a.Version)
	}
	hex, ok := strings.CutPrefix(a.Digest, "sha256:")
	if !ok || len(hex) != 64 || strings.Trim(hex, "0123456789abcdef") != "" {
		return fmt.Errorf("digest %q; it must be sha256: and 64 hexadecimal digits", a.Digest)
	}
	if a.Path != "" && !clean(a.Path) {
		return fmt.Errorf("artifact at %q; it must be an absolute, clean path", a.Path)
	}
	return nil
}

// name reports whether a text may be part of a path and of a command line.
func name(text string) bool {
	if text == "" || len(text) > 128 {
		return false
	}
	for i, c := range []byte(text) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && (i == 0 || !strings.ContainsRune("._-+~", rune(c))) {
			return false
		}
	}
	return true
}

func clean(p string) bool { return path.IsAbs(p) && path.Clean(p) == p && !strings.ContainsRune(p, 0) }
