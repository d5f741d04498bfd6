package page_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"github.com/slipway-deploy/slipway/internal/runbook/page"
)

var update = flag.Bool("update", false, "write the golden file")

func look(width int) page.Look {
	mark := func(m string) func(string) string { return func(s string) string { return m + s + m } }
	return page.Look{Width: width, Heading: mark("="), Code: mark("`"), Strong: mark("*"), Faint: func(s string) string { return s }, Dot: "-", Rule: "-"}
}

// TestRender: each thing that Markdown has is laid out.
func TestRender(t *testing.T) {
	t.Parallel()
	const text = "# Roll back\n\nSome words that go on for so long that they have to be put on a second line, with `code` and **care**.\n\n" +
		"1. First:\n\n   ```sh\n   slipway rollback\n   ```\n2. Second\n   - inner [link](https://x.example.com)\n   - [x] done\n\n> Watch <https://y.example.com>\n> closely, <host>.\n\n" +
		"| what | how |\n|---|---|\n| a | `b c` |\n\n---\n\n    indented\n\n<details>hidden</details>\n\nend<br>of it\n"
	got := page.Render(text, look(40))
	file := filepath.Join("testdata", "page.golden")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// FuzzRender: no text steers a terminal.
func FuzzRender(f *testing.F) {
	f.Add("# a\n\n1. b\n   - c `d`\n\n> e\n\n|f|\n|-|\n|g|\n")
	f.Add("\x1b[2Jx\u009b31m\r\b")
	f.Fuzz(func(t *testing.T, text string) {
		got := page.Render(text, look(30))
		if strings.ContainsFunc(got, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 }) || ansi.Strip(got) != got {
			t.Errorf("%q", got)
		}
	})
}
