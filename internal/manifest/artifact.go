package manifest

import "strings"

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
		name:  "deb",
		what:  "a mapping",
		empty: true,
		fresh: freshDeb,
		fields: []field[Deb]{
			key("package", func(d *Deb) *string { return &d.Package }, wordOf(packageName()),
				"Name of the package.").defaults("SERVICE"),
			key("build", func(d *Deb) *string { return &d.Build }, wordOf(shellCommand()),
				"Shell command of the project that makes the package, run in the directory of the file.").defaults("none: somebody else builds it").such("make deb"),
			key("file", func(d *Deb) *string { return &d.File }, wordOf(fileGlob()),
				"Glob of what the build leaves; it may match one package for each architecture. {{version}} and {{arch}} are filled in.").defaults("dist/*.deb"),
		},
	}
}

func tarGzObject() object[TarGz] {
	return object[TarGz]{
		name:  "targz",
		what:  "a mapping",
		empty: true,
		fresh: freshTarGz,
		rule:  onePerArchitecture,
		fields: []field[TarGz]{
			key("build", func(t *TarGz) *string { return &t.Build }, wordOf(shellCommand()),
				"Shell command of the project that makes the archive, run in the directory of the file.").defaults("none: somebody else builds it").such("make dist"),
			key("file", func(t *TarGz) *string { return &t.File }, wordOf(fileGlob()),
				"Glob of what the build leaves. {{version}} and {{arch}} are filled in.").defaults("dist/*.tar.gz").such("dist/checkout-{{version}}-{{arch}}.tar.gz"),
			key("architectures", func(t *TarGz) *[]string { return &t.Architectures }, list("a list of architectures such as [amd64, arm64]", 1, wordOf(architecture())),
				"Architectures that the build makes an archive for, in Debian's names; the build command runs once for each. More than one needs {{arch}} in file.").defaults("one archive, for what the programs in it are for, or for every host when it holds none"),
			key("keep", func(t *TarGz) *int { return &t.Keep }, whole("a number of releases", 2, 1000),
				"Releases kept on a host, the live one included.").defaults("5"),
			key("directory", func(t *TarGz) *string { return &t.Directory }, wordOf(absolutePath()),
				"Where releases are unpacked: holds releases/, current and shared/.").defaults("/opt/SERVICE"),
		},
	}
}

// onePerArchitecture: an archive does not say for which architecture it is, so that
// its name must.
func onePerArchitecture(r *reader, t *TarGz, written keys) {
	if len(t.Architectures) > 1 && !strings.Contains(t.File, "{{arch}}") {
		r.problem(written.node("architectures"), Problem{
			Message: "several architectures, and no {{arch}} in file to tell their archives apart",
			Hint:    "write for example file: dist/*-{{arch}}.tar.gz",
		})
	}
}
