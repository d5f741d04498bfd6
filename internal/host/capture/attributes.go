package capture

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/slipway-deploy/slipway/internal/host/memory"
)

// attributes reads the extended attributes of a file or a directory that say who may do
// what with it, and what its owner has noted: access lists, capabilities, labels. They
// are written as "name=digest", sorted; values go to content like those of files.
func (w *walk) attributes(at string) (string, error) {
	names, err := listAttributes(at)
	if err != nil {
		return "", err
	}
	var all []string
	for _, name := range names {
		value, err := attribute(at, name)
		if errors.Is(err, syscall.ENODATA) {
			continue // it went between two looks
		}
		if err != nil {
			return "", fmt.Errorf("attribute %s: %w", name, err)
		}
		all = append(all, url.QueryEscape(name)+"="+w.keep(value))
	}
	return strings.Join(all, " "), nil
}

// keep takes content, unless only digests are wanted.
func (w *walk) keep(data []byte) (digest string) {
	sum := sha256.New()
	sum.Write(data)
	digest = memory.Digest(sum)
	if w.content != nil && w.content[digest] == nil {
		w.bytes += int64(len(data))
		w.content[digest] = data
	}
	return digest
}

// putAttributes makes the attributes of a path those that were recorded. It comes after
// the owner and the mode: a change of either takes capabilities away.
func putAttributes(dir, at, recorded string) error {
	was, err := parseAttributes(recorded)
	if err != nil {
		return err
	}
	names, err := listAttributes(at)
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, recorded := was[name]; recorded {
			continue
		}
		if err := syscall.Removexattr(at, name); err != nil && !errors.Is(err, syscall.ENODATA) {
			return fmt.Errorf("attribute %s: %w", name, err)
		}
	}
	for name, digest := range was {
		value, err := os.ReadFile(filepath.Join(dir, "content", hexOf(digest)))
		if err == nil {
			err = syscall.Setxattr(at, name, value, 0)
		}
		if err != nil {
			return fmt.Errorf("attribute %s: %w", name, err)
		}
	}
	return nil
}

func parseAttributes(recorded string) (map[string]string, error) {
	all := map[string]string{}
	for pair := range strings.FieldsSeq(recorded) {
		name, digest, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err != nil {
			return nil, fmt.Errorf("recorded attribute %q: %w", pair, err)
		}
		all[name] = digest
	}
	return all, nil
}

// listAttributes returns the names of what is recorded, sorted. What the kernel measures
// itself (security.ima, security.evm) and what only it may see is not.
func listAttributes(at string) ([]string, error) {
	buffer := make([]byte, 256)
	for {
		n, err := syscall.Listxattr(at, buffer)
		switch {
		case errors.Is(err, syscall.ERANGE):
			buffer = make([]byte, 4*len(buffer))
			continue
		case errors.Is(err, syscall.ENOTSUP), errors.Is(err, syscall.ENOSYS):
			return nil, nil // this file system has none
		case err != nil:
			return nil, err
		}
		var names []string
		for name := range bytes.SplitSeq(buffer[:n], []byte{0}) {
			if recordable(string(name)) {
				names = append(names, string(name))
			}
		}
		slices.Sort(names)
		return names, nil
	}
}

func recordable(name string) bool {
	return strings.HasPrefix(name, "user.") || strings.HasPrefix(name, "system.posix_acl_") ||
		name == "security.capability" || name == "security.selinux"
}

func attribute(at, name string) ([]byte, error) {
	buffer := make([]byte, 256)
	for {
		n, err := syscall.Getxattr(at, name, buffer)
		if errors.Is(err, syscall.ERANGE) {
			buffer = make([]byte, 4*len(buffer))
			continue
		}
		if err != nil {
			return nil, err
		}
		return buffer[:n], nil
	}
}
