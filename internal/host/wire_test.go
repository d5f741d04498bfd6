package host_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/host"
)

var update = flag.Bool("update", false, "rewrite the golden files") //nolint:gochecknoglobals // a flag of the test

// The wire format is a contract between programs of different ages: a line that
// changes in a golden file is a change of the protocol.
func TestWireFormat(t *testing.T) {
	t.Parallel()
	spec := host.Spec{
		Format: "tar.gz", Package: "checkout", Directory: "/opt/checkout", Keep: 5,
		Units: []string{"checkout.service"}, Timers: []string{"report.timer"}, Config: []string{"/etc/checkout"}, Data: []string{"/var/lib/checkout"},
		Health: &host.Health{HTTP: "http://:8080/_status", Status: 200, Expect: map[string]string{"version": "{{version}}"}, Within: 30 * time.Second},
	}
	artifact := &host.Artifact{Format: "tar.gz", Name: "checkout", Version: "1.1.0", Arch: "amd64", Digest: "sha256:ab", Size: 10, Path: "/var/tmp/checkout.tar.gz"}
	request := host.Request{
		Protocol: host.Protocol, Verb: host.Update, Service: "checkout", Rollout: "01J", Command: 7, Token: 3, Root: "/srv/web1", Address: "127.77.0.3",
		Units: "process", Spec: spec, Artifact: artifact, Previous: artifact, Version: "1.1.0", Wait: time.Minute,
		Observe: []host.Observation{{Metric: "errors", What: "log", Pattern: "panic", Command: []string{"/bin/count"}, Cursor: "c1"}},
		Checks: []host.CheckOf{
			{Name: "cart", HTTP: "http://:8080/cart", Status: 200, Body: "ok", Within: time.Second},
			{Name: "smoke", Command: []string{"/bin/true", "x"}, Within: time.Second},
		},
	}
	response := host.Response{
		Protocol: host.Protocol, Verb: host.Restore, Code: host.CodeDifferent, Reason: "file /etc/x was none and is file", Begun: true, Adopted: true,
		Facts: &host.FactsOf{Arch: "amd64", Version: "1.0.0", Digest: "sha256:cd", Previous: "kept", Running: true, Stale: []string{"checkout.service"}, Free: 1, Problems: []string{"p"},
			Last:  &host.LastChange{Rollout: "01J", From: "1.0.0", To: "1.1.0", At: time.Unix(1700000000, 0).UTC(), Restored: true, Held: true},
			Drift: []host.Difference{{Item: "unit checkout.service active", Before: "true", After: "false"}}},
		Version: "1.0.0", State: "sha256:ef", After: "sha256:01", Equal: true,
		Observed:    []host.Observed{{Metric: "errors", Events: 1, Exposure: 20, Value: 0.5, Since: "boot", Cursor: "c2", Error: "e"}},
		Differences: []host.Difference{{Item: "file /etc/x", Before: "none", After: "file"}},
		Steps:       []host.Step{{Name: "install", Duration: 1500 * time.Millisecond}},
	}
	golden(t, "request.json", request, &host.Request{})
	golden(t, "response.json", response, &host.Response{})
	golden(t, "request-least.json", host.Request{Protocol: host.Protocol, Verb: host.Facts, Service: "checkout", Spec: host.Spec{Format: "deb", Package: "checkout"}}, &host.Request{})
	golden(t, "response-least.json", host.Response{Protocol: host.Protocol, Verb: host.Facts, Code: host.CodeOK}, &host.Response{})
}

// golden compares a value with its file, and makes sure that reading the file and
// writing it again loses nothing.
func golden(t *testing.T, name string, value, empty any) {
	t.Helper()
	got := encode(t, value)
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s:\n%s\nexpected\n%s", name, got, want)
	}
	if err := json.Unmarshal(want, empty); err != nil {
		t.Fatal(err)
	}
	if again := encode(t, empty); !bytes.Equal(again, want) {
		t.Errorf("%s does not survive being read:\n%s", name, again)
	}
}

func encode(t *testing.T, value any) []byte {
	t.Helper()
	data, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(data, '\n')
}
