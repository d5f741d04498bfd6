package manifest

import (
	"fmt"
	"strings"

	"github.com/invopop/jsonschema"
)

// artifactObject is what is deployed.
func artifactObject() object[Artifact] {
	return object[Artifact]{
		name: "artifact",
		what: "a mapping",
		one:  true,
		fields: []field[Artifact]{
			key("deb", func(a *Artifact) **Deb { return &a.Deb }, pointer(debObject().shape()), "A Debian package."),
			key("tar.gz", func(a *Artifact) **TarGz { return &a.TarGz }, pointer(tarGzObject().shape()), "A tar.gz, unpacked into a directory of its own for each release."),
		},
	}
}

func debObject() object[Deb] {
	return object[Deb]{
		name:   "deb",
		what:   "a mapping",
		empty:  true,
		rule:   packedDeb,
		extend: extendDeb,
		fields: []field[Deb]{
			key("package", func(d *Deb) *string { return &d.Package }, wordOf(packageName()),
				"Name of the package.").defaults("SERVICE"),
			key("build", func(d *Deb) *string { return &d.Build }, wordOf(shellCommand()),
				"Shell command of the project that makes the package, run in the directory of the file.").defaults("none: somebody else builds it").such("make deb"),
			key("file", func(d *Deb) *string { return &d.File }, wordOf(fileGlob()),
				"Glob of the package that the build leaves; it may match one for each architecture. {{version}} and {{arch}} are filled in.").defaults("dist/*.deb, when there is no tree"),
			key("tree", func(d *Deb) *string { return &d.Tree }, wordOf(directoryBelow()),
				"Directory that the build leaves and Slipway packs, instead of file: the root of the host, with a DEBIAN directory or without. {{version}} and {{arch}} are filled in.").defaults("none: the build makes the package").such("build/root"),
			key("description", func(d *Deb) *string { return &d.Description }, wordOf(shownText()),
				"Description of a package made from a tree.").defaults("PACKAGE"),
			key("maintainer", func(d *Deb) *string { return &d.Maintainer }, wordOf(maintainer()),
				"Maintainer of a package made from a tree.").defaults("Maintainers of PACKAGE <PACKAGE@localhost>").such("Shop <shop@example.com>"),
			key("depends", func(d *Deb) *[]string { return &d.Depends }, list("a list of packages such as [adduser, libc6 (>= 2.36)]", 1, wordOf(dependency())),
				"Packages that a package made from a tree needs.").defaults("none").such([]string{"adduser", "libc6 (>= 2.36)"}),
		},
	}
}

func tarGzObject() object[TarGz] {
	return object[TarGz]{
		name:   "targz",
		what:   "a mapping",
		empty:  true,
		fresh:  freshTarGz,
		rule:   packedTarGz,
		extend: fileOrTree,
		fields: []field[TarGz]{
			key("build", func(t *TarGz) *string { return &t.Build }, wordOf(shellCommand()),
				"Shell command of the project that makes the archive, run in the directory of the file.").defaults("none: somebody else builds it").such("make dist"),
			key("file", func(t *TarGz) *string { return &t.File }, wordOf(fileGlob()),
				"Glob of the archive that the build leaves. {{version}} and {{arch}} are filled in.").defaults("dist/*.tar.gz, when there is no tree").such("dist/checkout-{{version}}-{{arch}}.tar.gz"),
			key("tree", func(t *TarGz) *string { return &t.Tree }, wordOf(directoryBelow()),
				"Directory that the build leaves and Slipway packs, instead of file: what a release is on a host. {{version}} and {{arch}} are filled in.").defaults("none: the build makes the archive").such("build/checkout"),
			key("architectures", func(t *TarGz) *[]string { return &t.Architectures }, list("a list of architectures such as [amd64, arm64]", 1, wordOf(architecture())),
				"Architectures that the build makes an archive for, in Debian's names; the build command runs once for each. More than one needs {{arch}} in file, if there is one.").defaults("one archive, for what the programs in it are for, or for every host when it holds none"),
			key("keep", func(t *TarGz) *int { return &t.Keep }, whole("a number of releases", 2, 1000),
				"Releases kept on a host, the live one included.").defaults("5"),
			key("directory", func(t *TarGz) *string { return &t.Directory }, wordOf(absolutePath()),
				"Where releases are unpacked: holds releases/, current and shared/.").defaults("/opt/SERVICE"),
		},
	}
}

// fileAndTree reports a file and a tree together: the build leaves one of them.
func fileAndTree(r *reader, written keys) {
	if written.has("file") && written.has("tree") {
		r.problem(written.node("tree"), Problem{
			Message: r.subject() + " has file and tree together",
			Allowed: "file, when the build makes the archive, or tree, when Slipway packs what the build leaves",
		})
	}
}

// fileOrTree says the same in the schema.
func fileOrTree(s *jsonschema.Schema) {
	s.Not = &jsonschema.Schema{Required: []string{"file", "tree"}}
}

// ofTree are the keys of a package that Slipway makes. One that somebody else made
// says these things itself.
func ofTree() []string { return []string{"description", "maintainer", "depends"} }

// packedDeb: file or tree, and keys of a tree only with one.
func packedDeb(r *reader, _ *Deb, written keys) {
	fileAndTree(r, written)
	for _, name := range ofTree() {
		if written.has(name) && !written.has("tree") {
			r.problem(written.node(name), Problem{
				Message: fmt.Sprintf("%s has %s and no tree", r.subject(), name),
				Hint:    "a package that the build makes says it itself; with tree: DIRECTORY, Slipway makes the package",
			})
		}
	}
}

// extendDeb says the same in the schema.
func extendDeb(s *jsonschema.Schema) {
	fileOrTree(s)
	s.DependentRequired = map[string][]string{}
	for _, name := range ofTree() {
		s.DependentRequired[name] = []string{"tree"}
	}
}

// packedTarGz: file or tree. An archive that the build made does not say for which
// architecture it is, so that its name must.
func packedTarGz(r *reader, t *TarGz, written keys) {
	fileAndTree(r, written)
	if len(t.Architectures) > 1 && !written.has("tree") && !strings.Contains(t.File, "{{arch}}") {
		r.problem(written.node("architectures"), Problem{
			Message: "several architectures, and no {{arch}} in file to tell their archives apart",
			Hint:    "write for example file: dist/*-{{arch}}.tar.gz, or tree: DIRECTORY and let Slipway pack it",
		})
	}
}
