package runbook

import (
	"fmt"
	"net/url"
	"path"
	"strings"
)

// link checks that a link can lead somewhere.
func (l *linter) link(to Link) {
	text := to.To
	if strings.HasPrefix(text, "#") || placeholder.MatchString(text) || strings.ContainsAny(text, "{}<>$") {
		return
	}
	bad := func(message, mend string) {
		l.add(Finding{Rule: "link", Severity: Error, At: to.At, Found: text, Message: message, Mend: mend})
	}
	if strings.TrimSpace(text) == "" {
		bad("a link leads nowhere", "give it an address, or take it out")
		return
	}
	u, err := url.Parse(text)
	if err != nil {
		bad(fmt.Sprintf("%q is not an address", text), "correct it")
		return
	}
	switch scheme := strings.ToLower(u.Scheme); {
	case scheme == "http" || scheme == "https":
		if u.Hostname() == "" {
			bad(fmt.Sprintf("%q names no host", text), "write it as in https://graphs.example.com/checkout")
		}
	case scheme != "":
		if near := nearest(scheme, []string{"https", "http"}); near != "" {
			bad(fmt.Sprintf("%q begins with %s:", text, u.Scheme), "write "+near+": if that is meant")
		}
	default:
		l.file(u, bad)
	}
}

// file checks a link to a file beside the runbook.
func (l *linter) file(u *url.URL, bad func(message, mend string)) {
	name := u.Path
	if l.facts.Exists == nil || u.Host != "" || strings.HasPrefix(name, "/") || strings.HasPrefix(path.Clean(name), "..") || path.Ext(name) == "" {
		return
	}
	if !l.facts.Exists(path.Clean(name)) {
		bad(fmt.Sprintf("there is no file %s beside this page", name), "correct the name, or add the file")
	}
}

// page looks whether the runbook leads to where people see rollouts.
func (l *linter) page() {
	if l.facts.Link == "" {
		return
	}
	want, err := url.Parse(placeholder.ReplaceAllString(l.facts.Link, "x"))
	if err != nil || want.Host == "" || strings.Contains(l.doc.Text(), want.Host) {
		return
	}
	l.add(Finding{Rule: "dashboard", Severity: Warning, At: Position{1, 1},
		Message: fmt.Sprintf("%s says that rollouts are seen at %s, and this page does not lead there", l.manifest(), want.Host),
		Mend:    "add a link to " + l.facts.Link})
}
