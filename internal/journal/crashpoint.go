//go:build crashpoint

package journal

import (
	"database/sql"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

// commits counts the transactions of this process.
var commits atomic.Int64

// commit ends the process with SIGKILL at one chosen commit: SLIPWAY_CRASH is
// "before:N" or "after:N". SLIPWAY_CRASH_COUNT names a file that gets one byte for
// every commit, so that a first run without a crash tells how many there are.
func commit(tx *sql.Tx) error {
	n := commits.Add(1)
	if path := os.Getenv("SLIPWAY_CRASH_COUNT"); path != "" {
		if err := count(path); err != nil {
			return err
		}
	}
	when, number, _ := strings.Cut(os.Getenv("SLIPWAY_CRASH"), ":")
	chosen, _ := strconv.ParseInt(number, 10, 64)
	if when == "before" && n == chosen {
		die()
	}
	err := tx.Commit()
	if when == "after" && n == chosen {
		die()
	}
	return err
}

func count(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("count commits: %w", err)
	}
	defer f.Close()
	_, err = f.WriteString(".")
	return err
}

// die does not return: nothing of this process runs after it.
func die() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}
