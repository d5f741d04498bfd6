package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// fresh opens an App on a journal and a store of its own.
func fresh(t *testing.T) *App {
	t.Helper()
	a, err := New(t.Context(), Config{State: filepath.Join(t.TempDir(), "state"), By: "tester@desk"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

func small(id, environment string) *rollout.Plan {
	return &rollout.Plan{
		ID: id, Service: "checkout", Environment: environment, By: "tester@desk", At: time.Now(), MaxOut: 1,
		Release: rollout.Release{Version: "1.1.0"},
		Hosts:   []rollout.Host{{Name: "web1", Arch: "amd64", From: "1.0.0"}},
		Stages:  []rollout.Stage{{Name: "complete", Kind: rollout.StageComplete, Waves: [][]string{{"web1"}}}},
		Method:  rollout.Method{Local: &rollout.Local{Directory: "/nowhere"}},
	}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	a := fresh(t)
	for i, id := range []string{"01AAA7QZ", "01AAB7QX", "01ACC7QY"} {
		if err := a.Create(t.Context(), small(id, fmt.Sprintf("env%d", i))); err != nil {
			t.Fatal(err)
		}
	}
	for part, want := range map[string]string{
		"01AAA7QZ": "01AAA7QZ", "01AAA": "01AAA7QZ", "7qx": "01AAB7QX", "01aCc": "01ACC7QY", "7QY": "01ACC7QY",
	} {
		if got, err := a.Resolve(t.Context(), part); err != nil || got != want {
			t.Errorf("Resolve(%q) = %q, %v; want %q", part, got, err, want)
		}
	}
	for part, want := range map[string]string{
		"01AA": `"01AA" can be 2 rollouts: 01AAB7QX, 01AAA7QZ` + "\n  use more letters of the id",
		"zzz":  "no rollout \"zzz\"\n  slipway history lists the rollouts",
	} {
		if _, err := a.Resolve(t.Context(), part); err == nil || err.Error() != want {
			t.Errorf("Resolve(%q): %v\nwant %s", part, err, want)
		}
	}
}

// TestWatch: what any App on the same journal asks is seen, once and in order.
func TestWatch(t *testing.T) {
	t.Parallel()
	a := fresh(t)
	other, err := New(t.Context(), Config{State: a.cfg.State, By: "other@desk"})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := a.Create(t.Context(), small("01AAA", "production")); err != nil {
		t.Fatal(err)
	}
	rec, err := a.Rollout(t.Context(), "01AAA")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var seen []Moment
	watched := make(chan error, 1)
	go func() {
		watched <- a.Watch(ctx, rec, func(m Moment) bool {
			seen = append(seen, m)
			return !m.After.Phase.Ended()
		})
	}()
	if _, err := other.Request(t.Context(), "01AAA", rollout.Abort, "no longer wanted"); err != nil {
		t.Fatal(err)
	}
	if err := <-watched; err != nil {
		t.Fatal(err)
	}
	if len(seen) != 1 || seen[0].Before.Phase != rollout.Planned || seen[0].After.Phase != rollout.Restored ||
		seen[0].Event.By != "other@desk" || seen[0].Event.Reason != "no longer wanted" {
		t.Errorf("seen %+v", seen)
	}
	var refusal *rollout.Refusal
	if _, err := a.Request(t.Context(), "01AAA", rollout.Promote, ""); !errors.As(err, &refusal) {
		t.Errorf("promoting what has ended: %v", err)
	}
	history, err := a.History(t.Context(), "01AAA")
	if err != nil || len(history) != 1 || history[0].After.Phase != rollout.Restored {
		t.Errorf("history %+v, %v", history, err)
	}
}

func TestStanding(t *testing.T) {
	t.Parallel()
	a := fresh(t)
	for _, id := range []string{"01A", "01B"} {
		if err := a.Create(t.Context(), small(id, "production")); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Request(t.Context(), id, rollout.Abort, ""); err != nil {
			t.Fatal(err)
		}
	}
	if found, err := a.Standing(t.Context(), "", ""); err != nil || len(found) != 0 {
		t.Errorf("aborted rollouts stand: %+v, %v", found, err)
	}
	if err := a.Create(t.Context(), small("01C", "production")); err != nil {
		t.Fatal(err)
	}
	var active *journal.ActiveError
	if err := a.Create(t.Context(), small("01D", "production")); !errors.As(err, &active) || active.Rollout != "01C" {
		t.Errorf("two at a time: %v", err)
	}
	if found, err := a.Active(t.Context(), "checkout", "production"); err != nil || len(found) != 1 || found[0].ID != "01C" {
		t.Errorf("active: %+v, %v", found, err)
	}
}
