package unit

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/slipway-deploy/slipway/internal/host/process"
)

// mostLines is how many lines of a log are looked at in one go; of more, the last.
const mostLines = 200_000

// longest is how much of a line is looked at.
const longest = 16 << 10

// killed is systemd's id of the message that a process of a unit ran out of memory.
const killed = "fe6faa94e7774663a0da52717891d8ef"

// Log calls each with every line that the units logged after a cursor, and returns the
// cursor of the next look. Without one nothing is read: it begins there.
func (Systemd) Log(ctx context.Context, cursor string, names []string, each func(line []byte)) (next string, err error) {
	args := []string{"--quiet", "--no-pager", "--output=cat", "--show-cursor"}
	if cursor == "" {
		// Whoever wrote the last line: it says where the journal ends.
		args, each = append(args, "--lines=1"), func([]byte) {}
	} else {
		args = append(args, "--lines="+strconv.Itoa(mostLines), "--after-cursor="+cursor)
		args = append(args, matches(names)...)
	}
	const mark = "-- cursor: "
	next = cursor
	err = journalctl(ctx, args, func(line []byte) {
		if at, ok := bytes.CutPrefix(line, []byte(mark)); ok {
			next = string(at)
			return
		}
		each(line)
	})
	return next, err
}

// OutOfMemory returns how often a process of the units was killed since boot because
// memory had run out, as far back as the journal goes.
func (Systemd) OutOfMemory(ctx context.Context, names []string) (int, error) {
	if _, err := os.Stat("/sys/fs/cgroup/cgroup.controllers"); err != nil {
		return 0, errors.New("systemd is not told of processes that run out of memory here: it takes control groups v2")
	}
	args := []string{"--quiet", "--no-pager", "--output=cat", "--output-fields=MESSAGE_ID", "--boot", "_PID=1", "MESSAGE_ID=" + killed}
	for _, name := range names {
		args = append(args, "UNIT="+name)
	}
	n := 0
	err := journalctl(ctx, args, func([]byte) { n++ })
	return n, err
}

// Memory returns the bytes that all processes of the units have in memory.
func (s Systemd) Memory(ctx context.Context, names []string) (int64, error) {
	units, err := s.Status(ctx, names...)
	if err != nil {
		return 0, err
	}
	var all int64
	for _, u := range units {
		bytes := u.Memory
		if bytes == 0 && u.Group != "" {
			if bytes, err = groupMemory(u.Group); err != nil {
				return 0, fmt.Errorf("memory of %s: %w", u.Name, err)
			}
		}
		all += bytes
	}
	return all, nil
}

// groupMemory adds up what the processes of a control group have in memory, where systemd
// does not count it. What they share counts more than once.
func groupMemory(group string) (int64, error) {
	var pages int64
	for _, base := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified"} {
		err := filepath.WalkDir(base+group, func(at string, e fs.DirEntry, err error) error {
			if err != nil || e.Name() != "cgroup.procs" {
				return err
			}
			list, err := os.ReadFile(at)
			for word := range strings.FieldsSeq(string(list)) {
				pid, _ := strconv.Atoi(word)
				// One that ends meanwhile has none.
				_, resident, _ := process.Resident(pid)
				pages += resident
			}
			return err
		})
		if !errors.Is(err, fs.ErrNotExist) {
			return pages * int64(os.Getpagesize()), err
		}
	}
	return 0, fmt.Errorf("no control group %s", group)
}

// matches selects what the units print themselves, not what systemd says of them.
func matches(names []string) []string {
	var all []string
	for _, name := range names {
		all = append(all, "_SYSTEMD_UNIT="+name)
	}
	return all
}

func journalctl(ctx context.Context, args []string, each func(line []byte)) error {
	cmd := exec.CommandContext(ctx, "journalctl", args...)
	var problem bytes.Buffer
	cmd.Stderr = &problem
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	read := lines(out, each)
	if err := cmd.Wait(); err != nil {
		line, _, _ := strings.Cut(strings.TrimSpace(problem.String()), "\n")
		return fmt.Errorf("journalctl: %s: %w", line, err)
	}
	return read
}

// lines calls each with every line, of a long one with its beginning.
func lines(from io.Reader, each func(line []byte)) error {
	r := bufio.NewReaderSize(from, longest)
	for {
		line, more, err := r.ReadLine()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		each(line)
		for more && err == nil {
			_, more, err = r.ReadLine()
		}
	}
}
