package work

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/slipway-deploy/slipway/internal/host/capture"
	"github.com/slipway-deploy/slipway/internal/host/memory"
	"github.com/slipway-deploy/slipway/internal/host/root"
	"github.com/slipway-deploy/slipway/internal/host/state"
)

// TestPackagesThatStatesNeedAreKept: after 1.0.0, 1.1.0 and a 1.2.0 that was taken back,
// the rollout of 1.1.0 can still be rolled back, so that 1.0.0 must be here.
func TestPackagesThatStatesNeedAreKept(t *testing.T) {
	t.Parallel()
	m, err := memory.Open(root.Dir(t.TempDir()), "checkout")
	if err != nil {
		t.Fatal(err)
	}
	j := &job{memory: m}
	was := ""
	for i := range memory.Rollouts + 3 {
		version, rollout := fmt.Sprintf("1.%d.0", i), fmt.Sprintf("r%d", i)
		file := filepath.Join(t.TempDir(), version)
		if err := os.WriteFile(file, []byte(version), 0o600); err != nil {
			t.Fatal(err)
		}
		_, digest, err := m.Keep(t.Context(), file, "")
		if err != nil {
			t.Fatal(err)
		}
		r := capture.Record{State: state.State{Package: &state.Package{Name: "checkout", Version: was}}}
		for _, do := range []func() error{
			func() error { return m.Name(version, digest) },
			func() error { return capture.Save(m.Recorded(rollout), r, capture.Seen{}) },
			func() error { return m.Began(rollout) },
			func() error { return j.prune(version) },
		} {
			if err := do(); err != nil {
				t.Fatal(err)
			}
		}
		was = version
	}
	known, err := m.Releases()
	if err != nil {
		t.Fatal(err)
	}
	recorded, err := j.recorded()
	if err != nil || len(recorded) != memory.Rollouts {
		t.Fatalf("the states have %q: %v", recorded, err)
	}
	for _, version := range append(recorded, was) {
		if m.Artifact(known[version]) == "" {
			t.Errorf("%s is not kept, and a state goes back to it", version)
		}
	}
	if m.Artifact(known["1.0.0"]) != "" {
		t.Error("1.0.0 is kept, and nothing goes back to it")
	}
}
