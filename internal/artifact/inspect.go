package artifact

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// DigestPrefix begins every digest; 64 hexadecimal digits follow.
const DigestPrefix = "sha256:"

// Inspect reads the whole archive at file, refuses what is not sound or not the one
// that is wanted, and says what it is. It writes nothing. Both a relative and an
// absolute file name will do; the format is told by the name unless want says it.
func Inspect(ctx context.Context, file string, want Want) (Info, error) {
	return inspect(ctx, file, want, func(Entry, io.Reader) error { return nil })
}

// List is Inspect, and returns the members of the archive besides, in its order.
func List(ctx context.Context, file string, want Want) (Info, []Entry, error) {
	var entries []Entry
	info, err := inspect(ctx, file, want, func(e Entry, _ io.Reader) error {
		entries = append(entries, e)
		return nil
	})
	return info, entries, err
}

func inspect(ctx context.Context, file string, want Want, see visit) (Info, error) {
	base := filepath.Base(file)
	want.Limits = want.Limits.withDefaults()
	format := FormatOf(file)
	if want.Format != "" && format != "" && format != want.Format {
		return Info{}, &Refused{File: base, Found: fmt.Sprintf("it is a %s", format), Rule: fmt.Sprintf("a %s was asked for", want.Format), Hint: "name the right file"}
	}
	if format == "" {
		format = want.Format
	}
	f, length, err := openRegular(file, want.Limits.Archive)
	if err != nil {
		return Info{}, err
	}
	defer f.Close()
	digest, err := digestOf(ctx, f)
	if err != nil {
		return Info{}, fmt.Errorf("read %s: %w", file, err)
	}
	if want.Digest != "" && digest != want.Digest {
		return Info{}, wrongDigest(base, digest, want.Digest)
	}
	content := io.NewSectionReader(f, 0, length)
	var info Info
	switch format {
	case Deb:
		info, err = debInfo(ctx, base, content, length, want, see)
	case TarGz:
		info, err = tarGzInfo(ctx, base, content, want, see)
	default:
		err = &Refused{File: base, Found: "its name tells no format", Rule: ".deb and .tar.gz are known", Hint: "name the file, or say the format"}
	}
	info.Digest, info.Size = digest, length
	if err != nil {
		return Info{}, err
	}
	return info, nil
}

// openRegular opens a file that is one, and not longer than an archive may be.
func openRegular(file string, most int64) (*os.File, int64, error) {
	st, err := os.Stat(file) // before opening: a named pipe would block
	if err != nil {
		return nil, 0, fmt.Errorf("open artifact: %w", err)
	}
	base := filepath.Base(file)
	if !st.Mode().IsRegular() {
		return nil, 0, &Refused{File: base, Found: "it is not a file", Rule: "an artifact is a .deb or a .tar.gz file", Hint: "name the file"}
	}
	if st.Size() > most {
		return nil, 0, &Refused{File: base, Found: fmt.Sprintf("it is longer than %s", size(most)), Rule: "that is the limit for an archive"}
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, 0, fmt.Errorf("open artifact: %w", err)
	}
	return f, st.Size(), nil
}

func wrongDigest(file, has, want string) error {
	return &Refused{File: file, Found: "its digest is " + has, Rule: want + " was asked for", Hint: "it is another file, or it was damaged on the way: send it again"}
}

// digestOf reads a file from its start.
func digestOf(ctx context.Context, f io.ReaderAt) (string, error) {
	h := sha256.New()
	r := &packed{stopped: ctx.Err, r: io.NewSectionReader(f, 0, 1<<62), most: 1 << 62}
	if _, err := io.Copy(h, r); err != nil {
		return "", err
	}
	return digest(h), nil
}

func digest(h hash.Hash) string { return DigestPrefix + hex.EncodeToString(h.Sum(nil)) }

// CheckDigest holds a digest to its form: sha256: and 64 lower case hexadecimal digits.
func CheckDigest(s string) error {
	digits, found := strings.CutPrefix(s, DigestPrefix)
	if !found || len(digits) != 64 || slices.ContainsFunc([]byte(digits), notHex) {
		return fmt.Errorf("digest %q is not %s followed by 64 hexadecimal digits", s, DigestPrefix)
	}
	return nil
}

func notHex(c byte) bool { return !('0' <= c && c <= '9' || 'a' <= c && c <= 'f') }
