package ansible

import (
	"fmt"
	"strings"

	"github.com/slipway-deploy/slipway/internal/method"
)

// broken is the error for a program of Ansible's that could not do its work, in
// Ansible's own words and with what to do next.
func broken(name string, e ended, next string) error {
	how := fmt.Sprintf("exit code %d", e.code)
	if e.code < 0 {
		how = "ended by a signal"
	}
	if said := complaint(e); said != "" {
		how += ": " + said
	}
	return fmt.Errorf("%w: %s: %s: %s", ErrAnsible, name, how, next)
}

// complaint finds in what a program said the part that says what is wrong.
func complaint(e ended) string {
	text := string(e.stderr)
	for _, mark := range []string{"ERROR! ", "[ERROR]: "} {
		if _, after, ok := strings.Cut(text, mark); ok {
			return method.Line(after)
		}
	}
	if strings.TrimSpace(text) == "" {
		text = string(e.stdout)
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return method.Line(strings.Join(lines[max(0, len(lines)-3):], " "))
}

// nobody reports whether Ansible ended because its inventory has none of the hosts.
func nobody(e ended) bool {
	said := string(e.stderr)
	return e.code == 1 && (strings.Contains(said, "leaves us with no hosts to target") || strings.Contains(said, "does not match any hosts"))
}

// What Ansible and ssh put before and between the words that matter.
var preambles = []string{
	"Failed to connect to the host via ssh:",
	"Make sure this host can be reached over ssh:",
	"Make sure this host can be reached over ssh",
}

// plain is why a host was lost, without what Ansible says of every such host.
func plain(reason string) string {
	for _, p := range preambles {
		if i := strings.LastIndex(reason, p); i >= 0 && strings.TrimSpace(reason[i+len(p):]) != "" {
			reason = reason[i+len(p):]
		}
	}
	var kept []string
	for line := range strings.Lines(reason) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "slipway-host: ") || strings.HasPrefix(line, "Warning: Permanently added") ||
			strings.HasPrefix(line, "debug1:") || strings.HasPrefix(line, "** ") {
			continue
		}
		kept = append(kept, line)
	}
	if len(kept) == 0 {
		return "the connection was lost"
	}
	return method.Line(strings.Join(kept, "; "))
}
