package releasable

import "strings"

// TagFor is the name of the tag of a version. A pattern has {{version}} in it. What git
// does not take in a name is written as Debian's DEP-14 does: % for :, and _ for ~.
func TagFor(pattern, version string) string {
	return strings.ReplaceAll(pattern, "{{version}}", strings.NewReplacer(":", "%", "~", "_").Replace(version))
}

// VersionOf is the version that a tag stands for by a pattern.
func VersionOf(pattern, tag string) (string, bool) {
	before, after, ok := strings.Cut(pattern, "{{version}}")
	if !ok || len(tag) <= len(before)+len(after) || !strings.HasPrefix(tag, before) || !strings.HasSuffix(tag, after) {
		return "", false
	}
	return strings.NewReplacer("%", ":", "_", "~").Replace(tag[len(before) : len(tag)-len(after)]), true
}

// Tag is a tag and the commit that it stands for.
type Tag struct{ Name, Version, Commit string }

// Last is the last release among tags, which are the newest first: the highest final
// version, or when none is one of semver, the newest. ok is false when there is none.
func Last(pattern string, tags []Tag) (last Tag, ok bool) {
	var best Version
	for _, t := range tags {
		version, fits := VersionOf(pattern, t.Name)
		if !fits || !startsWithDigit(version) {
			continue
		}
		t.Version = version
		v, semver := ParseVersion(version)
		if semver && v.Pre == "" && (best == Version{} || v.Compare(best) > 0) {
			best, last, ok = v, t, true
		}
		if !ok && !semver {
			last, ok = t, true
		}
	}
	return last, ok
}

func startsWithDigit(s string) bool { return s != "" && s[0] >= '0' && s[0] <= '9' }
