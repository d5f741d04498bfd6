package cli_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the generated part of docs/cli.md")

// TestDocs: the list of commands in docs/cli.md is what their help says.
func TestDocs(t *testing.T) {
	t.Parallel()
	file := filepath.Join("..", "..", "docs", "cli.md")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const mark = "-update`. -->\n"
	head, _, ok := strings.Cut(string(text), mark)
	if !ok {
		t.Fatalf("%s has no line that ends in %q", file, mark)
	}
	var b strings.Builder
	b.WriteString(head + mark)
	for _, name := range []string{"init", "check", "compat", "build", "releasable", "release", "release cut", "plan", "deploy", "promote", "complete", "pause", "resume", "abort",
		"rollback", "reconcile", "status", "history", "show", "judge", "notify", "notify test", "notify list", "notify deliver", "runbook", "runbook new", "runbook lint", "runbook show", "runbook run", "runbook runs", "schema", "version", "lab", "lab up", "lab down", "lab list", "lab status",
		"demo", "completion"} {
		_, out, _ := call(t, t.TempDir(), append(strings.Fields(name), "--help")...)
		help, _, _ := strings.Cut(out, "\nExit codes:")
		b.WriteString("\n### slipway " + name + "\n\n```\n" + strings.TrimSpace(help) + "\n```\n")
	}
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if string(text) != b.String() && !*update {
		t.Errorf("%s is not up to date: go test ./internal/cli -run TestDocs -update", file)
	}
}
