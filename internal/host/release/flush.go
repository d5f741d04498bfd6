package release

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// writers is how many files are synced at once: a journal commits them together.
const writers = 8

// flush makes a new tree survive a power cut before anything points at it.
func flush(ctx context.Context, dir string) error {
	paths := make(chan string)
	failed := make([]error, writers)
	var all sync.WaitGroup
	for i := range writers {
		all.Go(func() {
			for path := range paths {
				if err := syncFile(path); err != nil && failed[i] == nil {
					failed[i] = err
				}
			}
		})
	}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		if e.Type().IsRegular() || e.IsDir() {
			paths <- path
		}
		return nil
	})
	close(paths)
	all.Wait()
	return errors.Join(append(failed, err)...)
}

func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
