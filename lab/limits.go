package lab

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// enoughWatchers is how many inotify instances root should be allowed: a host's
// systemd and D-Bus take six, without which it hangs half booted, and the usual limit
// of 128 is not enough for 20 hosts.
const enoughWatchers = 2048

const watchersLimit = "/proc/sys/fs/inotify/max_user_instances"

// limitBefore is where the kernel's limit is noted down while labs have raised it.
func limitBefore() string { return filepath.Join(registryDir, "max_user_instances.before") }

// raiseLimits lets the kernel run as many hosts as a lab may have. The registry must
// be locked.
func raiseLimits() error {
	before, err := readNumber(watchersLimit)
	if err != nil || before >= enoughWatchers {
		return err
	}
	if !exists(limitBefore()) {
		if err := os.WriteFile(limitBefore(), []byte(strconv.Itoa(before)), 0o644); err != nil {
			return err
		}
	}
	if err := os.WriteFile(watchersLimit, []byte(strconv.Itoa(enoughWatchers)), 0); err != nil {
		return fmt.Errorf("allow more inotify instances: %w", err)
	}
	return nil
}

// lowerLimits puts back what raiseLimits found; the last lab to go does it.
func lowerLimits() error {
	before, err := readNumber(limitBefore())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if now, err := readNumber(watchersLimit); err == nil && now == enoughWatchers { // nobody else has set it since
		if err := os.WriteFile(watchersLimit, []byte(strconv.Itoa(before)), 0); err != nil {
			return fmt.Errorf("put the limit of inotify instances back: %w", err)
		}
	}
	return os.Remove(limitBefore())
}

func readNumber(path string) (int, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", path, err)
	}
	return n, nil
}
