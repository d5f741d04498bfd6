package releasable_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/slipway-deploy/slipway/internal/releasable"
)

func TestParseVersion(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"0.0.0", "1.2.3", "10.20.30", "1.2.3-rc.1", "1.2.3-0", "1.2.3-x-y.7", "1.2.3+b.01", "1.2.3-a.b+c"} {
		if v, ok := releasable.ParseVersion(good); !ok || v.String() != good {
			t.Errorf("%q: %s %v", good, v, ok)
		}
	}
	for _, bad := range []string{"", "1", "1.2", "v1.2.3", "01.2.3", "1.02.3", "1.2.3-", "1.2.3-01", "1.2.3+", "1.2.3 ", "1.2.3-a..b", "1.2.9999999999", "2024.11", "1.2.3~rc1"} {
		if v, ok := releasable.ParseVersion(bad); ok {
			t.Errorf("%q is %s", bad, v)
		}
	}
}

// TestVersionOrder: the order of the example in section 11 of semver.org.
func TestVersionOrder(t *testing.T) {
	t.Parallel()
	order := strings.Fields("1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0 2.0.0 2.1.0 2.1.1")
	for i, a := range order {
		for j, b := range order {
			v, _ := releasable.ParseVersion(a)
			w, _ := releasable.ParseVersion(b)
			if got := v.Compare(w); got < 0 != (i < j) || got > 0 != (i > j) {
				t.Errorf("%s to %s: %d", a, b, got)
			}
		}
	}
}

func change(subject, body string) releasable.Change {
	return releasable.ParseChange(releasable.Commit{ID: id, Subject: subject, Body: body})
}

func TestParseChange(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		subject, body string
		want          releasable.Change
	}{
		{"feat: a cart", "", releasable.Change{Type: "feat", Text: "a cart"}},
		{"Fix(api/v2): a hole", "", releasable.Change{Type: "fix", Scope: "api/v2", Text: "a hole"}},
		{"feat(x)!: no more y", "", releasable.Change{Type: "feat", Scope: "x", Text: "no more y", Breaking: true}},
		{"refactor!: z", "", releasable.Change{Type: "refactor", Text: "z", Breaking: true}},
		{"fix: a", "why\n\nBREAKING CHANGE: b is gone\nRefs: 7", releasable.Change{Type: "fix", Text: "a", Breaking: true, Broken: "b is gone"}},
		{"fix: a", "BREAKING-CHANGE: b", releasable.Change{Type: "fix", Text: "a", Breaking: true, Broken: "b"}},
		{"fix: a", "this is no BREAKING CHANGE: at all", releasable.Change{Type: "fix", Text: "a"}},
		{"fix: a", "breaking change: b", releasable.Change{Type: "fix", Text: "a"}},
		{"cart: count", "", releasable.Change{Type: "cart", Text: "count"}},
		{"feat:no space", "", releasable.Change{Text: "feat:no space"}},
		{"feat (x): y", "", releasable.Change{Text: "feat (x): y"}},
		{"count what is in the cart", "", releasable.Change{Text: "count what is in the cart"}},
	} {
		got := change(c.subject, c.body)
		got.Commit = releasable.Commit{}
		if got != c.want {
			t.Errorf("%q: %+v, want %+v", c.subject, got, c.want)
		}
	}
	if got := releasable.ParseChanges([]releasable.Commit{{Subject: "Merge branch 'x'"}, {Subject: "Merge pull request #1 from a/b"}, {Subject: "Merge two carts"}}); len(got) != 1 {
		t.Errorf("%+v", got)
	}
}

func TestNext(t *testing.T) {
	t.Parallel()
	feat, fix, breaks, chore := change("feat: a", ""), change("fix: b", ""), change("feat!: c", ""), change("chore: d", "")
	for _, c := range []struct {
		last    string
		changes []releasable.Change
		want    string
	}{
		{"1.2.3", []releasable.Change{fix}, "1.2.4"},
		{"1.2.3", []releasable.Change{chore}, "1.2.4"},
		{"1.2.3", []releasable.Change{fix, feat, chore}, "1.3.0"},
		{"1.2.3", []releasable.Change{fix, breaks, feat}, "2.0.0"},
		{"0.2.3", []releasable.Change{fix}, "0.2.4"},
		{"0.2.3", []releasable.Change{feat}, "0.3.0"},
		{"0.2.3", []releasable.Change{breaks}, "0.3.0"},
		{"1.2.3+build.7", []releasable.Change{fix}, "1.2.4"},
	} {
		last, ok := releasable.ParseVersion(c.last)
		if got, _, why := releasable.Next(last, c.changes); !ok || got.String() != c.want || why == "" {
			t.Errorf("%s: %s, want %s: %s", c.last, got, c.want, why)
		}
	}
}

// TestNextIsAbove: the next version is always above the last, and 1.0.0 comes by itself
// never.
func TestNextIsAbove(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		last := releasable.Version{Major: rapid.IntRange(0, 3).Draw(t, "a"), Minor: rapid.IntRange(0, 3).Draw(t, "b"), Patch: rapid.IntRange(0, 3).Draw(t, "c")}
		var all []releasable.Change
		for _, s := range rapid.SliceOfN(rapid.SampledFrom([]string{"feat: a", "fix: b", "x", "y!: z"}), 0, 4).Draw(t, "changes") {
			all = append(all, change(s, ""))
		}
		next, _, _ := releasable.Next(last, all)
		if next.Compare(last) <= 0 || last.Major == 0 && next.Major != 0 {
			t.Fatalf("%s after %s", next, last)
		}
	})
}

func TestTags(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ pattern, version, tag string }{
		{"v{{version}}", "1.2.3", "v1.2.3"}, {"checkout/{{version}}", "1.2.3", "checkout/1.2.3"}, {"{{version}}", "1:2.0~rc1", "1%2.0_rc1"},
	} {
		if got := releasable.TagFor(c.pattern, c.version); got != c.tag {
			t.Errorf("%s of %s: %s", c.version, c.pattern, got)
		}
		if got, ok := releasable.VersionOf(c.pattern, c.tag); !ok || got != c.version {
			t.Errorf("%s of %s: %s", c.tag, c.pattern, got)
		}
	}
	for _, c := range []struct {
		tags []string
		want string
	}{
		{nil, ""},
		{[]string{"nightly", "checkout-v9.0.0", "vnext", "v"}, ""},
		{[]string{"v1.2.0", "v1.10.0", "v1.9.0"}, "v1.10.0"},
		{[]string{"v2.0.0-rc.1", "v1.9.0"}, "v1.9.0"},
		{[]string{"v2024.11", "v2024.10"}, "v2024.11"},
		{[]string{"v2024.11", "v1.0.0"}, "v1.0.0"},
	} {
		var tags []releasable.Tag
		for _, name := range c.tags {
			tags = append(tags, releasable.Tag{Name: name})
		}
		if got, ok := releasable.Last("v{{version}}", tags); got.Name != c.want || ok != (c.want != "") {
			t.Errorf("%v: %s", c.tags, got.Name)
		}
	}
}

func FuzzParseChange(f *testing.F) {
	f.Add("feat(x)!: y", "BREAKING CHANGE: z")
	f.Fuzz(func(t *testing.T, subject, body string) {
		c := change(subject, body)
		if c.Type != "" && !strings.HasPrefix(strings.ToLower(subject), c.Type) {
			t.Errorf("%+v", c)
		}
	})
}
