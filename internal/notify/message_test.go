package notify_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/slipway-deploy/slipway/internal/notify"
	"github.com/slipway-deploy/slipway/internal/notify/notifytest"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

var update = flag.Bool("update", false, "write the golden file anew")

// TestMessages holds what is said of each notice, as plain text.
func TestMessages(t *testing.T) {
	t.Parallel()
	plan := notifytest.Plan("R-7")
	fresh := notifytest.Plan("R-8")
	for i := range fresh.Hosts {
		fresh.Hosts[i].From = ""
	}
	var b bytes.Buffer
	for _, n := range notifytest.Notices() {
		m := notify.Compose(plan, n)
		fmt.Fprintf(&b, "=== %s (%s)\n%s\n", n.Kind, m.Severity, m.Plain())
	}
	for _, n := range notifytest.Ending() {
		fmt.Fprintf(&b, "=== %s, of a first release\n%s\n", n.Kind, notify.Compose(fresh, n).Plain())
	}
	fmt.Fprintf(&b, "=== test\n%s\n", notify.Sample("checkout", "production", "kim", notifytest.At()).Plain())
	file := filepath.Join("testdata", "messages.txt")
	if *update {
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), want) {
		t.Errorf("%s differs (go test -update writes it anew):\n%s", file, b.String())
	}
}

// TestWhy: of what failed, the first line says why.
func TestWhy(t *testing.T) {
	t.Parallel()
	for _, n := range notifytest.Notices() {
		m := notify.Compose(notifytest.Plan("R-7"), n)
		first, _, _ := strings.Cut(m.Plain(), "\n")
		if !strings.Contains(first, n.Why) {
			t.Errorf("%s: the first line is %q", n.Kind, first)
		}
	}
}

// TestNobodyJudged: a stage that somebody had left before there was a verdict did not pass.
func TestNobodyJudged(t *testing.T) {
	t.Parallel()
	m := notify.Compose(notifytest.Plan("R-7"), rollout.Notice{Kind: rollout.NoticeLeft, Stage: "canary", By: "lee"})
	if want := "stage canary was left without a verdict, by lee"; !strings.HasSuffix(m.Headline, want) || m.Severity != notify.Info {
		t.Errorf("%q, %v", m.Headline, m.Severity)
	}
}

// TestComposeAnything: whatever strangers wrote, a message is lines of text, the same
// each time, and markup stays ours.
func TestComposeAnything(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		plan := notifytest.Plan("R-7")
		plan.By = rapid.String().Draw(t, "by")
		plan.Changes = []rollout.Change{{Commit: rapid.String().Draw(t, "commit"), Subject: rapid.String().Draw(t, "subject")}}
		n := rapid.SampledFrom(notifytest.Notices()).Draw(t, "notice")
		n.Why, n.By = rapid.String().Draw(t, "why")+"<script>", rapid.String().Draw(t, "who")
		m := notify.Compose(plan, n)
		if !reflect.DeepEqual(m, notify.Compose(plan, n)) {
			t.Fatal("two messages of one notice differ")
		}
		if strings.ContainsAny(m.Headline, "\r\n\x00") || m.Headline == "" || !utf8.ValidString(m.Headline) {
			t.Fatalf("the headline is %q", m.Headline)
		}
		if html := m.HTML(); strings.Contains(html, "<script") {
			t.Fatalf("HTML of a stranger: %s", html)
		}
	})
}

// TestTemplate: a user's text replaces ours, and one that fails still tells.
func TestTemplate(t *testing.T) {
	t.Parallel()
	m := notify.Compose(notifytest.Plan("R-7"), notifytest.Notices()[11])
	c := rollout.Channel{Name: "deploys", Template: `{{.Service | upper}} {{.Version}}: {{.Verdict}} after {{span .Took}} on {{join .Hosts ", "}}`}
	if got := notify.Fill(m, c); got.Text != "CHECKOUT 2.4.1: fail after 6m on app07" || got.Plain() != got.Text {
		t.Errorf("got %q", got.Text)
	}
	if got := notify.Fill(m, rollout.Channel{}); got.Text != "" {
		t.Errorf("without a template: %q", got.Text)
	}
	for name, text := range map[string]string{
		"syntax": `{{.Service`, "member": `{{.Nothing}}`, "endless": `{{range 100000}}{{$.Plain}}{{end}}`, "function": `{{env "HOME"}}`,
	} {
		c.Template = text
		got := notify.Fill(m, c).Text
		if !strings.HasPrefix(got, m.Plain()) || !strings.Contains(got, "its template fails: channel deploys: ") {
			t.Errorf("%s: %q", name, got)
		}
		t.Log(strings.TrimPrefix(got, m.Plain()))
	}
	if _, err := notify.ParseTemplate("deploys", `{{nosuch}}`); err == nil || !strings.HasPrefix(err.Error(), "channel deploys: ") {
		t.Errorf("got %v", err)
	}
}

func FuzzTemplate(f *testing.F) {
	f.Add(`{{.Headline}} {{range .Commits}}{{.}}{{end}}`)
	f.Add(`{{printf "%d" .At}}`)
	m := notify.Compose(notifytest.Plan("R-7"), notifytest.Notices()[0])
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "range") || strings.Contains(text, "%") {
			t.Skip("a user may loop, and pad, as long as he likes")
		}
		if got := notify.Fill(m, rollout.Channel{Name: "x", Template: text + " "}); len(got.Text) > 40<<10 {
			t.Errorf("a text of %d bytes", len(got.Text))
		}
	})
}

// TestMarkdown: what people wrote means itself.
func TestMarkdown(t *testing.T) {
	t.Parallel()
	got := notify.EscapeMarkdown("*a* _b_ [c](d) <e> @here `f` #1 ~g~ |h| \\")
	if want := "\\*a\\* \\_b\\_ \\[c\\](d) \\<e\\> @\u200bhere \\`f\\` \\#1 \\~g\\~ \\|h\\| \\\\"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSpan(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		850 * time.Millisecond: "850ms", 42 * time.Second: "42s", 192 * time.Second: "3m12s", 125 * time.Minute: "2h5m", 15 * time.Minute: "15m", time.Hour: "1h", 1500 * time.Millisecond: "1.5s",
	} {
		if got := notify.Span(d); got != want {
			t.Errorf("%d is %s, want %s", d, got, want)
		}
	}
}
