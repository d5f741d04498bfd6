package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/slipway-deploy/slipway/internal/manifest"
)

// project is a manifest and where it lies.
type project struct {
	*manifest.Manifest
	dir string // absolute
}

// ErrNoProject is what an error is when there is no manifest where one was looked for.
var ErrNoProject = errors.New("no project")

// noProject names the manifest that is not there.
type noProject struct{ file string }

func (n *noProject) Error() string { return "there is no " + n.file }

func (n *noProject) Is(target error) bool { return target == ErrNoProject }

// open reads a manifest. Its name, which may start at dir, is how messages call it.
func open(dir, file string) (project, error) {
	path := file
	if !filepath.IsAbs(file) {
		path = filepath.Join(dir, file)
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return project{}, &Error{Kind: Misconfigured, Err: &noProject{file},
			Hint: "slipway init writes one, and --file names another"}
	}
	if err != nil {
		return project{}, &Error{Kind: Misconfigured, Err: fmt.Errorf("read the manifest: %w", err),
			Hint: "it is a file that can be read; --file names another"}
	}
	m, err := manifest.Parse(file, data)
	if err != nil {
		return project{}, err
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return project{}, err
	}
	return project{Manifest: m, dir: filepath.Dir(abs)}, nil
}

// artifactName is the name by which the store keeps the project's artifacts.
func (p project) artifactName() string {
	if p.Artifact.Deb != nil {
		return p.Artifact.Deb.Package
	}
	return p.Service
}

// format is deb or tar.gz.
func (p project) format() string {
	if p.Artifact.Deb != nil {
		return "deb"
	}
	return "tar.gz"
}

// path is a name in the manifest as an absolute one.
func (p project) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(p.dir, name)
}
