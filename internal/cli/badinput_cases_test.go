package cli_test

import (
	"archive/tar"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

const helper = "slipway-host"

// sharedFiles are the project that every case begins with: a fleet of three hosts
// on this machine, none of which has the service.
func sharedFiles() map[string]string {
	files := map[string]string{
		"slipway.yaml": localManifest("tar.gz: {build: 'false', directory: /opt/checkout}", ""),
		"deb.yaml":     localManifest("deb: {}", ""),
		"billing.yaml": strings.Replace(localManifest("tar.gz: {}", ""), "service: checkout", "service: billing\nunits: [checkout.service]", 1),
	}
	for i := 1; i <= 3; i++ {
		files[fmt.Sprintf("fleet/web%d/host.json", i)] = fmt.Sprintf(`{"address": "127.77.0.%d"}`, i)
		files[fmt.Sprintf("fleet/web%d/var/lib/", i)] = ""
		files[fmt.Sprintf("fleet/web%d/etc/systemd/system/checkout.service", i)] = "[Service]\nExecStart=/opt/checkout/current/bin/checkout\n"
	}
	return files
}

// localManifest is a manifest for the fleet; stages is what follows "stages:".
func localManifest(artifact, stages string) string {
	s := "service: checkout\nartifact: {" + artifact + "}\nenvironments:\n  production:\n    method: {local: {directory: fleet}}\n"
	if stages != "" {
		s += "    stages:\n" + stages
	}
	return s
}

func ansibleManifest(hosts string) string {
	return "service: checkout\nartifact: {tar.gz: {}}\nenvironments:\n  production:\n    method: {ansible: {inventory: hosts.ini, hosts: '" + hosts + "'}}\n"
}

func badInput(t *testing.T) []chapter {
	return []chapter{
		{"Manifests", "A manifest is read as a whole, and everything that is wrong in it is told at once.", 12, badManifests(t)},
		{"Archives", "An archive is read from its first to its last byte before anything is kept of it.", 12, badArchives()},
		{"Inventories and plans", "A plan is refused before any host is changed. These projects have a fleet of three hosts.", 8, badFleets()},
		{"Command lines", "No rollout is active in these projects, and none ever was.", 12, badLines()},
	}
}

// badManifests are a part of those in internal/manifest/testdata/wrong.
func badManifests(t *testing.T) []wrong {
	t.Helper()
	cases := []wrong{
		{what: "there is none", files: map[string]string{"slipway.yaml": ""}},
		{what: "it is a directory", files: map[string]string{"slipway.yaml": "", "slipway.yaml/": ""}},
		{what: "it is no text", files: map[string]string{"slipway.yaml": "\x00\x01\xff\xfe"}},
	}
	for _, c := range [][2]string{
		{"it is empty", "empty"},
		{"it is not YAML", "not-yaml"},
		{"it is indented with tabs", "tab"},
		{"it holds two documents", "two-documents"},
		{"a key is misspelt", "unknown-key"},
		{"a key is not known", "unknown-key-no-guess"},
		{"a key is written twice", "duplicate-key"},
		{"the service is missing", "missing-service"},
		{"no artifact", "no-artifact"},
		{"two artifacts", "both-artifacts"},
		{"file and tree together", "tree-and-file"},
		{"the tree is outside of the project", "tree-above"},
		{"several architectures and one file", "architectures"},
		{"a name that a shell would run", "service-injection"},
		{"a text where a list belongs", "units-not-a-list"},
		{"a unit without a suffix", "unit-without-suffix"},
		{"a number of days", "bake-days"},
		{"more than all hosts", "hosts-too-many-percent"},
		{"canaries that shrink", "canaries-shrink"},
		{"a stage after the last one", "complete-not-last"},
		{"a stage that does not exist", "stage-unknown"},
		{"a password in a URL", "health-password"},
		{"judging without a balancer", "judge-without-traffic"},
		{"config and data overlap", "config-data-overlap"},
		{"a channel that does not exist", "notify-kind"},
		{"a secret that is written down", "notify-literal"},
		{"a channel without what it needs", "notify-no-token"},
		{"an event that does not exist", "notify-event"},
		{"two channels of one name", "notify-same-name"},
		{"a source that is asked nothing", "source-no-query"},
		{"a password in the address of a database", "source-database-password"},
		{"a share for what is a value", "at-most-of-gauge"},
		{"a rehearsal without an internal stage", "rehearse-without-internal"},
		{"a watch that judges nothing", "watch-without-judge"},
		{"a complete stage that is watched", "complete-bakes"},
		{"many things at once", "several"},
	} {
		a, err := txtar.ParseFile(filepath.Join("..", "manifest", "testdata", "wrong", c[1]+".txtar"))
		if err != nil {
			t.Fatal(err)
		}
		cases = append(cases, wrong{what: c[0], files: map[string]string{"slipway.yaml": string(a.Files[0].Data)}})
	}
	for i := range cases {
		cases[i].line = "plan 1.0.0"
	}
	return cases
}

// words marks a case whose message this project does not word alone.
func words(w wrong) wrong {
	w.words = true
	return w
}

func badArchives() []wrong {
	app := file("bin/checkout", "#!/bin/sh\n")
	whole := targz(app, file("big", strings.Repeat("0123456789", 3000)))
	const name, named = "checkout_1.1.0_amd64.tar.gz", "checkout_1.1.0_amd64.deb"
	tarball := func(what, data string) wrong {
		return wrong{what: what, line: "build 1.1.0 --import " + name, files: map[string]string{name: data}}
	}
	of := func(version, old, new string) string {
		return strings.Replace(strings.Replace(control, "1.0.0", version, 1), old, new, 1)
	}
	pkg := func(what, data string) wrong {
		return wrong{what: what, line: "build 1.1.0 --file deb.yaml --import " + named, files: map[string]string{named: data}}
	}
	kept := tarball("other bytes under a version that is kept", targz(file("bin/checkout", "other")))
	kept.line = "build 1.0.0 --import checkout_1.0.0_all.tar.gz"
	kept.files = map[string]string{"checkout_1.0.0_all.tar.gz": kept.files[name]}
	return []wrong{
		{what: "no such file", line: "build 1.1.0 --import " + name},
		{what: "a directory", line: "build 1.1.0 --import fleet"},
		{what: "neither .deb nor .tar.gz", line: "build 1.1.0 --import checkout.zip", files: map[string]string{"checkout.zip": "PK"}},
		{what: "a .deb where a tar.gz is deployed", line: "build 1.1.0 --import " + named, files: map[string]string{named: deb(of("1.1.0", "", ""), app)}},
		{what: "named for another version", line: "build 1.2.0 --import " + name, files: map[string]string{name: targz(app)}},
		tarball("not compressed", tarOf(app)),
		tarball("compressed, and no tar", gz(strings.Repeat("no tar ", 200))),
		tarball("no file in it", targz(other(tar.TypeDir, "d/", ""))),
		tarball("cut off", whole[:len(whole)-40]),
		tarball("damaged", whole[:len(whole)-6]+"\xff\xff"+whole[len(whole)-4:]),
		tarball("bytes after its end", whole+"and this, and more of it"),
		tarball("a path that climbs out", targz(app, file("../etc/passwd", "x"))),
		tarball("an absolute path", targz(app, file("/etc/passwd", "x"))),
		tarball("a path twice", targz(app, app)),
		tarball("a link that leads out", targz(app, other(tar.TypeSymlink, "log", "../../var/log"))),
		tarball("a hard link that leads out", targz(app, other(tar.TypeLink, "passwd", "/etc/passwd"))),
		tarball("a device", targz(app, other(tar.TypeBlock, "sda", ""))),
		tarball("a setuid program", targz(app.mode(0o4755))),
		tarball("a file that everybody may write", targz(app.mode(0o777))),
		tarball("a program for another architecture", targz(file("bin/checkout", program(183)))),
		words(tarball("very much in very little", strings.Repeat(gz(strings.Repeat("\x00", 1<<20)), 100))),
		kept,
		pkg("not a package", "garbage"),
		pkg("parts in the wrong order", ar("debian-binary", "2.0\n", "data.tar.gz", targz(app), "control.tar.gz", targz(app))),
		pkg("no version in it", deb(of("1.1.0", "Version: 1.1.0\n", ""), app)),
		pkg("another version in it", deb(control, app)),
		pkg("another package", deb(of("1.1.0", "checkout", "basket"), app)),
		words(pkg("a package that is cut off", deb(of("1.1.0", "", ""), app)[:200])),
		pkg("a setuid program in a package", deb(of("1.1.0", "", ""), file("./usr/bin/checkout", "x").mode(0o4755))),
	}
}

func badFleets() []wrong {
	host := func(what, text string) wrong {
		return wrong{what: what, line: "plan 1.0.0", files: map[string]string{"fleet/web2/host.json": text}}
	}
	stages := func(what, text string) wrong {
		return wrong{what: what, line: "plan 1.0.0", needs: helper, files: map[string]string{"slipway.yaml": localManifest("tar.gz: {}", text)}}
	}
	ansible := func(what, hosts, inventory string) wrong {
		return wrong{what: what, line: "plan 1.0.0", needs: "ansible-inventory", files: map[string]string{"slipway.yaml": ansibleManifest(hosts), "hosts.ini": inventory}}
	}
	return []wrong{
		{what: "the fleet is not there", line: "plan 1.0.0", files: map[string]string{
			"slipway.yaml": strings.Replace(localManifest("tar.gz: {}", ""), "directory: fleet", "directory: fleets", 1)}},
		{what: "the fleet has no host", line: "plan 1.0.0", needs: helper, files: map[string]string{
			"slipway.yaml": strings.Replace(localManifest("tar.gz: {}", ""), "directory: fleet", "directory: empty", 1), "empty/": ""}},
		host("a host is not JSON", "address: 127.77.0.2"),
		host("a host has no address", "{}"),
		host("a host is not on this machine", `{"address": "10.0.0.2"}`),
		host("a host of an architecture that nobody knows", `{"address": "127.77.0.2", "arch": "sparc"}`),
		host("a zone that is no text", `{"address": "127.77.0.2", "zone": 7}`),
		{what: "two hosts have one address", line: "plan 1.0.0", needs: helper, files: map[string]string{"fleet/web2/host.json": `{"address": "127.77.0.1"}`}},
		stages("a stage of a group that does not exist", "      - canary: {hosts: canaries}\n      - complete:\n"),
		stages("a stage of a host that does not exist", "      - canary: {hosts: [web9]}\n      - complete:\n"),
		stages("a host in two stages", "      - internal: {hosts: [web1]}\n      - canary: {hosts: [web1, web2]}\n      - complete:\n"),
		{what: "a unit that no host has", line: "plan 1.0.0", needs: helper, files: map[string]string{
			"slipway.yaml": strings.Replace(localManifest("tar.gz: {}", ""), "environments:", "units: [checkout-web.service]\nenvironments:", 1)}},
		{what: "an artifact for another architecture", line: "plan 1.0.0 --file billing.yaml", needs: helper},
		{what: "a package for a fleet on this machine", line: "plan 1.0.0 --file deb.yaml", needs: helper},
		{what: "only a host that does not exist", line: "plan 1.0.0 --hosts web9", needs: helper},
		{what: "every host is left out", line: "plan 1.0.0 --without web1,web2,web3", needs: helper},
		{what: "deploy, and the plan is refused", line: "deploy 1.0.0 --yes --without web1,web2,web3", needs: helper},
		{what: "an inventory that is not there", line: "plan 1.0.0", needs: "ansible-inventory", files: map[string]string{"slipway.yaml": ansibleManifest("checkout")}},
		words(ansible("an inventory that Ansible cannot read", "checkout", "[checkout\nweb1\n")),
		ansible("a group that the inventory does not have", "checkout", "[web]\nweb1\n"),
		words(ansible("a host that nobody can reach", "checkout", "[checkout]\nweb1 ansible_host=127.0.0.1 ansible_port=1\n")),
	}
}

func badLines() []wrong {
	lines := func(pairs ...string) (cases []wrong) {
		for i := 0; i+1 < len(pairs); i += 2 {
			cases = append(cases, wrong{what: pairs[i], line: pairs[i+1]})
		}
		return cases
	}
	return lines(
		"a command is misspelt", "promte",
		"a command that does not exist", "frobnicate",
		"a flag that does not exist", "deploy 1.0.0 --force",
		"a flag without its value", "deploy 1.0.0 --env",
		"deploy what?", "deploy",
		"plan what?", "plan",
		"show what?", "show",
		"one argument too many", "deploy 1.0.0 web1",
		"nobody to ask, and no --yes", "deploy 1.0.0",
		"an empty version", "deploy '' --yes",
		"a version that is no version", "deploy ../../etc/passwd --yes",
		"a version that nobody built", "deploy 9.9.9 --yes",
		"a manifest that is not there", "deploy 1.0.0 --yes --file other.yaml",
		"an environment that does not exist", "deploy 1.0.0 --yes --env staging",
		"a form that does not exist", "plan 1.0.0 --output yaml",
		"building an empty version", "build ''",
		"building a version that a shell would run", "build 1.0.0;reboot",
		"building for no architecture", "build 1.1.0 --arch ../amd64",
		"a build command that fails", "build 1.1.0",
		"resume, and nothing is active", "resume",
		"a rollout that does not exist", "resume 7Q2M4K",
		"promote, and nothing is active", "promote --env production",
		"abort, and nothing is active", "abort",
		"going back to a version and from a rollout", "rollback 7Q2M4K --to 0.9.0",
		"going back to a version that never was", "rollback --to 0.9.0",
		"reconcile, and nothing was deployed", "reconcile",
		"reconcile hosts, with nobody to ask", "reconcile --hosts web1",
		"judging a file that is not there", "judge --replay samples.jsonl",
		"judging nothing", "judge",
		"a canary without traffic", "judge --power --rate 0",
		"errors that are no percentage", "judge --power --errors 0.1",
		"a notify command that does not exist", "notify send",
		"messages of a rollout that does not exist", "notify list 7Q2M4K",
		"two rollouts at once", "abort 7Q2M4K 8R3N5L",
		"rollback, and there was nothing", "rollback",
		"a negative number", "history --limit -1",
		"a number that is none", "history --limit some",
		"a lab command that does not exist", "lab boot",
		"a number of hosts without its flag", "lab up 6",
		"init where a manifest is", "init",
		"init in no directory", "init nowhere/at/all",
		"init with a name that cannot be", "init fleet --service Check_Out!",
		"version of what?", "version 2",
	)
}
