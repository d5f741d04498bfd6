package work

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-deploy/slipway/internal/host"
)

// TestBegunByAnEarlierCall: an update that was cut off left no answer. The next call,
// which fails before it touches anything, must not say that nothing was touched.
func TestBegunByAnEarlierCall(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := host.Request{
		Protocol: host.Protocol, Verb: host.Update, Service: "checkout", Rollout: "r1", Command: 3, Token: 1,
		Root: dir, Units: "process", Address: "127.0.0.1",
		Spec:     host.Spec{Format: "tar.gz", Directory: "/opt/checkout", Keep: 3, Units: []string{"checkout.service"}},
		Artifact: &host.Artifact{Format: "tar.gz", Name: "checkout", Version: "2", Arch: "all", Digest: "sha256:" + strings.Repeat("a", 64), Size: 1, Path: "/nowhere"},
	}
	first := Do(t.Context(), Config{}, r)
	if first.Code != host.CodeNeedsArtifact || first.Begun {
		t.Fatalf("before: %+v", first)
	}
	recorded := filepath.Join(dir, "var/lib/slipway/checkout/states/r1")
	if err := os.MkdirAll(recorded, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(recorded, "progress.json"), []byte(`{"begun":true}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if again := Do(t.Context(), Config{}, r); again.Code == host.CodeOK || !again.Begun {
		t.Fatalf("after: %+v", again)
	}
}
