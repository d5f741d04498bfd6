// Package mount lists and takes away what is mounted below a directory. The lab's
// packages call it before they remove a directory, so that removing never reaches
// into something mounted there. It mounts nothing itself.
package mount

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
)

// Below lists the mount points at a directory and below it, the last mounted first.
func Below(dir string) ([]string, error) {
	text, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return nil, fmt.Errorf("list mounts: %w", err)
	}
	return below(text, dir), nil
}

func below(text []byte, dir string) []string {
	var points []string
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 2 {
			continue
		}
		point := unescape(fields[1])
		if point == dir || strings.HasPrefix(point, strings.TrimSuffix(dir, "/")+"/") {
			points = append(points, point)
		}
	}
	slices.Reverse(points)
	return points
}

// Detach takes away everything mounted at a directory and below it.
func Detach(ctx context.Context, dir string) error {
	points, err := Below(dir)
	if err != nil {
		return err
	}
	for _, p := range points {
		if err := detach(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// detach unmounts one mount point; one that something still uses is hidden now and
// freed by the kernel when its last user ends.
func detach(ctx context.Context, point string) error {
	if exec.CommandContext(ctx, "umount", point).Run() == nil {
		return nil
	}
	out, err := exec.CommandContext(ctx, "umount", "--lazy", point).CombinedOutput()
	if err != nil {
		return fmt.Errorf("unmount %s: %w: %s", point, err, bytes.TrimSpace(out))
	}
	return nil
}

// unescape undoes the octal escapes of /proc/self/mounts.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
