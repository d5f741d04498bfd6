package artifact

import (
	"fmt"
	"path"
	"strings"
)

const (
	linkRule = "a link points to something in the archive"
	linkHint = "make the link on the host, or pack what it points to"
)

// link checks where a link points, as far as the link alone tells. What it means
// together with other links is known only when all are there: see resolveAll.
func (t *tree) link(e Entry) (Entry, error) {
	switch e.Type {
	case typeSymlink:
		return e, t.symlink(e)
	case typeHardlink:
		return t.hardlink(e)
	}
	e.Link = ""
	return e, nil
}

func (t *tree) symlink(e Entry) error {
	switch {
	case e.Link == "":
		return t.refuse(e.Path, "the link points to nothing", linkRule, "")
	case len(e.Link) > 4095:
		return t.refuse(e.Path, "the link's target is longer than 4095 bytes", linkRule, "")
	case strings.HasPrefix(e.Link, "/"):
		if !t.deb {
			return t.refuse(e.Path, fmt.Sprintf("the link points to the absolute path %q", e.Link), linkRule, linkHint)
		}
	case outside(path.Join(path.Dir(e.Path), e.Link)):
		return t.refuse(e.Path, fmt.Sprintf("the link points out of the archive, to %q", e.Link), linkRule, linkHint)
	}
	t.links = append(t.links, e.Path)
	return nil
}

func (t *tree) hardlink(e Entry) (Entry, error) {
	target := e.Link
	if target == "" || strings.HasPrefix(target, "/") || outside(path.Clean(target)) {
		return e, t.refuse(e.Path, fmt.Sprintf("the hard link points out of the archive, to %q", target), linkRule, linkHint)
	}
	e.Link = path.Clean(target)
	if t.nodes[e.Link].kind != typeFile {
		return e, t.refuse(e.Path, fmt.Sprintf("the hard link points to %q, which is no file before it", target), "a hard link follows its file", "pack it again with --hard-dereference")
	}
	return e, nil
}

func outside(clean string) bool {
	return clean == ".." || strings.HasPrefix(clean, "../")
}

// resolveAll follows every symbolic link through the other ones, and refuses those
// that leave the archive by way of another link.
func (t *tree) resolveAll() error {
	for _, link := range t.links {
		found := t.resolve(link)
		if found != "" {
			return t.refuse(link, fmt.Sprintf("the link to %q %s", t.nodes[link].link, found), linkRule, linkHint)
		}
	}
	return nil
}

// resolve walks a link as the kernel would. It returns what is wrong with it.
// A link to nothing is allowed: the file may come later, on the host.
func (t *tree) resolve(link string) string {
	at := path.Dir(link)
	rest := []string{path.Base(link)}
	for followed := 0; len(rest) > 0; {
		part := rest[0]
		rest = rest[1:]
		switch part {
		case "", ".":
			continue
		case "..":
			if at == "." {
				return "leaves the archive through another link"
			}
			at = path.Dir(at)
			continue
		}
		at = path.Join(at, part)
		n := t.nodes[at]
		if n.kind != typeSymlink {
			continue
		}
		if followed++; followed > 40 {
			return "goes round in a circle"
		}
		at = path.Dir(at)
		if strings.HasPrefix(n.link, "/") {
			at = "."
		}
		rest = append(strings.Split(n.link, "/"), rest...)
	}
	return ""
}
