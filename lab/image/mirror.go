package image

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// fallback is the archive of machines whose apt names none for the suite.
const fallback = "http://deb.debian.org/debian"

// Mirror returns the archive that this machine's own apt uses for the suite, so that
// a lab works wherever apt does.
func Mirror() string { return mirror("/etc/apt") }

func mirror(etc string) string {
	paths := []string{filepath.Join(etc, "sources.list")}
	for _, pattern := range []string{"*.list", "*.sources"} {
		more, err := filepath.Glob(filepath.Join(etc, "sources.list.d", pattern))
		if err == nil { // the pattern is constant and well formed
			paths = append(paths, more...)
		}
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // apt skips what it cannot read, too
		}
		find := inLines
		if strings.HasSuffix(path, ".sources") {
			find = inParagraphs
		}
		if uri := find(string(text)); uri != "" {
			return uri
		}
	}
	return fallback
}

// inLines reads the one-line format: deb [options] URI suite component...
func inLines(text string) string {
	for line := range strings.Lines(text) {
		if open, rest, ok := strings.Cut(line, "["); ok && strings.TrimSpace(open) == "deb" {
			_, rest, _ = strings.Cut(rest, "]")
			line = "deb " + rest
		}
		f := strings.Fields(line)
		if len(f) >= 4 && f[0] == "deb" && f[2] == Suite && slices.Contains(f[3:], "main") && plain(f[1]) {
			return f[1]
		}
	}
	return ""
}

// inParagraphs reads the deb822 format.
func inParagraphs(text string) string {
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		fields := map[string][]string{}
		for line := range strings.Lines(paragraph) {
			if name, value, ok := strings.Cut(line, ":"); ok && !strings.HasPrefix(line, "#") {
				fields[strings.ToLower(name)] = strings.Fields(value)
			}
		}
		on := slices.Contains(fields["types"], "deb") && slices.Contains(fields["suites"], Suite) &&
			slices.Contains(fields["components"], "main") && !slices.Contains(fields["enabled"], "no")
		if on && len(fields["uris"]) > 0 && plain(fields["uris"][0]) {
			return fields["uris"][0]
		}
	}
	return ""
}

// plain tells whether debootstrap can read from a URI.
func plain(uri string) bool {
	return strings.HasPrefix(uri, "http://") || strings.HasPrefix(uri, "https://") || strings.HasPrefix(uri, "file:")
}
