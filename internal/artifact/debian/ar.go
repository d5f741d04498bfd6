package debian

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

const (
	arMagic  = "!<arch>\n"
	arHeader = 60
)

// ErrNotAr is returned for a file that does not begin as an ar archive does.
var ErrNotAr = errors.New("it is not an ar archive")

// Member is one file in an ar archive.
type Member struct {
	Name string
	Size int64
	*io.SectionReader
}

// Members lists what an ar archive of a size holds. It reads headers only. Every
// byte of the file belongs to a header, a member or its padding, or it is an error.
func Members(r io.ReaderAt, size int64) ([]Member, error) {
	magic := make([]byte, len(arMagic))
	if n, _ := r.ReadAt(magic, 0); string(magic[:n]) != arMagic {
		return nil, ErrNotAr
	}
	const most = 32 // a package has three or four
	var members []Member
	for at := int64(len(arMagic)); at < size; {
		if len(members) == most {
			return nil, fmt.Errorf("it holds more than %d members", most)
		}
		m, err := member(r, at, size)
		if err != nil {
			return nil, err
		}
		members = append(members, m)
		at += arHeader + m.Size
		if at, err = padding(r, m, at, size); err != nil {
			return nil, err
		}
	}
	return members, nil
}

func member(r io.ReaderAt, at, size int64) (Member, error) {
	if size-at < arHeader {
		return Member{}, fmt.Errorf("it ends in the middle of a member's header, at byte %d", size)
	}
	header := make([]byte, arHeader)
	if n, err := r.ReadAt(header, at); n < arHeader {
		return Member{}, fmt.Errorf("read header at byte %d: %w", at, err)
	}
	if string(header[58:]) != "`\n" {
		return Member{}, fmt.Errorf("no member begins at byte %d", at)
	}
	name := strings.TrimSuffix(strings.TrimRight(string(header[:16]), " "), "/")
	length, err := strconv.ParseUint(strings.TrimRight(string(header[48:58]), " "), 10, 40)
	if err != nil {
		return Member{}, fmt.Errorf("the size of member %q is not a number", name)
	}
	if int64(length) > size-at-arHeader {
		return Member{}, fmt.Errorf("member %q should have %d bytes, and the file ends after %d of them", name, length, size-at-arHeader)
	}
	section := io.NewSectionReader(r, at+arHeader, int64(length))
	return Member{Name: name, Size: int64(length), SectionReader: section}, nil
}

// padding skips the byte that follows a member of odd size. The last member of a
// file may lack it.
func padding(r io.ReaderAt, m Member, at, size int64) (int64, error) {
	if m.Size%2 == 0 || at == size {
		return at, nil
	}
	b := make([]byte, 1)
	if n, err := r.ReadAt(b, at); n < 1 {
		return 0, fmt.Errorf("read padding at byte %d: %w", at, err)
	}
	if b[0] != '\n' {
		return 0, fmt.Errorf("member %q is not followed by its padding", m.Name)
	}
	return at + 1, nil
}
