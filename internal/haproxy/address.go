package haproxy

import (
	"fmt"
	"net"
	"strconv"
	"strings"
)

// Address is where a runtime socket is.
type Address struct {
	text string
	// TCP is host:port; set for tcp:// addresses only.
	TCP string
	// Login is the destination that ssh is given, "ops@lb1"; set for sockets on a balancer.
	Login string
	// Path is the socket's absolute path, here or on the balancer.
	Path string
}

// ParseAddress reads "/run/haproxy/admin.sock", "tcp://host:port" or
// "login@host:/run/haproxy/admin.sock" (the login may be left out).
func ParseAddress(s string) (Address, error) {
	a := Address{text: s}
	switch {
	case strings.HasPrefix(s, "tcp://"):
		a.TCP = strings.TrimPrefix(s, "tcp://")
		return a, checkTCP(s, a.TCP)
	case strings.HasPrefix(s, "/"):
		a.Path = s
		return a, checkPath(s, a.Path)
	}
	login, path, found := strings.Cut(s, ":/")
	if !found {
		return Address{}, fmt.Errorf("balancer %q: expected /path/to/socket, tcp://host:port or login@host:/path/to/socket", s)
	}
	a.Login, a.Path = unbracket(login), "/"+path
	if err := checkLogin(s, a.Login); err != nil {
		return Address{}, err
	}
	return a, checkPath(s, a.Path)
}

// String is the address as it was written.
func (a Address) String() string { return a.text }

func checkTCP(s, hostPort string) error {
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil || host == "" {
		return fmt.Errorf("balancer %q: expected tcp://host:port", s)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return fmt.Errorf("balancer %q: port %q: allowed is 1 to 65535", s, port)
	}
	return nil
}

// checkPath keeps a path from being read as anything but a path: -L splits at colons.
func checkPath(s, path string) error {
	for i := range len(path) {
		if b := path[i]; b <= ' ' || b >= 0x7f || b == ':' || b == '\\' || b == '"' {
			return fmt.Errorf("balancer %q: the path has %q: spaces, colons, quotes and backslashes are not allowed", s, b)
		}
	}
	if len(path) < 2 {
		return fmt.Errorf("balancer %q: the path of the socket is missing", s)
	}
	return nil
}

// checkLogin keeps a destination from being taken for an option, a URL or a
// pattern by ssh; anything more goes into the user's ssh configuration as an alias.
func checkLogin(s, login string) error {
	if login == "" || strings.HasPrefix(login, "-") || strings.Contains(login, "@-") || strings.HasSuffix(login, "@") || strings.HasPrefix(login, "@") {
		return fmt.Errorf("balancer %q: expected login@host before the path", s)
	}
	for i := range len(login) {
		if b := login[i]; !nameByte(b) && b != '@' {
			return fmt.Errorf("balancer %q: the login has %q: allowed are letters, digits, and any of . : _ - @ (for more, give the balancer a name in the ssh configuration)", s, b)
		}
	}
	return nil
}

// unbracket turns ops@[::1] into ops@::1, which is what ssh wants.
func unbracket(login string) string {
	if at := strings.Index(login, "["); at >= 0 && strings.HasSuffix(login, "]") {
		return login[:at] + login[at+1:len(login)-1]
	}
	return login
}
