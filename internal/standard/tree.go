package standard

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// largest is the size of a file that is looked into; what people write is smaller.
const largest = 1 << 20

// kind is what a file is for the rules.
type kind int

const (
	other      kind = iota
	userTab         // a crontab of a user
	systemTab       // a crontab with a column for the user
	maybeTab        // a text that could be installed as a crontab
	cronScript      // a script in cron.daily and the like
	shell
	yaml
	puppet
	service
	timer
	contract // of the service with others, by its name
)

// file is one that some rule looks at again.
type file struct {
	path string
	kind kind
	data []byte
	sure bool // of a crontab: its name leaves no doubt
}

// tree is what was found in the files of a project, each read once.
type tree struct {
	files   []file
	secrets []secret

	shapes []shape
}

// scan reads a tree. Paths that cannot be read are an error: a check that has not seen
// everything must not pass.
func scan(fsys fs.FS, paths []string) (tree, error) {
	t := tree{shapes: shapes()}
	if paths == nil {
		err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && name != "." && skipped(d.Name()):
				return fs.SkipDir
			case d.Type().IsRegular():
				paths = append(paths, name)
			}
			return nil
		})
		if err != nil {
			return t, fmt.Errorf("look at the project: %w", err)
		}
	}
	for _, name := range paths {
		if slices.ContainsFunc(strings.Split(path.Dir(name), "/"), skipped) {
			continue
		}
		if err := t.add(fsys, name); err != nil {
			return t, fmt.Errorf("look at the project: %w", err)
		}
	}
	return t, nil
}

// skipped are directories with what others wrote, or what is made for tests.
func skipped(name string) bool {
	switch name {
	case ".git", ".hg", ".svn", "node_modules", "bower_components", "vendor", "third_party", "testdata",
		".venv", "venv", ".tox", "__pycache__", ".terraform", ".idea", ".vagrant":
		return true
	}
	return false
}

// add reads one file and keeps it when a rule wants to see it.
func (t *tree) add(fsys fs.FS, name string) error {
	info, err := fs.Lstat(fsys, name)
	if err != nil {
		return skipGone(err)
	}
	if !info.Mode().IsRegular() || info.Size() > largest {
		return nil
	}
	data, err := readAll(fsys, name)
	if err != nil {
		return skipGone(err)
	}
	t.secrets = append(t.secrets, t.look(name, data)...)
	return nil
}

// look keeps a file that a rule wants to see, and tells the secrets in it.
func (t *tree) look(name string, data []byte) []secret {
	if bytes.IndexByte(data[:min(len(data), 8000)], 0) >= 0 {
		return nil
	}
	f := file{path: name, data: data}
	f.kind, f.sure = kindOf(name, data)
	if f.kind != other {
		t.files = append(t.files, f)
	}
	return secretsIn(name, data, t.shapes)
}

// skipGone lets a file pass that git lists and nobody has any more.
func skipGone(err error) error {
	if isGone(err) {
		return nil
	}
	return err
}

func readAll(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, largest+1))
}

// of lists the files of some kinds.
func (t tree) of(kinds ...kind) []file {
	var found []file
	for _, f := range t.files {
		if slices.Contains(kinds, f.kind) {
			found = append(found, f)
		}
	}
	return found
}
