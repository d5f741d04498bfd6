package call

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"syscall"
	"testing"

	"github.com/slipway-deploy/slipway/internal/host"
)

// TestARecordOfAnOlderHelper: what it did not look at is neither a difference nor taken away.
func TestARecordOfAnOlderHelper(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	at := l.at("/etc/demo/demo.conf")
	err := syscall.Setxattr(at, "user.who", []byte("ops"), 0)
	if errors.Is(err, syscall.ENOTSUP) || errors.Is(err, syscall.EPERM) {
		t.Skipf("attributes cannot be set here: %v", err)
	}
	must(t, err)
	l.must(l.call(l.updateRequest("r1", artifact(t, "1.0.0", nil))), host.CodeOK)
	l.must(l.call(l.updateRequest("r2", artifact(t, "1.1.0", nil))), host.CodeOK)
	forgetLooks(t, l.at("/var/lib/slipway/demo/states/r2/record.json"))
	if back := l.must(l.call(l.request(host.Restore, "r2")), host.CodeOK); !back.Equal {
		t.Errorf("restore: %+v", back)
	}
	value := make([]byte, 8)
	if n, err := syscall.Getxattr(at, "user.who", value); err != nil || string(value[:n]) != "ops" {
		t.Errorf("the attribute is %q, %v", value, err)
	}
	if f := l.must(l.call(l.request(host.Facts, "")), host.CodeOK).Facts; len(f.Drift) > 0 {
		t.Errorf("drift: %+v", f.Drift)
	}
}

// forgetLooks makes a record one of a helper that looked at less: at no attributes, and not
// at the directories that conffiles are in.
func forgetLooks(t *testing.T, at string, above ...string) {
	t.Helper()
	data, err := os.ReadFile(at)
	must(t, err)
	var record map[string]any
	must(t, json.Unmarshal(data, &record))
	if record["looks"] == nil {
		t.Fatal("the record does not say how much was looked at")
	}
	delete(record, "looks")
	was := record["state"].(map[string]any)
	var files []any
	for _, f := range was["files"].([]any) {
		delete(f.(map[string]any), "attributes")
		if !slices.Contains(above, f.(map[string]any)["path"].(string)) {
			files = append(files, f)
		}
	}
	was["files"] = files
	data, err = json.Marshal(record)
	must(t, err)
	must(t, os.WriteFile(at, data, 0o600))
}
