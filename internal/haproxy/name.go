package haproxy

import "fmt"

// CheckName refuses a backend or server name that HAProxy itself would not accept.
// It is also what keeps a name from becoming a second command: the socket separates
// commands with newlines and semicolons, words with spaces and a server from its
// backend with a slash.
func CheckName(name string) error {
	if name == "" {
		return fmt.Errorf("empty name: a backend or server needs letters, digits, and any of . : _ -")
	}
	if len(name) > 255 {
		return fmt.Errorf("name of %d bytes: at most 255 are allowed", len(name))
	}
	for i := range len(name) {
		if !nameByte(name[i]) {
			return fmt.Errorf("name %q has %q at byte %d: allowed are letters, digits, and any of . : _ -", name, name[i], i+1)
		}
	}
	return nil
}

func nameByte(b byte) bool {
	switch {
	case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9':
		return true
	}
	return b == '.' || b == ':' || b == '_' || b == '-'
}
