package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/slipway-deploy/slipway/internal/runbook"
)

// recordName is the file of a walk, in a directory of its own.
const recordName = "walk.json"

// walks is the directory of the recorded walks.
func (a *App) walks() string { return filepath.Join(a.cfg.State, "runbook") }

// keptWalk is a walk that this process is at. Its directory is locked meanwhile.
type keptWalk struct {
	dir  string
	lock *os.File
}

// openWalk makes the directory of a walk and locks it.
func openWalk(walks, id string) (*keptWalk, error) {
	dir := filepath.Join(walks, id)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, &Error{Kind: Misconfigured, Err: fmt.Errorf("keep a record of the walk: %w", err), Hint: "set SLIPWAY_STATE to a directory that you may write to"}
	}
	lock, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("lock walk %s: %w", id, err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(&Error{Kind: Refused, Err: fmt.Errorf("walk %s is being walked by another process", id), Hint: "wait for it, or begin another"}, lock.Close())
	}
	return &keptWalk{dir: dir, lock: lock}, nil
}

func (k *keptWalk) close() { _ = k.lock.Close() } // nothing is written through it

// save replaces the record, so that there is always a whole one.
func (k *keptWalk) save(rec runbook.Record) error {
	data, err := json.MarshalIndent(rec, "", "  ")
	if err != nil {
		return fmt.Errorf("keep a record of the walk: %w", err)
	}
	next := filepath.Join(k.dir, recordName+".next")
	f, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("keep a record of the walk: %w", err)
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("keep a record of the walk: %w", err)
	}
	if err := os.Rename(next, filepath.Join(k.dir, recordName)); err != nil {
		return fmt.Errorf("keep a record of the walk: %w", err)
	}
	return nil
}

// readWalk reads the record of a walk. One that nobody is at any more was left.
func readWalk(walks, id string) (runbook.Record, error) {
	var rec runbook.Record
	data, err := os.ReadFile(filepath.Join(walks, id, recordName))
	if err != nil {
		return rec, fmt.Errorf("read walk %s: %w", id, err)
	}
	if err := json.Unmarshal(data, &rec); err != nil {
		return rec, fmt.Errorf("read walk %s: %w", id, err)
	}
	if rec.Phase == runbook.Walking {
		if k, err := openWalk(walks, id); err == nil {
			k.close()
			rec.Phase = runbook.Left
		}
	}
	return rec, nil
}

// walkIDs lists the walks that have a record.
func walkIDs(walks string) ([]string, error) {
	entries, err := os.ReadDir(walks)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list the walks: %w", err)
	}
	var ids []string
	for _, e := range entries {
		if _, err := os.Stat(filepath.Join(walks, e.Name(), recordName)); err == nil {
			ids = append(ids, e.Name())
		}
	}
	return ids, nil
}
