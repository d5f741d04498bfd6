package standard

import (
	"bytes"
	"path"
	"regexp"
	"slices"
	"strings"
)

// secretRules: what many can read holds no secret.
func secretRules() []Rule {
	return []Rule{{ID: "secrets.literal", Severity: Error, check: literalSecrets,
		Wants: "No secret stands in the files of the project.",
		Why:   "Whoever ever cloned the repository has it, and a release carries it to every host.",
		Mend:  "Withdraw the secret where it was issued, and refer to a new one: `env:NAME`, `file:/PATH`, or Ansible's vault."}}
}

// secret is a place with something that looks like one. What it is, is never kept.
type secret struct {
	file         string
	line, column int
	what         string
}

// shape is how a kind of secret is recognised: a text that must be there, for speed, and a
// pattern that is certain.
type shape struct {
	what    string
	part    []byte
	pattern *regexp.Regexp
}

// shapes are of secrets whose form leaves no doubt; a guess by names of variables would
// cry wolf.
func shapes() []shape {
	of := func(what, part, pattern string) shape {
		return shape{what, []byte(part), regexp.MustCompile(pattern)}
	}
	return []shape{
		of("a private key", "PRIVATE KEY-----", `-----BEGIN ([A-Z]+ )?PRIVATE KEY-----`),
		of("an access key of AWS", "AKIA", `\bAKIA[A-Z2-7]{16}\b`),
		of("a token of GitHub", "gh", `\b(gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60,})\b`),
		of("a token of GitLab", "glpat-", `\bglpat-[A-Za-z0-9_-]{20}`),
		of("a token of Slack", "xox", `\bxox[abprs]-[0-9A-Za-z-]{20,}`),
		of("a webhook of Slack", "hooks.slack.com/", `hooks\.slack\.com/services/T[A-Z0-9]{6,}/B[A-Z0-9]{6,}/[A-Za-z0-9]{16,}`),
		of("a live key of Stripe", "k_live_", `\b[sr]k_live_[A-Za-z0-9]{20,}`),
		of("a password of Ansible", "ansible_", `\bansible_(ssh_pass|password|become_pass|become_password|sudo_pass)['"]?\s*[:=]\s*['"]?[^\s'"{!$]`),
	}
}

// secretsIn finds secrets in a file that is not made for tests or examples.
func secretsIn(name string, data []byte, all []shape) []secret {
	var found []secret
	for _, s := range all {
		if !bytes.Contains(data, s.part) || forTests(name) {
			continue
		}
		for _, at := range s.pattern.FindAllIndex(data, 20) {
			start := bytes.LastIndexByte(data[:at[0]], '\n') + 1
			found = append(found, secret{name, 1 + bytes.Count(data[:at[0]], []byte("\n")), at[0] - start + 1, s.what})
		}
	}
	return found
}

// forTests reports whether a path says that what is below it is made up.
func forTests(name string) bool {
	if strings.HasSuffix(name, "_test.go") {
		return true
	}
	return slices.ContainsFunc(strings.Split(path.Dir(name), "/"), func(dir string) bool {
		switch strings.ToLower(dir) {
		case "test", "tests", "fixtures", "spec", "specs", "example", "examples", "__tests__", "mocks":
			return true
		}
		return false
	})
}

func literalSecrets(l *look) {
	for _, s := range l.tree.secrets {
		l.found(place{s.file, s.line, s.column}, "withdraw it where it was issued, and refer to a new one: env:NAME, file:/PATH or Ansible's vault", "%s is written here (not shown)", s.what)
	}
}
