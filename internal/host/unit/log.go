package unit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/slipway-deploy/slipway/internal/host/process"
)

// mostLog is how much of a log is read in one go; of more, the end.
const mostLog = 64 << 20

func (p Process) logFile(name string) string { return p.Root.Path("/var/log/" + name + ".log") }

// place is how far a log has been read. A file that was replaced has another inode, and
// is read from its beginning; so is one that has become shorter.
type place struct {
	inode  uint64
	offset int64
}

// Log calls each with every whole line that the units printed after a cursor, and
// returns the cursor of the next look. Without one nothing is read: it begins there.
func (p Process) Log(ctx context.Context, cursor string, names []string, each func(line []byte)) (next string, err error) {
	were, err := parsePlaces(cursor, len(names))
	if err != nil {
		return "", err
	}
	var words []string
	for i, name := range names {
		at, err := readLog(ctx, p.logFile(name), cursor == "", were[i], each)
		if err != nil {
			return "", err
		}
		words = append(words, fmt.Sprintf("%d:%d", at.inode, at.offset))
	}
	return strings.Join(words, ","), nil
}

func parsePlaces(cursor string, n int) ([]place, error) {
	all := make([]place, n)
	words := strings.Split(cursor, ",")
	if cursor == "" || len(words) != n {
		return all, nil // other units than then: each from its beginning
	}
	for i, word := range words {
		inode, offset, _ := strings.Cut(word, ":")
		var err, other error
		all[i].inode, err = strconv.ParseUint(inode, 10, 64)
		all[i].offset, other = strconv.ParseInt(offset, 10, 64)
		if err != nil || other != nil || all[i].offset < 0 {
			return nil, fmt.Errorf("cursor %q; it must be what the last answer said", cursor)
		}
	}
	return all, nil
}

func readLog(ctx context.Context, path string, skip bool, was place, each func([]byte)) (place, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return place{}, nil
	}
	if err != nil {
		return was, err
	}
	defer f.Close()
	at, err := f.Stat()
	if err != nil {
		return was, err
	}
	is := place{offset: at.Size()}
	if s, ok := at.Sys().(*syscall.Stat_t); ok {
		is.inode = s.Ino
	}
	if skip {
		return is, nil
	}
	if was.inode != is.inode || was.offset > is.offset {
		was.offset = 0
	}
	from := max(was.offset, is.offset-mostLog)
	text, err := io.ReadAll(io.NewSectionReader(f, from, is.offset-from))
	if err != nil {
		return was, err
	}
	// The last line may be half written: it is for the next look.
	whole := strings.LastIndexByte(string(text), '\n') + 1
	is.offset = from + int64(whole)
	return is, errors.Join(ctx.Err(), lines(strings.NewReader(string(text[:whole])), each))
}

// OutOfMemory cannot be told of plain processes.
func (Process) OutOfMemory(context.Context, []string) (int, error) {
	return 0, errors.New("a local fleet does not know why a process was killed")
}

// Memory returns the bytes that all processes of the units have in memory.
func (p Process) Memory(_ context.Context, names []string) (int64, error) {
	var all int64
	for _, name := range names {
		id, err := p.identity(name)
		if err != nil {
			return 0, err
		}
		if id.alive() {
			all += memory(id.pid)
		}
	}
	return all, nil
}

// memory returns the bytes in memory of all processes in the session that a process leads.
func memory(leader int) int64 {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0
	}
	var pages int64
	for _, stat := range stats {
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(stat)))
		if err != nil {
			continue
		}
		// One that ends meanwhile has none.
		session, resident, err := process.Resident(pid)
		if err == nil && session == leader {
			pages += resident
		}
	}
	return pages * int64(os.Getpagesize())
}
