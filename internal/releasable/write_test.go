package releasable_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/slipway-deploy/slipway/internal/releasable"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, name string, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; look at each changed line, then run with -update.\ngot:\n%s", path, got)
	}
}

func release() releasable.Release {
	subjects := []string{"feat(cart): count <b>what</b> is [in] it", "fix: a hole", "chore: tidy", "feat!: the old cart is gone", "say more", "docs: a word", "remove: the third cart"}
	r := releasable.Release{Version: "1.4.0", At: time.Date(2026, 11, 28, 23, 0, 0, 0, time.UTC), Link: "https://example.com/c/{{commit}}"}
	for i, s := range subjects {
		c := releasable.Commit{ID: strings.Repeat(string(rune('a'+i)), 40), Subject: s}
		if i == 1 {
			c.Body = "BREAKING CHANGE: who fell in stays out"
		}
		r.Changes = append(r.Changes, releasable.ParseChange(c))
	}
	return r
}

func TestChangelog(t *testing.T) {
	t.Parallel()
	r := release()
	golden(t, "section.md", r.Section())
	golden(t, "message.txt", r.Message("checkout"))
	first := r.Changelog("")
	golden(t, "changelog-new.md", first)
	if again := r.Changelog(first); again != first {
		t.Error("a second time it is another one")
	}
	const kept = "# Changelog\n\nWhat is new.\n\n## [Unreleased]\n\n- soon\n\n## [1.3.0] - 2026-01-01\n\n- old\n\n[1.3.0]: https://example.com\n"
	golden(t, "changelog-kept.md", r.Changelog(kept))
	if got := r.Changelog("# Changelog\n\n## v1.4.0 (today)\n"); strings.Contains(got, "### Added") {
		t.Errorf("it is there already:\n%s", got)
	}
	if got := r.Changelog("# Changelog\n\n## 1.4.01\n"); !strings.Contains(got, "### Added") {
		t.Error("another version was taken for this one")
	}
	quiet := releasable.Release{Version: "1.4.1", Changes: []releasable.Change{change("chore: tidy", "")}}
	if !strings.Contains(quiet.Section(), "tidy") {
		t.Error("a section is empty")
	}
}

func built() releasable.Build {
	return releasable.Build{
		Service: "checkout", Version: "1.4.0", Source: "https://example.com/shop/checkout.git", Branch: "master", Commit: id,
		Artifacts: []releasable.Built{{File: "checkout_1.4.0_amd64.deb", Digest: "sha256:" + strings.Repeat("b", 64)}},
		Manifest:  "slipway.yaml", ManifestDigest: "sha256:" + strings.Repeat("c", 64), Command: "make deb <x>",
		Builder: "ann at desk", Program: "1.0.0", Started: time.Date(2026, 11, 28, 14, 0, 0, 7, time.UTC), Ended: time.Date(2026, 11, 28, 14, 1, 0, 0, time.UTC),
	}
}

// TestProvenance: the statement is one of in-toto's with SLSA's predicate, by a schema
// that was written from their documents.
func TestProvenance(t *testing.T) {
	t.Parallel()
	line, err := built().Statement()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "provenance.jsonl", string(line))
	if bytes.Count(line, []byte("\n")) != 1 {
		t.Error("it is more than one line")
	}
	schema, err := jsonschema.NewCompiler().Compile(filepath.Join("testdata", "provenance.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string]releasable.Build{"full": built(), "without a remote": func() releasable.Build { b := built(); b.Source = ""; return b }()} {
		line, err := b.Statement()
		if err != nil {
			t.Fatal(err)
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	wrong := map[string]func(b *releasable.Build){
		"no artifact": func(b *releasable.Build) { b.Artifacts = nil }, "no commit": func(b *releasable.Build) { b.Commit = "" },
		"md5": func(b *releasable.Build) { b.Artifacts[0].Digest = "md5:00" },
	}
	for name, change := range wrong {
		b := built()
		change(&b)
		if _, err := b.Statement(); err == nil {
			t.Errorf("%s is stated", name)
		}
	}
}

func TestSign(t *testing.T) {
	t.Parallel()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	line, err := built().Statement()
	if err != nil {
		t.Fatal(err)
	}
	signed, err := releasable.Sign(line, base64.StdEncoding.EncodeToString(der)+"\n")
	if err != nil {
		t.Fatal(err)
	}
	back, err := releasable.Verify(signed, public)
	if err != nil || string(back)+"\n" != string(line) {
		t.Errorf("%v: %s", err, back)
	}
	other, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := releasable.Verify(signed, other); err == nil {
		t.Error("another key verifies it")
	}
	var envelope map[string]any
	if err := json.Unmarshal(signed, &envelope); err != nil || envelope["payloadType"] != "application/vnd.in-toto+json" {
		t.Errorf("%v %v", err, envelope)
	}
	envelope["payload"] = base64.StdEncoding.EncodeToString([]byte(`{"_type":"other"}`))
	forged, err := json.Marshal(envelope)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := releasable.Verify(forged, public); err == nil {
		t.Error("another statement is verified")
	}
	for _, key := range []string{"", "hunter2!", "aHVudGVyMg=="} {
		if _, err := releasable.Sign(line, key); err == nil || key != "" && strings.Contains(err.Error(), key) {
			t.Errorf("%v", err)
		}
	}
}

// TestPreAuth: the signature is over what the DSSE document gives as its example.
func TestPreAuth(t *testing.T) {
	t.Parallel()
	if got := string(releasable.PreAuth("http://example.com/HelloWorld", []byte("hello world"))); got != "DSSEv1 29 http://example.com/HelloWorld 11 hello world" {
		t.Errorf("%q", got)
	}
}
