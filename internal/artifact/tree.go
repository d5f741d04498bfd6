package artifact

import (
	"archive/tar"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The types of a member, as Entry.Type has them.
const (
	typeFile     = 'f'
	typeDir      = 'd'
	typeSymlink  = 'l'
	typeHardlink = 'h'
	typeImplied  = 'i' // a directory that no member stands for yet
)

const (
	setuid, setgid, sticky = 0o4000, 0o2000, 0o1000
	worldWritable          = 0o002
	executable             = 0o111
)

// tree holds what the members seen so far make up, and refuses what does not fit.
type tree struct {
	file     string
	deb      bool // the top is the root of a host, so absolute links stay inside
	want     Want
	nodes    map[string]node
	links    []string // symbolic links, in order
	members  int
	files    int
	unpacked int64
	commit   string
	programs map[string]string // architecture of executables -> the first of them
}

type node struct {
	kind byte
	link string
}

func newTree(file string, deb bool, want Want) *tree {
	return &tree{file: file, deb: deb, want: want, nodes: map[string]node{}, programs: map[string]string{}}
}

// add takes one member, or says why it cannot be taken.
func (t *tree) add(h *tar.Header) (Entry, error) {
	t.members++
	if t.members > t.want.Limits.Members {
		return Entry{}, t.refuse("", fmt.Sprintf("it has more than %d members", t.want.Limits.Members), "that is the limit", "")
	}
	name, err := t.path(h.Name)
	if err != nil {
		return Entry{}, err
	}
	e := Entry{Path: name, Mode: uint32(h.Mode & 0o7777), Size: h.Size, Link: h.Linkname, Time: h.ModTime, User: h.Uid, Group: h.Gid}
	if e.Type, err = t.kind(name, h); err != nil {
		return Entry{}, err
	}
	if err := t.mode(e); err != nil {
		return Entry{}, err
	}
	if err := t.place(e); err != nil {
		return Entry{}, err
	}
	if e, err = t.link(e); err != nil {
		return Entry{}, err
	}
	t.nodes[e.Path] = node{kind: e.Type, link: e.Link}
	if e.Type != typeDir {
		t.files++
	}
	return e, nil
}

// path cleans a member's name; "." is the top itself.
func (t *tree) path(name string) (string, error) {
	const rule = "members are paths below the top of the archive"
	const hint = "pack it again with tar -C DIR -czf FILE ."
	switch {
	case name == "":
		return "", t.refuse("", "it has a member without a name", rule, hint)
	case len(name) > 4095:
		return "", t.refuse(name[:60]+"...", fmt.Sprintf("the path has %d bytes", len(name)), "at most 4095 are allowed", "")
	case strings.HasPrefix(name, "/"):
		return "", t.refuse(name, "the path is absolute", rule, hint)
	case slices.Contains(strings.Split(name, "/"), ".."):
		return "", t.refuse(name, `the path holds ".."`, rule, hint)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl):
		return "", t.refuse(name, "the path holds control characters or is not UTF-8", "names are printable text", "rename the file")
	}
	clean := path.Clean(name)
	for part := range strings.SplitSeq(clean, "/") {
		if len(part) > 255 {
			return "", t.refuse(clean[:60]+"...", fmt.Sprintf("a name in the path has %d bytes", len(part)), "at most 255 are allowed", "rename the file")
		}
	}
	return clean, nil
}

func (t *tree) kind(name string, h *tar.Header) (byte, error) {
	const rule = "files, directories and links are allowed"
	found := ""
	switch h.Typeflag {
	case tar.TypeReg:
		return typeFile, t.regular(name, h)
	case tar.TypeDir:
		return typeDir, nil
	case tar.TypeSymlink:
		return typeSymlink, nil
	case tar.TypeLink:
		return typeHardlink, nil
	case tar.TypeChar, tar.TypeBlock:
		found = "it is a device"
	case tar.TypeFifo:
		found = "it is a named pipe"
	case tar.TypeGNUSparse:
		return 0, t.refuseSparse(name)
	default:
		found = fmt.Sprintf("it is of the unknown type %q", h.Typeflag)
	}
	return 0, t.refuse(name, found, rule, "leave it out; a unit or a maintainer script can make it on the host")
}

// regular checks what only a file with content can get wrong.
func (t *tree) regular(name string, h *tar.Header) error {
	if h.Size > t.want.Limits.File {
		return t.refuse(name, fmt.Sprintf("it has %s", size(h.Size)), fmt.Sprintf("the limit for one file is %s", size(t.want.Limits.File)), "")
	}
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return t.refuseSparse(name)
		}
	}
	if _, has := h.PAXRecords["SCHILY.xattr.security.capability"]; has {
		return t.refuse(name, "it carries file capabilities", "nothing in an artifact may raise its own rights", "set AmbientCapabilities in the unit")
	}
	t.unpacked += h.Size
	return nil
}

func (t *tree) refuseSparse(name string) error {
	return t.refuse(name, "it is a sparse file", "files are stored whole", "pack it again without --sparse")
}

// mode refuses rights that a release must not bring to a host.
func (t *tree) mode(e Entry) error {
	if e.Type == typeSymlink || e.Type == typeHardlink {
		return nil // a link's own mode means nothing
	}
	shown := fmt.Sprintf("mode %04o", e.Mode)
	special := e.Mode & (setuid | setgid | sticky)
	if e.Type == typeDir && t.deb {
		special = 0 // /tmp and /var/mail are made so; a directory raises nobody's rights
	}
	if special != 0 && !(t.deb && t.want.Setuid) {
		return t.refuse(e.Path, shown+" is setuid, setgid or sticky", "such bits are not allowed", "chmod u-s,g-s,-t before it is packed")
	}
	if e.Mode&worldWritable != 0 && !(e.Type == typeDir && t.deb && e.Mode&sticky != 0) {
		return t.refuse(e.Path, shown+" lets everybody write to it", "only owner and group may", "chmod o-w before it is packed")
	}
	return nil
}

// place refuses a second member of one name, and a member below what is not a
// directory: unpacking it would write through a link.
func (t *tree) place(e Entry) error {
	if e.Path == "." {
		if e.Type != typeDir {
			return t.refuse(e.Path, "the top is not a directory", "", "")
		}
	}
	if old, there := t.nodes[e.Path]; there {
		switch {
		case old.kind != typeImplied:
			return t.refuse(e.Path, "it is there twice", "each path once", "pack it again into a new file")
		case e.Type != typeDir:
			return t.refuse(e.Path, "it is a "+word(e.Type)+", and other members are below it", "only directories hold members", "pack it again into a new file")
		}
	}
	for dir := path.Dir(e.Path); dir != "."; dir = path.Dir(dir) {
		n, there := t.nodes[dir]
		if !there {
			t.nodes[dir] = node{kind: typeImplied}
			continue
		}
		if n.kind != typeDir && n.kind != typeImplied {
			return t.refuse(e.Path, fmt.Sprintf("it is below %q, which is a %s", dir, word(n.kind)), "only directories hold members", "pack it again from a clean directory")
		}
		break // whatever is above was checked when this one came
	}
	return nil
}

func word(kind byte) string {
	switch kind {
	case typeSymlink:
		return "symbolic link"
	case typeHardlink:
		return "hard link"
	case typeFile:
		return "file"
	}
	return "directory"
}

// global takes the commit from a global header, as `git archive` writes it.
func (t *tree) global(h *tar.Header) error {
	for key, value := range h.PAXRecords {
		if key != "comment" {
			return t.refuse("", fmt.Sprintf("its global header sets %q for all members", key), `only "comment" is allowed there`, "pack it again without --pax-option")
		}
		if isCommit(value) {
			t.commit = value
		}
	}
	return nil
}

// isCommit tells whether s is a full git object name, SHA-1 or SHA-256.
func isCommit(s string) bool {
	return (len(s) == 40 || len(s) == 64) && strings.Trim(s, "0123456789abcdef") == ""
}

func (t *tree) refuse(member, found, rule, hint string) error {
	return &Refused{File: t.file, Member: member, Found: found, Rule: rule, Hint: hint}
}
