package debian_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/slipway-deploy/slipway/internal/artifact/debian"
)

func header(name, size string) string {
	return fmt.Sprintf("%-16s%-12d%-6d%-6d%-8s%-10s`\n", name, 0, 0, 0, "100644", size)
}

const magic = "!<arch>\n"

func TestMembers(t *testing.T) {
	t.Parallel()
	// Names are written with a slash by GNU ar; the last padding may be left out.
	in := magic + header("debian-binary/", "4") + "2.0\n" + header("odd", "3") + "abc\n" + header("last", "1") + "z"
	members, err := debian.Members(strings.NewReader(in), int64(len(in)))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range members {
		b, err := io.ReadAll(m)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, m.Name+"="+string(b))
	}
	if fmt.Sprintf("%q", got) != `["debian-binary=2.0\n" "odd=abc" "last=z"]` {
		t.Errorf("got %q", got)
	}
}

func TestMembersBad(t *testing.T) {
	t.Parallel()
	for in, says := range map[string]string{
		"":                              "it is not an ar archive",
		"!<arch>":                       "it is not an ar archive",
		magic + "x":                     "it ends in the middle of a member's header, at byte 9",
		magic + strings.Repeat("x", 60): "no member begins at byte 8",
		magic + header("a", "x"):        `the size of member "a" is not a number`,
		magic + header("a", "-1"):       `the size of member "a" is not a number`,
		magic + header("a", ""):         `the size of member "a" is not a number`,
		magic + header("a", "5") + "1":  `member "a" should have 5 bytes, and the file ends after 1 of them`,
		magic + header("a", "1") + "1x": `member "a" is not followed by its padding`,
		magic + strings.Repeat(header("a", "0"), 33): "it holds more than 32 members",
	} {
		_, err := debian.Members(strings.NewReader(in), int64(len(in)))
		if err == nil || err.Error() != says {
			t.Errorf("%q\nsays %v\nwant %s", in, err, says)
		}
	}
	if _, err := debian.Members(strings.NewReader("x"), 1); !errors.Is(err, debian.ErrNotAr) {
		t.Error(err)
	}
}

func FuzzMembers(f *testing.F) {
	f.Add([]byte(magic + header("debian-binary", "4") + "2.0\n" + header("odd", "3") + "abc\n"))
	f.Add([]byte(magic + header("a", "9999999999")))
	f.Fuzz(func(t *testing.T, b []byte) {
		members, err := debian.Members(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		total := len(magic)
		for _, m := range members {
			content, err := io.ReadAll(m)
			if err != nil || int64(len(content)) != m.Size {
				t.Fatalf("member %q: %d of %d bytes, %v", m.Name, len(content), m.Size, err)
			}
			total += 60 + len(content) + len(content)%2
		}
		if total != len(b) && total != len(b)+1 {
			t.Fatalf("members make up %d of %d bytes", total, len(b))
		}
	})
}
