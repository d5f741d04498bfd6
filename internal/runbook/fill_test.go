package runbook_test

import (
	"testing"

	"github.com/slipway-deploy/slipway/internal/runbook"
)

// TestFill: a rollout's own names stand where the runbook has placeholders.
func TestFill(t *testing.T) {
	t.Parallel()
	v := runbook.Values{Hosts: []string{"web1", "web2"}, Version: "1.4.0", Previous: "1.3.9", Rollout: "01J", Environment: "production"}
	for text, want := range map[string]string{
		"on {{host}}, from {{ version }} to {{previous}}":     "on web1, web2, from 1.4.0 to 1.3.9",
		"rollout <rollout-id> on <hosts> of <env>":            "rollout 01J on web1, web2 of production",
		"run `apt install x=<previous version>`":              "run `apt install x=1.3.9`",
		"`slipway reconcile --hosts {{hosts}}`":               "`slipway reconcile --hosts web1,web2`",
		"```sh\nssh {{host}} true\nfor {{hosts}}\n```\n":      "```sh\nssh web1 true\nssh web2 true\nfor web1,web2\n```\n",
		"~~~\nssh <host> ls # of {{hosts}}\n~~~":              "~~~\nssh web1 ls # of web1,web2\nssh web2 ls # of web1,web2\n~~~",
		"    ssh {{host}}":                                    "    ssh web1\n    ssh web2\n",
		"{{other}} {{ .Values.host }} <b>x</b> {{host":        "{{other}} {{ .Values.host }} <b>x</b> {{host",
		"```yaml\nname: {{ inventory_hostname }}\n```":        "```yaml\nname: {{ inventory_hostname }}\n```",
		"1. Step:\n\n   ```sh\n   curl {{host}}:80\n   ```\n": "1. Step:\n\n   ```sh\n   curl web1:80\n   curl web2:80\n   ```\n",
	} {
		if got := runbook.Fill(text, v); got != want {
			t.Errorf("%q:\n%q\nwant\n%q", text, got, want)
		}
	}
}

// TestFillUnknown: what is not known stays, for a person to see.
func TestFillUnknown(t *testing.T) {
	t.Parallel()
	const text = "ssh {{host}}; {{version}} {{hosts}}"
	if got := runbook.Fill(text, runbook.Values{}); got != text {
		t.Error(got)
	}
	if runbook.Runnable(text) {
		t.Error("it can be run")
	}
}

// TestFillQuotes: no name reaches a shell unquoted.
func TestFillQuotes(t *testing.T) {
	t.Parallel()
	v := runbook.Values{Hosts: []string{"a; rm -rf /", "b'c"}, Version: "$(reboot)\nx"}
	want := "ssh 'a; rm -rf /' '$(reboot)x'\nssh 'b'\\''c' '$(reboot)x'\n"
	if got := runbook.FillCode("ssh {{host}} {{version}}", v); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestRunnable: what is left for a person is not run.
func TestRunnable(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]bool{
		"df -h /srv":                   true,
		"echo \"$HOME\" > /dev/null":   true,
		"cat < /etc/hosts":             true,
		"ssh <host> true":              false,
		"ssh <your host> true":         false,
		"ssh HOST true":                false,
		"slipway plan VERSION":         false,
		"slipway plan {{version}}":     false,
		"slipway plan 1.4.0 ...":       false,
		"test -n \"$VERSION\"":         true,
		"":                             false,
		"echo a | grep -q a && echo b": true,
	} {
		if got := runbook.Runnable(code); got != want {
			t.Errorf("%q: %v", code, got)
		}
	}
}
