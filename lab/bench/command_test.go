package bench

import (
	"strings"
	"testing"
)

func TestAFailedCommandShowsWhatItSaid(t *testing.T) {
	t.Parallel()
	err := command{dir: t.TempDir(), env: []string{"WORD=told"}, argv: []string{"sh", "-c", "seq 100; echo $WORD; exit 3"}}.run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "exit status 3") || !strings.HasSuffix(err.Error(), "100\ntold") || strings.Contains(err.Error(), "\n70\n") {
		t.Errorf("got %v", err)
	}
	if err := (command{dir: t.TempDir(), argv: []string{"true"}}).run(t.Context()); err != nil {
		t.Error(err)
	}
}
