package standard

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"
)

// ordinary is a repository of 5,000 files of 4 KiB that people could have written, a tenth
// of which say cron somewhere.
func ordinary() fstest.MapFS {
	files := fstest.MapFS{}
	kinds := []string{".go", ".py", ".md", ".yaml", ".sh", ".json", ".service", ".pp", ".sql", ".txt"}
	for i := range 5000 {
		text := strings.Repeat("a line of text: value = other(1, 2) # with a comment\n", 80)
		if i%10 == i/10%10 {
			text += "- name: cron is told of here\n"
		}
		files[fmt.Sprintf("part%02d/file%04d%s", i%50, i, kinds[i%len(kinds)])] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
	}
	return files
}

// worked is the time that this process has had of a processor: that other tests have the
// machine to themselves for a while is not what is measured.
func worked(t testing.TB) time.Duration {
	t.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// TestFast: an ordinary repository is checked in under a second.
func TestFast(t *testing.T) {
	p := mended(t)
	p.Files = ordinary()
	if slow() {
		t.Skip("speed is not measured under the race detector")
	}
	const limit = time.Second
	best := time.Hour
	for tries := 0; tries < 3 && best > limit; tries++ {
		start := worked(t)
		check(t, p)
		best = min(best, worked(t)-start)
	}
	if best > limit {
		t.Errorf("checking 5,000 files took %s, want less than %s", best, limit)
	}
	t.Logf("5,000 files took %s", best)
}

func BenchmarkCheck(b *testing.B) {
	p := mended(b)
	dir := b.TempDir()
	if err := os.CopyFS(dir, ordinary()); err != nil {
		b.Fatal(err)
	}
	p.Files = os.DirFS(dir)
	for b.Loop() {
		check(b, p)
	}
}
