package manifest

import (
	"slices"
	"time"

	"github.com/invopop/jsonschema"
)

// checkObject is a request or a command.
func checkObject() object[Check] {
	return object[Check]{
		name:   "check",
		what:   "a check",
		fresh:  freshCheck,
		rule:   requestOrCommand,
		extend: extendCheck,
		fields: []field[Check]{
			key("name", func(c *Check) *string { return &c.Name }, wordOf(shownText()),
				"What the check is called in reports.").defaults("what it does"),
			key("http", func(c *Check) *string { return &c.HTTP }, url(),
				"URL that the host asks itself. Either this or command.").such("http://:8080/cart"),
			key("status", func(c *Check) *int { return &c.Status }, status(),
				"Status that the answer must have.").defaults("200"),
			key("body", func(c *Check) *string { return &c.Body }, wordOf(shownText()),
				"Text that the answer must contain.").defaults("any"),
			key("command", func(c *Check) *[]string { return &c.Command }, command(),
				"Command that runs on the host and must exit with 0: a list of words, or a text for /bin/sh. Either this or http.").such([]string{"/usr/bin/checkout", "selftest"}),
			key("within", func(c *Check) *time.Duration { return &c.Within }, duration(),
				"How long the check may take.").defaults("10s"),
		},
	}
}

// status is not printed for a command.
func status() shape[int] {
	s := whole("a status", 100, 599)
	s.write = func(v int) any {
		if v == 0 {
			return nil
		}
		return v
	}
	return s
}

// shell is what runs a command that is one text. The text is the project's own, as
// its Makefile is; nothing is ever put into it.
func shell() []string { return []string{"/bin/sh", "-c"} }

// command is a list of words, or a text for the shell.
func command() shape[[]string] {
	words := repeatable("a list of words such as [/usr/bin/checkout, selftest]", 1, wordOf(argument()))
	isText := func(c []string) bool { return len(c) == 3 && slices.Equal(c[:2], shell()) }
	return either("a list of words such as [/usr/bin/checkout, selftest], or a shell command",
		as(wordOf(shellCommand()), func(s string) []string { return append(shell(), s) },
			func(c []string) string { return c[2] }, isText),
		as(words, func(c []string) []string { return c }, func(c []string) []string { return c },
			func(c []string) bool { return len(c) > 0 }),
	)
}

// requestOrCommand: exactly one of the two, and keys of a request only with it.
func requestOrCommand(r *reader, c *Check, written keys) {
	http, command := written.has("http"), written.has("command")
	if http == command {
		found := "neither http nor command"
		if http {
			found = "http and command together"
		}
		r.problem(written.self, Problem{Message: r.subject() + " has " + found, Allowed: "exactly one of http, command"})
		return
	}
	for _, name := range []string{"status", "body"} {
		if command && written.has(name) {
			r.problem(written.node(name), Problem{Message: r.subject() + " is a command and has " + name, Hint: name + " belongs to a check with http"})
		}
	}
}

// extendCheck says the same in the schema.
func extendCheck(s *jsonschema.Schema) {
	s.OneOf = []*jsonschema.Schema{{Required: []string{"http"}}, {Required: []string{"command"}}}
	s.DependentRequired = map[string][]string{"status": {"http"}, "body": {"http"}}
}
