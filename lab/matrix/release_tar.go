package matrix

import (
	"context"
	"os"
	"path/filepath"
)

// tarball is one release as a tar.gz.
type tarball struct {
	version   string
	behaviour string // of the sample service, as JSON members
	wrapper   string // shell that runs before the program; "": the program is started itself
}

// blockTerm keeps a process of the service that ends only when it is let go on.
const blockTerm = `(trap 'touch ` + reached + `; while ! [ -e ` + letGo + ` ]; do sleep 0.1; done; exit' TERM; while :; do sleep 0.1; done) &
`

func tarballs() []tarball {
	return []tarball{
		{version: "0.9.0"},
		{version: "1.0.0"},
		{version: "1.1.0"},
		{version: "1.2.0"},
		{version: "1.1.0-broken", behaviour: `, "broken": true`},
		{version: "1.1.0-unhealthy", behaviour: `, "unhealthy": true`},
		{version: "1.1.0-slow", wrapper: "touch " + reached + "; while ! [ -e " + letGo + " ]; do sleep 0.1; done\n"},
		{version: "1.1.0-lingers", wrapper: blockTerm},
		{version: "1.1.0-migrates", wrapper: "echo 'LIMIT=50' >>/etc/checkout/checkout.conf; echo new >/etc/checkout/added.conf; rm -f /etc/checkout/a.conf; echo v2 >>/opt/checkout/shared/state; echo v2 >>/var/lib/checkout/data\n"},
	}
}

func (r *Releases) tarball(ctx context.Context, t tarball, program string) error {
	files := map[string]string{"release.json": about(t.version, t.behaviour)}
	at := "bin/checkout"
	if t.wrapper != "" {
		files[at] = "#!/bin/sh\n" + t.wrapper + "exec \"$(dirname \"$(readlink -f \"$0\")\")\"/program\n"
		at = "bin/program"
	}
	dir := filepath.Join(r.dir, "tree-"+t.version)
	if err := write(dir, files); err != nil {
		return err
	}
	if err := linkProgram(program, filepath.Join(dir, at)); err != nil {
		return err
	}
	file := filepath.Join(r.dir, Service+"_"+t.version+".tar.gz")
	if err := tool(ctx, "tar", "--create", "--use-compress-program=gzip -1", "--owner=0", "--group=0", "--file", file, "--directory", dir, "bin", "release.json"); err != nil {
		return err
	}
	return r.add("tar.gz", Service, t.version, file)
}

// linkProgram puts the program into a tree without a copy of its own.
func linkProgram(program, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.Link(program, path)
}
