package state

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/slipway-deploy/slipway/internal/host"
)

// Compare returns every item that is not the same in two states, in a fixed order;
// none means that they are equal, and have the same digest.
func Compare(before, after State) []host.Difference {
	var d differences
	d.text("format", before.Format, after.Format)
	d.packages(before.Package, after.Package)
	d.releases(before.Release, after.Release)
	d.files(before.Files, after.Files)
	d.units(before.Units, after.Units)
	return d
}

type differences []host.Difference

func (d *differences) text(item, before, after string) {
	if before != after {
		*d = append(*d, host.Difference{Item: item, Before: or(before, "none"), After: or(after, "none")})
	}
}

func (d *differences) yes(item string, before, after bool) {
	d.text(item, strconv.FormatBool(before), strconv.FormatBool(after))
}

func (d *differences) packages(before, after *Package) {
	if before == nil || after == nil {
		d.yes("package recorded", before != nil, after != nil)
		return
	}
	d.text("package", before.Name, after.Name)
	item := "package " + before.Name
	d.text(item+" version", before.Version, after.Version)
	d.text(item+" architecture", before.Arch, after.Arch)
	d.text(item+" status", before.Status, after.Status)
	d.yes(item+" hold", before.Hold, after.Hold)
	d.yes(item+" automatic", before.Auto, after.Auto)
}

func (d *differences) releases(before, after *Release) {
	if before == nil || after == nil {
		d.yes("release recorded", before != nil, after != nil)
		return
	}
	d.text("directory", before.Directory, after.Directory)
	d.text("link "+before.Directory+"/current", before.Current+before.Instead, after.Current+after.Instead)
	d.text("changed in the release of "+before.Directory+"/current", before.Changed, after.Changed)
	for _, name := range union(before.Kept, after.Kept, func(s string) string { return s }) {
		d.yes("release "+name, slices.Contains(before.Kept, name), slices.Contains(after.Kept, name))
	}
}

func (d *differences) files(before, after []File) {
	path := func(f File) string { return f.Path }
	b, a := index(before, path), index(after, path)
	for _, p := range union(before, after, path) {
		d.text("file "+p, b[p].String(), a[p].String())
	}
}

func (d *differences) units(before, after []Unit) {
	name := func(u Unit) string { return u.Name }
	b, a := index(before, name), index(after, name)
	for _, n := range union(before, after, name) {
		d.yes("unit "+n+" recorded", b[n].Name != "", a[n].Name != "")
		d.yes("unit "+n+" active", b[n].Active, a[n].Active)
		d.text("unit "+n+" enabled", b[n].Enabled, a[n].Enabled)
	}
}

// String describes a file in one line, without its content.
func (f File) String() string {
	if f.Path == "" {
		return ""
	}
	words := []string{string(f.Kind)}
	if f.Kind == Link {
		words = append(words, "to "+strconv.Quote(f.Target))
	} else {
		words = append(words, fmt.Sprintf("mode %04o", f.Mode))
	}
	words = append(words, fmt.Sprintf("owner %d:%d", f.UID, f.GID))
	if f.Digest != "" {
		words = append(words, f.Digest)
	}
	if f.Attributes != "" {
		words = append(words, "attributes "+f.Attributes)
	}
	return strings.Join(words, " ")
}

// union returns the keys of both lists, sorted, each once.
func union[T any](a, b []T, key func(T) string) []string {
	var keys []string
	for _, x := range slices.Concat(a, b) {
		keys = append(keys, key(x))
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// index finds elements by their key.
func index[T any](list []T, key func(T) string) map[string]T {
	found := make(map[string]T, len(list))
	for _, x := range list {
		found[key(x)] = x
	}
	return found
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
