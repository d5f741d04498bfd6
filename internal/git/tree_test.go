package git_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/slipway-deploy/slipway/internal/git"
)

// TestTree: a commit is a file system, whatever is checked out now, with the names that
// begin at the directory that was opened.
func TestTree(t *testing.T) {
	t.Parallel()
	dir := repository(t)
	commit(t, dir, "README", "hello")
	old := commit(t, dir, "shop/api/v1.yaml", "openapi: 3")
	if err := os.Symlink("v1.yaml", filepath.Join(dir, "shop/api/link.yaml")); err != nil {
		t.Fatal(err)
	}
	commit(t, dir, "shop/db/migrations/1 – first.sql", "CREATE TABLE a (b int);")
	run(t, dir, "git", "rm", "-q", "shop/api/v1.yaml")
	commit(t, dir, ".gitattributes", "* export-ignore")

	whole := must[*git.Tree](t)(open(t, dir).Tree(t.Context(), old))
	if err := fstest.TestFS(whole, "README", "shop/api/v1.yaml"); err != nil {
		t.Error(err)
	}
	below := open(t, filepath.Join(dir, "shop"))
	was := must[*git.Tree](t)(below.Tree(t.Context(), old))
	if text, err := fs.ReadFile(was, "api/v1.yaml"); err != nil || string(text) != "openapi: 3" {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := was.Open("../README"); err == nil {
		t.Error("what is above was read")
	}
	now := must[*git.Tree](t)(below.Tree(t.Context(), "HEAD"))
	if err := fstest.TestFS(now, "db/migrations/1 – first.sql"); err != nil {
		t.Error(err)
	}
	for _, gone := range []string{"api/v1.yaml", "api/link.yaml", "api"} {
		if _, err := now.Open(gone); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", gone, err)
		}
	}
	if _, err := below.Tree(t.Context(), "nowhere"); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("a commit that is not there: %v", err)
	}
	if tree, err := below.Tree(t.Context(), "--help"); err == nil {
		t.Errorf("an option for a commit: %v", tree)
	}
}
