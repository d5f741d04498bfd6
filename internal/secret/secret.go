// Package secret resolves the references to secrets that plans and manifests hold:
// env:NAME is a variable of the environment, file:/path a file that only its owner and
// group may read. Plans are journalled and shown, so a secret itself is never in one.
//
// metric and notify call it when they open a source or a channel. The package never
// keeps a value, logs none, and puts none into an error.
package secret

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// What callers test for.
var (
	// ErrReference is wrapped when a text is no reference to a secret.
	ErrReference = errors.New("not a reference to a secret")
	// ErrMissing is wrapped when what a reference names is not there, or is empty.
	ErrMissing = errors.New("the secret is missing")
	// ErrOpen is wrapped when a file of a secret may be read by everybody.
	ErrOpen = errors.New("the secret is open to everybody")
)

// most bounds the file of a secret: nobody's token is longer.
const most = 64 << 10

// Check says whether a text is a reference, without looking for the secret. The text
// is not in the error: it may be the secret itself, put there by mistake.
func Check(ref string) error {
	kind, name, _ := strings.Cut(ref, ":")
	switch {
	case kind == "env" && name != "" && !strings.ContainsAny(name, "= \x00"):
		return nil
	case kind == "file" && filepath.IsAbs(name):
		return nil
	}
	return fmt.Errorf("%w: allowed is env:NAME or file:/absolute/path", ErrReference)
}

// Resolve returns what a reference stands for: of a file, its first line.
func Resolve(ref string) (string, error) {
	if err := Check(ref); err != nil {
		return "", err
	}
	kind, name, _ := strings.Cut(ref, ":")
	value := os.Getenv(name)
	if kind == "file" {
		b, err := read(name)
		if err != nil {
			return "", err
		}
		line, _, _ := strings.Cut(b, "\n")
		value = strings.TrimRight(line, "\r")
	}
	if value == "" {
		return "", fmt.Errorf("%s: %w: it is not set, or empty", ref, ErrMissing)
	}
	if strings.ContainsAny(value, "\r\n\x00") {
		return "", fmt.Errorf("%s: it has more than one line, and must be one", ref)
	}
	return value, nil
}

func read(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("file:%s: %w: %w", path, ErrMissing, errors.Unwrap(err))
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", fmt.Errorf("file:%s: %w", path, err)
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("file:%s: %w: it is not a file", path, ErrMissing)
	}
	if info.Mode().Perm()&0o007 != 0 {
		return "", fmt.Errorf("file:%s: %w (mode %04o): chmod o= %s", path, ErrOpen, info.Mode().Perm(), path)
	}
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return "", fmt.Errorf("file:%s: %w", path, err)
	}
	if len(b) > most {
		return "", fmt.Errorf("file:%s: it is larger than %d KB, and no secret is", path, most>>10)
	}
	return string(b), nil
}
