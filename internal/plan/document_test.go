package plan_test

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/slipway-deploy/slipway/internal/plan"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// document is a release plan with something in every part of it.
func document(t testing.TB) *plan.Document {
	t.Helper()
	in := world(t, strings.Replace(balanced, "      - complete: {waves: 25%, approval: required}", told, 1), 6)
	set(in, "web5", func(f *plan.Facts) { f.Version, f.Digest, f.Previous = "", "", "" })
	in.Changes = []rollout.Change{
		{Commit: "3f2a9c10aa003f2a9c10aa003f2a9c10aa003f2a", Subject: "feat(cart): count | what's in it <b>now</b>", By: "Ann"},
		{Commit: "77aa01bc77aa01bc77aa01bc77aa01bc77aa01bc", Subject: "# not a *heading* [link](javascript:alert(1))", By: "Ben & Co"},
	}
	p, err := plan.Build(in)
	if err != nil {
		t.Fatal(err)
	}
	return &plan.Document{
		Plan: p, Program: "1.0.0", Asked: plan.Asked{File: "slipway.yaml"},
		World: plan.World{
			Hosts: plan.Look(in.Inventory, in.Hosts, in.Facts), Head: "3f2a9c10aa003f2a9c10aa003f2a9c10aa003f2a", Release: in.Release,
			Files: map[string]string{"slipway.yaml": digest('1'), "ops/hosts.yaml": digest('2')},
		},
		Gates: []plan.Result{
			{Name: "the commit may be released", Answer: plan.Met, Said: "commit 3f2a9c10aa is on the release branch"},
			{Name: "the standard", Answer: plan.Waived, Said: "cron.crontab until 2027-01-31: the timer comes with 2.0"},
		},
		Prerequisites: []plan.Result{
			{Name: "the database has room", Answer: plan.Met, Said: "df says 40 GB"},
			{Name: "support knows", Answer: plan.Unmet, Said: "nobody confirmed it"},
			{Name: "the partner is told", Answer: plan.Unasked},
		},
		Compat:     &plan.Compat{Compatible: true, Findings: []string{"migrations/0042.sql: drops column basket.note"}},
		Contacts:   []plan.Person{{Name: "Shop on-call", Role: "decides about a rollback", How: "#shop-oncall"}, {Name: "Ann", How: "ann@example.com"}},
		CommitLink: "https://github.com/shop/checkout/commit/{{commit}}", Runbook: "RUNBOOK.md",
	}
}

// bare is one with as little as there can be.
func bare(t testing.TB) *plan.Document {
	t.Helper()
	in := world(t, packaged, 2)
	set(in, "web2", func(f *plan.Facts) { f.Version, f.Digest, f.Previous = "", "", "" })
	p, err := plan.Build(in)
	if err != nil {
		t.Fatal(err)
	}
	return &plan.Document{Plan: p, Program: "1.0.0", Asked: plan.Asked{File: "slipway.yaml"}, Gates: []plan.Result{}, Prerequisites: []plan.Result{}, Contacts: []plan.Person{},
		World: plan.World{Hosts: plan.Look(in.Inventory, in.Hosts, in.Facts), Release: in.Release, Files: map[string]string{}}}
}

func written(t testing.TB, write func(*bytes.Buffer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestDocument: the three forms, as people and programs see them.
func TestDocument(t *testing.T) {
	t.Parallel()
	for name, d := range map[string]*plan.Document{"document": document(t), "document-bare": bare(t)} {
		md := written(t, func(b *bytes.Buffer) error { return d.Markdown(b) })
		page := written(t, func(b *bytes.Buffer) error { return d.HTML(b) })
		golden(t, name+".md", md)
		golden(t, name+".html", page)
		golden(t, name+".json", written(t, func(b *bytes.Buffer) error { return d.JSON(b) }))
		for _, never := range []string{"<script", "<img", "<link", "src=", "@import", "url(", "<b>now", `href="javascript`, " on"} {
			if never == " on" {
				if found := regexp.MustCompile(`<[^>]* on[a-z]+=`).Find(page); found != nil {
					t.Errorf("%s: the page has %s", name, found)
				}
			} else if bytes.Contains(page, []byte(never)) {
				t.Errorf("%s: the page has %q", name, never)
			}
		}
		if bytes.Contains(md, []byte("<b>")) || regexp.MustCompile(`[^\\]\]\(javascript`).Match(md) {
			t.Errorf("%s: the Markdown has markup of a commit", name)
		}
	}
}

// TestDocumentSaysHowToGoBack: the exact commands, with the rollout's own id.
func TestDocumentSaysHowToGoBack(t *testing.T) {
	t.Parallel()
	d := document(t)
	page := string(written(t, func(b *bytes.Buffer) error { return d.Markdown(b) }))
	for _, want := range []string{
		"slipway abort " + d.Plan.ID, "slipway rollback " + d.Plan.ID,
		"ln -sfn releases/1.0.0 /opt/checkout/current.back && mv -T /opt/checkout/current.back /opt/checkout/current",
		"systemctl restart checkout.service", "rm /opt/checkout/current",
		"**Mind:** Going back is not safe after live traffic", "support knows: not met",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("it does not say %q", want)
		}
	}
	const to = "slipway rollback --to 1.0.0 --env production"
	if strings.Contains(page, to) {
		t.Error("it names one version to go back to, and one host had none")
	}
	for i := range d.Plan.Hosts {
		d.Plan.Hosts[i].From = "1.0.0"
	}
	if page := string(written(t, func(b *bytes.Buffer) error { return d.Markdown(b) })); !strings.Contains(page, to) {
		t.Errorf("it does not say %q", to)
	}
}

// TestDocumentSealed: what was written is read back, in any layout, and nothing else.
func TestDocumentSealed(t *testing.T) {
	t.Parallel()
	d := document(t)
	data := written(t, func(b *bytes.Buffer) error { return d.JSON(b) })
	back, err := plan.ParseDocument(data)
	if err != nil {
		t.Fatal(err)
	}
	if again := written(t, func(b *bytes.Buffer) error { return back.JSON(b) }); !bytes.Equal(again, data) {
		t.Error("it is another one when it was read")
	}
	if _, err := plan.ParseDocument(bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n   "))); err != nil {
		t.Errorf("other line breaks are refused: %v", err)
	}
	for name, c := range map[string]struct {
		from, to string
		want     error
	}{
		"budget":       {`"budget": 0`, `"budget": 4`, plan.ErrEdited},
		"a host less":  {`"max_out": 2`, `"max_out": 6`, plan.ErrEdited},
		"a new key":    {`"program": "1.0.0"`, `"program": "1.0.0", "force": true`, plan.ErrEdited},
		"the digest":   {`"digest": "sha256:`, `"digest": "sha256:0`, plan.ErrEdited},
		"the format":   {`release plan, 1`, `release plan, 9`, plan.ErrNoDocument},
		"a key beside": {`"format"`, `"note": "x", "format"`, plan.ErrNoDocument},
		"cut off":      {"}\n}\n", "", plan.ErrNoDocument},
		"two":          {"}\n}\n", "}\n}\n{}", plan.ErrNoDocument},
	} {
		changed := strings.Replace(string(data), c.from, c.to, 1)
		if changed == string(data) {
			t.Errorf("%s: nothing was changed", name)
			continue
		}
		if _, err := plan.ParseDocument([]byte(changed)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, text := range []string{"", "{}", "null", "[]", `{"format":"slipway release plan, 1","digest":"","document":{}}`} {
		if _, err := plan.ParseDocument([]byte(text)); err == nil {
			t.Errorf("%q is a release plan", text)
		}
	}
}

// TestDocumentNoByteMayChange: any byte that is changed is noticed, or changes nothing.
func TestDocumentNoByteMayChange(t *testing.T) {
	t.Parallel()
	d := bare(t)
	data := written(t, func(b *bytes.Buffer) error { return d.JSON(b) })
	rapid.Check(t, func(t *rapid.T) {
		changed := bytes.Clone(data)
		changed[rapid.IntRange(0, len(data)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
		back, err := plan.ParseDocument(changed)
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := back.JSON(&out); err != nil || !bytes.Equal(out.Bytes(), data) {
			t.Fatalf("a changed plan is taken: %v", err)
		}
	})
}

// TestDocumentCompare: each change of the world is named.
func TestDocumentCompare(t *testing.T) {
	t.Parallel()
	was := document(t).World
	for name, c := range map[string]struct {
		change func(w *plan.World)
		want   string
	}{
		"nothing":         {func(*plan.World) {}, ""},
		"a host more":     {func(w *plan.World) { w.Hosts = append(w.Hosts, plan.Seen{Name: "web7"}) }, "web7: new among the hosts"},
		"two hosts less":  {func(w *plan.World) { w.Hosts = w.Hosts[2:] }, "web1, web2: no longer among the hosts"},
		"a version moved": {func(w *plan.World) { w.Hosts[2].Version = "1.0.1" }, "web3: found with 1.0.1, and had 1.0.0"},
		"it was removed":  {func(w *plan.World) { w.Hosts[2].Version = "" }, "web3: found with nothing, and had 1.0.0"},
		"another build":   {func(w *plan.World) { w.Hosts[0].Digest = digest('f') }, "web1: found with another build of 1.0.0"},
		"silent":          {func(w *plan.World) { w.Hosts[0].Silent = true }, "web1: gave no answer now"},
		"another zone":    {func(w *plan.World) { w.Hosts[0].Zone = "z" }, "web1: at another address, in another zone or of another architecture"},
		"a new commit":    {func(w *plan.World) { w.Head = "1111111111111111" }, "the project is at commit 1111111111, and was at 3f2a9c10aa"},
		"a new build": {func(w *plan.World) { w.Release.Artifacts = []rollout.Artifact{{Arch: "amd64", Digest: digest('c')}} },
			"the artifacts of 1.1.0 are amd64 sha256:cccccccccccc, and were amd64 sha256:bbbbbbbbbbbb"},
		"its commit":     {func(w *plan.World) { w.Release.Commit = "" }, "release 1.1.0 is of commit none, and was of 3f2a9c1"},
		"the manifest":   {func(w *plan.World) { w.Files["slipway.yaml"] = digest('9') }, "slipway.yaml was changed"},
		"an inventory":   {func(w *plan.World) { delete(w.Files, "ops/hosts.yaml") }, "ops/hosts.yaml is gone"},
		"a new playbook": {func(w *plan.World) { w.Files["deploy.yaml"] = digest('9') }, "deploy.yaml is new"},
	} {
		is := document(t).World
		c.change(&is)
		if got := strings.Join(plan.Compare(was, is), "\n"); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestDocumentDiffers: two plans of the same world are the same, but for their making.
func TestDocumentDiffers(t *testing.T) {
	t.Parallel()
	a, b := document(t).Plan, document(t).Plan
	b.Link = strings.ReplaceAll(b.Link, b.ID, "01X")
	b.ID, b.By, b.ApprovedBy, b.At, b.Notes = "01X", "ben", "cy", time.Now(), []string{"later"}
	if d, err := plan.Differs(a, b); err != nil || len(d) != 0 {
		t.Errorf("%v %v", d, err)
	}
	b.Budget, b.OnFail, b.Link = 3, rollout.ChooseAsk, "https://elsewhere.example.com/"
	if d, err := plan.Differs(a, b); err != nil || strings.Join(d, " ") != "budget link on_fail" {
		t.Errorf("%v %v", d, err)
	}
}

func TestDocumentAge(t *testing.T) {
	t.Parallel()
	d := document(t)
	for after, want := range map[time.Duration]string{
		0: "", plan.Lasts: "", plan.Lasts + time.Second: "is not run after 7 days", -time.Minute: "", -2 * time.Hour: "still to come",
	} {
		if got := d.Age(d.Plan.At.Add(after)); !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("after %s: %q", after, got)
		}
	}
}

// FuzzDocument: whatever a file holds, it is refused with a reason, or is what was made.
func FuzzDocument(f *testing.F) {
	f.Add(written(f, func(b *bytes.Buffer) error { return bare(f).JSON(b) }))
	f.Add([]byte(`{"format":"slipway release plan, 1","digest":"sha256:","document":{"plan":null}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := plan.ParseDocument(data)
		if err != nil {
			return
		}
		if err := d.HTML(&bytes.Buffer{}); err != nil {
			t.Fatal(err)
		}
		if err := d.Markdown(&bytes.Buffer{}); err != nil {
			t.Fatal(err)
		}
	})
}
