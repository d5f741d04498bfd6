package artifact

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/slipway-deploy/slipway/internal/artifact/debian"
)

// What the parts of a name may be. All of them are safe as a path component and in
// a file name NAME_VERSION_ARCH.
const (
	namePattern    = `[a-z0-9][a-z0-9+.-]*`
	versionPattern = `[A-Za-z0-9][A-Za-z0-9.+~-]*`
	archPattern    = `[a-z0-9][a-z0-9-]*`
	longest        = 128
)

// CheckVersion holds a version to what its format allows: Debian's syntax for a
// .deb; letters, digits and . + ~ - for a tar.gz.
func CheckVersion(format, version string) error {
	if len(version) > longest {
		return fmt.Errorf("the version has %d bytes; at most %d are allowed", len(version), longest)
	}
	if format == Deb {
		_, err := debian.ParseVersion(version)
		return err
	}
	if !matches(versionPattern, version) {
		return fmt.Errorf("version %q is not allowed; a version is letters, digits and . + ~ - and starts with a letter or a digit", version)
	}
	return nil
}

// CheckName holds a name to what package and service names may be.
func CheckName(name string) error {
	if len(name) > longest {
		return fmt.Errorf("the name has %d bytes; at most %d are allowed", len(name), longest)
	}
	if !matches(namePattern, name) {
		return fmt.Errorf("name %q is not allowed; a name is a-z 0-9 + . - and starts with a letter or a digit", name)
	}
	return nil
}

// CheckArch holds an architecture to the form of Debian's names.
func CheckArch(arch string) error {
	if len(arch) > 32 || !matches(archPattern, arch) {
		return fmt.Errorf("architecture %q is not a name like amd64, arm64 or all", arch)
	}
	return nil
}

func matches(pattern, s string) bool {
	ok, err := regexp.MatchString(`^(?:`+pattern+`)$`, s)
	return ok && err == nil
}

// FormatOf tells the format of a file by its name; "" when the name tells none.
func FormatOf(file string) string {
	switch {
	case strings.HasSuffix(file, ".deb"):
		return Deb
	case strings.HasSuffix(file, ".tar.gz"), strings.HasSuffix(file, ".tgz"):
		return TarGz
	}
	return ""
}

// identify says what a tar.gz is, from what was asked for and from its file name:
// NAME_VERSION_ARCH, NAME_VERSION or NAME-VERSION. A file named for another version
// than the one asked for is refused.
func identify(file string, want Want) (Info, error) {
	named := parseName(filepath.Base(file), want.Name)
	info := Info{Format: TarGz, Name: want.Name, Version: want.Version, Arch: named.Arch}
	if info.Arch == "" {
		info.Arch = want.Arch
	}
	if info.Name == "" {
		info.Name = named.Name
	}
	if info.Version == "" && named.Name == info.Name {
		info.Version = named.Version
	}
	if named.Name == info.Name && named.Version != "" && !sameVersion(named.Version, info.Version) {
		return Info{}, &Refused{File: file, Found: fmt.Sprintf("it is named for version %s", named.Version), Rule: fmt.Sprintf("%s was asked for", info.Version), Hint: "name the right file or version"}
	}
	if info.Name == "" || info.Version == "" {
		return Info{}, &Refused{File: file, Found: "its name does not tell service and version", Rule: "a tar.gz is called NAME_VERSION_ARCH.tar.gz or NAME-VERSION.tar.gz", Hint: "rename it, or give name and version"}
	}
	for _, err := range []error{CheckName(info.Name), CheckVersion(TarGz, info.Version)} {
		if err != nil {
			return Info{}, &Refused{File: file, Found: err.Error()}
		}
	}
	return info, nil
}

// sameVersion ignores the v that git tags and file names like to begin with.
func sameVersion(a, b string) bool {
	return strings.TrimPrefix(a, "v") == strings.TrimPrefix(b, "v")
}

// parseName takes a file name apart; parts that it does not tell are empty.
func parseName(base, name string) Info {
	stem := strings.TrimSuffix(strings.TrimSuffix(base, ".tgz"), ".tar.gz")
	if stem == base {
		return Info{}
	}
	for _, form := range []string{
		`^(?<name>` + namePattern + `)_(?<version>` + versionPattern + `)_(?<arch>` + archPattern + `)$`,
		`^(?<name>` + namePattern + `)_(?<version>` + versionPattern + `)$`,
		`^(?<name>` + quoteOr(name, namePattern+`?`) + `)-(?<version>v?[0-9][A-Za-z0-9.+~-]*)$`,
	} {
		re, err := regexp.Compile(form)
		if err != nil {
			continue // a name that is no name: CheckName refuses it
		}
		m := re.FindStringSubmatch(stem)
		if m == nil {
			continue
		}
		info := Info{Name: m[1], Version: m[2]}
		if len(m) > 3 {
			info.Arch = m[3]
		}
		return info
	}
	return Info{}
}

func quoteOr(s, pattern string) string {
	if s == "" {
		return pattern
	}
	return regexp.QuoteMeta(s)
}
