package releasable

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Version is a version as semver.org has it.
type Version struct {
	Major, Minor, Patch int
	Pre                 string // "rc.1"; empty for a final version
	Build               string
}

// ParseVersion reads a version; ok is false when it is none of semver.
func ParseVersion(s string) (v Version, ok bool) {
	const number, ids = `(0|[1-9][0-9]{0,8})`, `[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*`
	m := regexp.MustCompile(`^` + number + `\.` + number + `\.` + number + `(?:-(` + ids + `))?(?:\+(` + ids + `))?$`).FindStringSubmatch(s)
	if m == nil {
		return v, false
	}
	for i, into := range []*int{&v.Major, &v.Minor, &v.Patch} {
		n, err := strconv.Atoi(m[i+1])
		if err != nil {
			return Version{}, false
		}
		*into = n
	}
	for id := range strings.SplitSeq(m[4], ".") {
		if len(id) > 1 && id[0] == '0' && numeric(id) {
			return Version{}, false
		}
	}
	v.Pre, v.Build = m[4], m[5]
	return v, true
}

// String is the version as it is written.
func (v Version) String() string {
	s := fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch)
	if v.Pre != "" {
		s += "-" + v.Pre
	}
	if v.Build != "" {
		s += "+" + v.Build
	}
	return s
}

// Compare orders versions as semver.org does; what stands after a + is not looked at.
func (v Version) Compare(w Version) int {
	c := cmp.Or(cmp.Compare(v.Major, w.Major), cmp.Compare(v.Minor, w.Minor), cmp.Compare(v.Patch, w.Patch))
	switch {
	case c != 0 || v.Pre == w.Pre:
		return c
	case v.Pre == "":
		return 1
	case w.Pre == "":
		return -1
	}
	a, b := strings.Split(v.Pre, "."), strings.Split(w.Pre, ".")
	for i := range min(len(a), len(b)) {
		if c := compareID(a[i], b[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

func compareID(a, b string) int {
	switch an, bn := numeric(a), numeric(b); {
	case an && bn:
		return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
	case an:
		return -1
	case bn:
		return 1
	}
	return strings.Compare(a, b)
}

func numeric(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// Bump is how far a version moves.
type Bump string

// The bumps.
const (
	Major Bump = "major"
	Minor Bump = "minor"
	Patch Bump = "patch"
)

// Next is the version that changes make of the last one, and why. After 0.x a change that
// breaks moves the minor number: that the interface is stable, which 1.0.0 says, is for
// people to decide.
func Next(last Version, changes []Change) (Version, Bump, string) {
	bump, why := Patch, "no commit since says that it adds or breaks something"
	for _, c := range changes {
		switch {
		case c.Breaking:
			bump, why = Major, fmt.Sprintf("%s breaks something: %s", Short(c.Commit.ID), c.Text)
		case c.Type == "feat" && bump == Patch:
			bump, why = Minor, fmt.Sprintf("%s adds something: %s", Short(c.Commit.ID), c.Text)
		case c.Type == "fix" && bump == Patch:
			why = fmt.Sprintf("%s mends something: %s", Short(c.Commit.ID), c.Text)
		}
		if bump == Major {
			break
		}
	}
	if bump == Major && last.Major == 0 {
		bump, why = Minor, why+" (before 1.0.0 that is a minor version)"
	}
	return last.bumped(bump), bump, why
}

func (v Version) bumped(b Bump) Version {
	switch b {
	case Major:
		return Version{Major: v.Major + 1}
	case Minor:
		return Version{Major: v.Major, Minor: v.Minor + 1}
	}
	return Version{Major: v.Major, Minor: v.Minor, Patch: v.Patch + 1}
}
