package state_test

import (
	"encoding/json"
	"math/rand"
	"reflect"
	"slices"
	"testing"

	"github.com/slipway-deploy/slipway/internal/host/state"
	"pgregory.net/rapid"
)

// unique draws a list in which no key is twice.
func unique[T any](t *rapid.T, label string, one *rapid.Generator[T], key func(T) string) []T {
	return rapid.SliceOfNDistinct(one, 0, 5, key).Draw(t, label)
}

func draw(t *rapid.T) state.State {
	short := rapid.StringMatching(`[a-c]{1,2}`)
	maybe := rapid.OneOf(rapid.Just(""), short)
	s := state.State{Format: rapid.SampledFrom([]string{"deb", "tar.gz"}).Draw(t, "format")}
	if s.Format == "deb" {
		s.Package = &state.Package{
			Name: "p", Version: maybe.Draw(t, "version"), Arch: maybe.Draw(t, "arch"), Status: maybe.Draw(t, "status"),
			Hold: rapid.Bool().Draw(t, "hold"), Auto: rapid.Bool().Draw(t, "auto"),
		}
	} else {
		s.Release = &state.Release{Directory: "/opt/p", Current: maybe.Draw(t, "current"), Kept: unique(t, "kept", short, func(s string) string { return s })}
	}
	s.Files = unique(t, "files", rapid.Custom(func(t *rapid.T) state.File {
		return state.File{
			Path: "/" + short.Draw(t, "path"), Kind: rapid.SampledFrom([]state.Kind{state.Regular, state.Link, state.Directory}).Draw(t, "kind"),
			UID: rapid.IntRange(0, 2).Draw(t, "uid"), GID: rapid.IntRange(0, 2).Draw(t, "gid"), Digest: maybe.Draw(t, "digest"),
		}
	}), func(f state.File) string { return f.Path })
	for i, f := range s.Files {
		if f.Kind == state.Link {
			s.Files[i].Target = short.Draw(t, "target")
		} else {
			s.Files[i].Mode = rapid.SampledFrom([]uint32{0o644, 0o755, 0o4755}).Draw(t, "mode")
		}
	}
	s.Units = unique(t, "units", rapid.Custom(func(t *rapid.T) state.Unit {
		return state.Unit{Name: short.Draw(t, "name"), Active: rapid.Bool().Draw(t, "active"), Enabled: maybe.Draw(t, "enabled")}
	}), func(u state.Unit) string { return u.Name })
	return s
}

func shuffled(s state.State, seed int64) state.State {
	r := rand.New(rand.NewSource(seed))
	s.Files, s.Units = slices.Clone(s.Files), slices.Clone(s.Units)
	r.Shuffle(len(s.Files), func(i, j int) { s.Files[i], s.Files[j] = s.Files[j], s.Files[i] })
	r.Shuffle(len(s.Units), func(i, j int) { s.Units[i], s.Units[j] = s.Units[j], s.Units[i] })
	return s
}

func digest(t *rapid.T, s state.State) string {
	d, err := state.Digest(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Two states have no difference exactly when they have the same digest, and a state
// has none with itself, whatever the order it was read in, and after a journal.
func TestCompareAgreesWithDigest(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := draw(t), draw(t)
		if rapid.Bool().Draw(t, "nearly the same") {
			b = a
			b.Files = slices.Clone(a.Files)
			if len(b.Files) > 0 {
				b.Files[0].GID = rapid.IntRange(0, 2).Draw(t, "other group")
			}
		}
		differences := state.Compare(a, b)
		if same := digest(t, a) == digest(t, b); same != (len(differences) == 0) {
			t.Fatalf("digests equal: %v; differences: %+v", same, differences)
		}
		if back := state.Compare(b, a); len(back) != len(differences) {
			t.Fatalf("%d differences one way and %d the other", len(differences), len(back))
		}
		mixed := shuffled(a, rapid.Int64().Draw(t, "seed"))
		if d := state.Compare(a, mixed); len(d) > 0 || digest(t, a) != digest(t, mixed) {
			t.Fatalf("order matters: %+v", d)
		}
		data, err := json.Marshal(a.Normal())
		if err != nil {
			t.Fatal(err)
		}
		var read state.State
		if err := json.Unmarshal(data, &read); err != nil || digest(t, read) != digest(t, a) {
			t.Fatalf("read %+v, %v", read, err)
		}
	})
}

func TestNormalSharesNothing(t *testing.T) {
	t.Parallel()
	s := state.State{Files: []state.File{{Path: "/b"}, {Path: "/a"}}, Release: &state.Release{Kept: []string{"2", "1"}}}
	n := s.Normal()
	n.Files[0].Path, n.Release.Kept[0] = "/x", "x"
	want := state.State{Files: []state.File{{Path: "/b"}, {Path: "/a"}}, Release: &state.Release{Kept: []string{"2", "1"}}}
	if !reflect.DeepEqual(s, want) {
		t.Fatalf("changed: %+v", s)
	}
}

func TestCompareNamesTheItem(t *testing.T) {
	t.Parallel()
	file := state.File{Path: "/etc/x", Kind: state.Regular, Mode: 0o644, Digest: "sha256:aa"}
	other := file
	other.Mode = 0o600
	link := state.File{Path: "/etc/x", Kind: state.Link, Target: "/y"}
	for name, c := range map[string]struct {
		before, after state.State
		item, was, is string
	}{
		"mode":  {state.State{Files: []state.File{file}}, state.State{Files: []state.File{other}}, "file /etc/x", "file mode 0644 owner 0:0 sha256:aa", "file mode 0600 owner 0:0 sha256:aa"},
		"gone":  {state.State{Files: []state.File{file}}, state.State{}, "file /etc/x", "file mode 0644 owner 0:0 sha256:aa", "none"},
		"added": {state.State{}, state.State{Files: []state.File{link}}, "file /etc/x", "none", `link to "/y" owner 0:0`},
		"unit": {state.State{Units: []state.Unit{{Name: "a.service", Enabled: "enabled"}}}, state.State{Units: []state.Unit{{Name: "a.service", Enabled: "masked"}}},
			"unit a.service enabled", "enabled", "masked"},
		"version": {state.State{Package: &state.Package{Name: "p", Version: "1"}}, state.State{Package: &state.Package{Name: "p"}}, "package p version", "1", "none"},
		"link": {state.State{Release: &state.Release{Directory: "/opt/p", Current: "releases/1"}}, state.State{Release: &state.Release{Directory: "/opt/p", Current: "releases/2"}},
			"link /opt/p/current", "releases/1", "releases/2"},
	} {
		d := state.Compare(c.before, c.after)
		if len(d) != 1 || d[0].Item != c.item || d[0].Before != c.was || d[0].After != c.is {
			t.Errorf("%s: %+v", name, d)
		}
	}
}
