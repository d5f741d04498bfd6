package runbook_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/slipway-deploy/slipway/internal/runbook"
)

// frame is a runbook that is right, around what a test puts into it.
const frame = `# checkout

## Prerequisites

- You can log in.

## Deploy

%s

## Rollback

- ` + "`slipway rollback --env production`" + `
`

// TestLint: what is not true is found, at its place, with what is allowed and what to do.
func TestLint(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"right", "```sh\nslipway deploy 1.4.0 --env production\n```", ""},
		{"verb", "```sh\nslipway deply 1.4.0 --env production\n```",
			`10:9: error: slipway has no command "deply"; it can be build, plan, deploy, promote, resume, abort, rollback, status, show, reconcile or runbook; write slipway deploy if that is meant; slipway --help lists them`},
		{"verb in a line", "Run `slipway launch 1.4.0`.",
			`9:14: error: slipway has no command "launch"; it can be build, plan, deploy, promote, resume, abort, rollback, status, show, reconcile or runbook; slipway --help lists them`},
		{"verb of a verb", "Run `slipway runbook lnt`.", `9:22: error: slipway runbook has no command "lnt"; it can be lint, run or show; write slipway runbook lint if that is meant; slipway runbook --help lists them`},
		{"flag", "```sh\nslipway deploy 1.4.0 --enviroment production\n```",
			`10:22: error: slipway deploy has no flag --enviroment; it can be --env, --output or --yes; slipway deploy --help lists them`},
		{"flag by a letter", "- `slipway deploy -yx 1.4.0`", `9:19: error: slipway deploy has no flag -x; it can be --env, --output or --yes; slipway deploy --help lists them`},
		{"letters with a value", "- `slipway deploy -ye production 1.4.0 -oyaml`", ""},
		{"environment", "```sh\nsudo -u deploy slipway deploy 1.4.0 --env=prodution\n```",
			`10:37: error: slipway.yaml has no environment "prodution"; it can be staging or production; write production if that is meant`},
		{"environment by a letter", "- `slipway deploy 1.4.0 -e live`",
			`9:28: error: slipway.yaml has no environment "live"; it can be staging or production; name one of them, or add the environment to slipway.yaml`},
		{"environment to be filled in", "```sh\nslipway deploy VERSION --env \"$ENV\"\nslipway deploy <version> --env <environment>\nslipway deploy 1.4.0 --env ENVIRONMENT\n```", ""},
		{"continued line", "```sh\nslipway deploy 1.4.0 \\\n  --env prod\n```",
			`11:9: error: slipway.yaml has no environment "prod"; it can be staging or production; name one of them, or add the environment to slipway.yaml`},
		{"session", "```console\n$ slipway status --env prod\nslipway frobnicate\n```",
			`10:24: error: slipway.yaml has no environment "prod"; it can be staging or production; name one of them, or add the environment to slipway.yaml`},
		{"second command of a line", "```sh\ncd /srv && slipway statsu | cat\n```",
			`10:20: error: slipway has no command "statsu"; it can be build, plan, deploy, promote, resume, abort, rollback, status, show, reconcile or runbook; write slipway status if that is meant; slipway --help lists them`},
		{"here-document and comment", "```sh\ncat <<EOF\nslipway frobnicate\nEOF\n# slipway frobnicate\n```", ""},
		{"another language", "```yaml\nrun: slipway frobnicate\n```", ""},
		{"unit", "```sh\nsudo systemctl restart chekout\n```",
			`10:24: error: chekout.service is not a unit of slipway.yaml; it can be checkout.service, checkout-worker@.service or checkout-cleanup.timer; write checkout.service if that is meant`},
		{"unit of another", "```sh\nsystemctl restart ledger.service\n```",
			`10:19: warning: ledger.service is not a unit of slipway.yaml; it can be checkout.service, checkout-worker@.service or checkout-cleanup.timer; correct it; if it is another service's, say so in the file: <!-- slipway: allow ledger.service: why -->`},
		{"unit that is vouched for", "<!-- slipway: allow ledger.service, lb9: the ledger is ours too -->\n\n```sh\nsystemctl restart ledger.service\nssh lb9 true\n```", ""},
		{"unit on a host", "```sh\nssh web2 'sudo systemctl stop checkot'\n```",
			`10:10: error: checkot.service is not a unit of slipway.yaml; it can be checkout.service, checkout-worker@.service or checkout-cleanup.timer; write checkout.service if that is meant`},
		{"unit in the log", "- `journalctl -fu chekout`", `9:19: error: chekout.service is not a unit of slipway.yaml; it can be checkout.service, checkout-worker@.service or checkout-cleanup.timer; write checkout.service if that is meant`},
		{"units that are right", "```sh\nsystemctl status nginx checkout-worker@3 checkout-cleanup.service 'checkout-*'\nsystemctl daemon-reload\nsystemctl -H web1 restart checkout\nsystemctl list-units foo\n```", ""},
		{"host", "```sh\nssh deploy@web9 uptime\n```",
			`10:5: error: no inventory has a host "web9"; it can be web1, web2, web3, web4, web5, web6, lb1, lb2, db1 or stg-web1; name one of them, or write {{host}} for the one that is meant`},
		{"host to copy to", "```sh\nscp -P 22 x.deb web0:/tmp/\n```",
			`10:17: error: no inventory has a host "web0"; it can be web1, web2, web3, web4, web5, web6, lb1, lb2, db1 or stg-web1; name one of them, or write {{host}} for the one that is meant`},
		{"hosts of a flag", "- `slipway reconcile --hosts web1,web7`",
			`9:30: error: no inventory has a host "web7"; it can be web1, web2, web3, web4, web5, web6, lb1, lb2, db1 or stg-web1; name one of them, or write {{host}} for the one that is meant`},
		{"another host", "- `ssh -A bastion.example.com`",
			`9:11: warning: no inventory has a host "bastion.example.com"; it can be web1, web2, web3, web4, web5, web6, lb1, lb2, db1 or stg-web1; correct it; if it is no host of the service, say so in the file: <!-- slipway: allow bastion.example.com: why -->`},
		{"hosts that are right", "```sh\nssh -p 22 web1.example.com uptime\nssh {{host}} true\nssh <host> true\nssh \"$h\" true\nssh HOST true\nssh -o User=x lb1\n```", ""},
		{"port", "```sh\ncurl -f http://localhost:8088/_status\n```",
			`10:9: error: checkout does not answer /_status on port 8088; it can be 8080; write the port that slipway.yaml has`},
		{"port of a check", "```sh\ncurl -f http://web1/cart\n```",
			`10:9: error: checkout does not answer /cart on port 80; it can be 8081; write the port that slipway.yaml has`},
		{"port of a host to fill in", "```sh\ncurl http://{{host}}:81/_status http://<host>:8080/_status http://$h:8080/_status\n```",
			`10:6: error: checkout does not answer /_status on port 81; it can be 8080; write the port that slipway.yaml has`},
		{"another port", "```sh\ncurl http://localhost:9090/metrics\n```", ""},
		{"health elsewhere", "```sh\ncurl http://localhost:9090/healthz\n```",
			`10:6: warning: health is asked for at port 9090, /healthz; in slipway.yaml it is port 8080, /_status; correct it; if something else answers there, say so in the file: <!-- slipway: allow 9090: what -->`},
		{"links", "[a](htps://graphs.example.com) [b](https:///x) [c]() [d](docs/none.md) [e](docs/here.md) [f](../x/y.md) [g](/x.md) [h](#top)",
			`9:1: error: "htps://graphs.example.com" begins with htps:; write https: if that is meant
9:32: error: "https:///x" names no host; write it as in https://graphs.example.com/checkout
9:48: error: a link leads nowhere; give it an address, or take it out
9:54: error: there is no file docs/none.md beside this page; correct the name, or add the file`},
		{"unfinished", "TODO: write this\n\n- Owner: TBD\n- lorem ipsum dolor\n- [insert link here](https://x.example.com)\n- put it on the TODO list, PROJ-XXX",
			`9:1: error: "TODO" says that something is not written yet; write it, or take it out
11:10: error: "TBD" says that something is not written yet; write it, or take it out
12:3: error: "lorem ipsum" says that something is not written yet; write it, or take it out`},
		{"unfinished code", "```sh\nslipway status # TODO find the flag\ngrep TODO x\n```",
			`10:18: error: "TODO" says that something is not written yet; write it, or take it out`},
		{"placeholder", "```sh\nssh {{hsot}} true; docker inspect -f '{{.State}}' x; ansible -a '{{ inventory_hostname }}' all\n```",
			`10:5: error: nothing is known as {{hsot}}; it can be {{host}}, {{hosts}}, {{version}}, {{previous}}, {{rollout}} or {{environment}}; write {{host}} if that is meant`},
		{"empty", "", `7:4: error: the section "Deploy" is empty; say in it how to deploy`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := lint(t, fmt.Sprintf(frame, c.text)); got != c.want {
				t.Errorf("\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// TestMissing: a file without the sections says which.
func TestMissing(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"hello": `1:1: error: no section says what must hold before a deploy; add one with a heading such as "## Prerequisites"
1:1: error: no section says how to deploy; add one with a heading such as "## Deploy"
1:1: error: no section says how to roll back; add one with a heading such as "## Roll back"`,
		"# Deployment history\n\nx\n\n# Release notes\n\nx\n\n# Requirements\n\nx\n\n# Rollback\n\nx": `1:1: error: no section says how to deploy; add one with a heading such as "## Deploy"`,
	} {
		if got := lint(t, text); got != want {
			t.Errorf("%q:\n%s\nwant\n%s", text, got, want)
		}
	}
}

func lint(t testing.TB, text string) string {
	t.Helper()
	doc, err := runbook.Parse("RUNBOOK.md", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	f := facts()
	f.Exists = func(path string) bool { return path == "docs/here.md" }
	var out []string
	for _, f := range runbook.Lint(doc, f) {
		out = append(out, fmt.Sprintf("%s: %s%s", f.At, f.Severity, strings.TrimPrefix(f.String(), f.At.String())))
	}
	return strings.Join(out, "\n")
}
