package memory

import (
	"os"
	"syscall"
	"testing"
	"time"
)

func TestHoldIsRemembered(t *testing.T) {
	t.Parallel()
	s := open(t)
	if h, err := s.Held(); err != nil || h != (Hold{}) {
		t.Fatalf("at first: %+v, %v", h, err)
	}
	want := Hold{Package: "demo", Rollout: "r1", At: time.Unix(1, 0).UTC()}
	must(t, s.Hold(want))
	if h, err := s.Held(); err != nil || h != want {
		t.Fatalf("held: %+v, %v", h, err)
	}
	must(t, s.Released())
	must(t, s.Released())
	if h, err := s.Held(); err != nil || h != (Hold{}) {
		t.Fatalf("released: %+v, %v", h, err)
	}
}

func TestTreesGoWithTheirReleases(t *testing.T) {
	t.Parallel()
	s := open(t)
	var tree []string
	if ok, err := s.Tree("1", &tree); ok || err != nil {
		t.Fatalf("at first: %v, %v", ok, err)
	}
	must(t, s.PruneTrees(nil))
	must(t, s.KeepTree("1", []string{"a"}))
	must(t, s.KeepTree("2", []string{"b"}))
	must(t, s.PruneTrees([]string{"2"}))
	if ok, err := s.Tree("1", &tree); ok || err != nil {
		t.Fatalf("pruned: %v, %v", ok, err)
	}
	if ok, err := s.Tree("2", &tree); !ok || err != nil || len(tree) != 1 || tree[0] != "b" {
		t.Fatalf("kept: %v, %v, %v", tree, ok, err)
	}
}

// Room that is reserved is room that is taken, and what is asked for later is taken too.
func TestReserveTakesRoom(t *testing.T) {
	t.Parallel()
	s := open(t)
	for _, size := range []int64{0, 3 << 20, 0} {
		must(t, s.Reserve(size))
	}
	at, err := os.Stat(s.path("spare"))
	must(t, err)
	disk, ok := at.Sys().(*syscall.Stat_t)
	if at.Size() != spare+3<<20 || !ok || disk.Blocks*512 < at.Size() {
		t.Fatalf("%d bytes, %+v", at.Size(), disk)
	}
}
