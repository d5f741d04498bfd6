package manifest

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestStarter holds what slipway init leaves, and that it is a valid manifest.
func TestStarter(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]Start{
		"listener": {Service: "checkout", HAProxy: true},
		"worker":   {Service: "mailer", Type: Worker, Format: "deb", Inventory: "ops/hosts.yaml"},
		"batch":    {Service: "nightly", Type: Batch, Build: "make 'dist: all'", Environment: "live"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := Starter(s)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join("testdata", "starter", name+".yaml"), text)
			m, err := Parse(Name, text)
			if err != nil {
				t.Fatal(err)
			}
			if m.Service != s.Service {
				t.Errorf("got service %q, want %q", m.Service, s.Service)
			}
			uncommented(t, string(text))
		})
	}
}

// uncommented: what a person takes the comment sign from is valid too.
func uncommented(t *testing.T, text string) {
	t.Helper()
	var lines []string
	for _, line := range strings.Split(text, "\n") {
		if before, after, ok := strings.Cut(line, "# "); ok && strings.TrimSpace(before) == "" && isKey(after) {
			line = before + after
		}
		lines = append(lines, line)
	}
	if _, err := Parse(Name, []byte(strings.Join(lines, "\n"))); err != nil {
		t.Errorf("uncommented, it is refused: %v", err)
	}
}

// isKey reports whether a comment is a line of the file that was switched off.
func isKey(comment string) bool {
	for _, key := range []string{"config:", "data:", "health:", "  http:", "  expect:", "  within:", "internal:", "checks:", "approval:"} {
		if strings.HasPrefix(comment, key) {
			return true
		}
	}
	return false
}

// TestStarterRefused: what cannot stand in a manifest is named.
func TestStarterRefused(t *testing.T) {
	t.Parallel()
	for want, s := range map[string]Start{
		`service "Bad Name": allowed are lower-case`: {Service: "Bad Name"},
		`format "rpm": allowed are deb and tar.gz`:   {Service: "x", Format: "rpm"},
		`type is "daemon"`:                           {Service: "x", Type: "daemon"},
		`method.ansible.inventory is "-i"`:           {Service: "x", Inventory: "-i"},
		`service "x\ny: z": allowed are lower-case`:  {Service: "x\ny: z"},
	} {
		if _, err := Starter(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestNearest holds which names are taken for which.
func TestNearest(t *testing.T) {
	t.Parallel()
	names := []string{"service", "type", "artifact", "units", "timers", "config", "data", "health", "environments"}
	for found, want := range map[string]string{
		"untis": "units", "unit": "units", "artefact": "artifact", "tpye": "type", "environment": "environments",
		"services": "service", "cron": "", "x": "", "": "", "notify": "", strings.Repeat("a", 1000): "",
	} {
		if got := nearest(found, names); got != want {
			t.Errorf("%.20q: got %q, want %q", found, got, want)
		}
	}
}
