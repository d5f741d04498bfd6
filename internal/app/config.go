package app

import (
	"fmt"
	"log/slog"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"time"
)

// Config is where Slipway keeps things, and who uses it. Environment fills it in.
type Config struct {
	State   string       // directory of the journal and the artifact store
	Journal string       // path, or postgres:// URL; "": journal.db in State
	By      string       // who asks, written into plans and events
	Log     *slog.Logger // nil: nothing is logged
	Now     func() time.Time
	// KeepSamples is for how long after a rollout what its judges saw is kept; 0: 30 days.
	KeepSamples time.Duration
}

// keepSamples is how long that is when nobody says otherwise.
const keepSamples = 30 * 24 * time.Hour

// Environment reads the configuration from environment variables: SLIPWAY_STATE,
// SLIPWAY_JOURNAL, SLIPWAY_USER, SLIPWAY_KEEP_SAMPLES.
func Environment(getenv func(string) string) (Config, error) {
	state, err := stateDirectory(getenv)
	if err != nil {
		return Config{}, err
	}
	cfg := Config{State: state, Journal: getenv("SLIPWAY_JOURNAL"), By: caller(getenv)}
	if text := getenv("SLIPWAY_KEEP_SAMPLES"); text != "" {
		if cfg.KeepSamples, err = time.ParseDuration(text); err != nil || cfg.KeepSamples <= 0 {
			return Config{}, &Error{Kind: Misconfigured, Err: fmt.Errorf("SLIPWAY_KEEP_SAMPLES is %q: expected a time longer than nothing", text),
				Hint: "720h keeps what judges saw for 30 days after a rollout, which is the default"}
		}
	}
	return cfg, nil
}

// stateDirectory is where the journal and the store live: SLIPWAY_STATE, for root
// /var/lib/slipway, else below XDG_STATE_HOME or ~/.local/state.
func stateDirectory(getenv func(string) string) (string, error) {
	if dir := getenv("SLIPWAY_STATE"); dir != "" {
		return filepath.Abs(dir)
	}
	if os.Geteuid() == 0 {
		return "/var/lib/slipway", nil
	}
	if dir := getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "slipway"), nil
	}
	if home := getenv("HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, ".local", "state", "slipway"), nil
	}
	return "", &Error{Kind: Misconfigured, Err: fmt.Errorf("no place for the journal: neither SLIPWAY_STATE nor HOME is set"),
		Hint: "set SLIPWAY_STATE to a directory"}
}

// caller names who asks: SLIPWAY_USER, else who called sudo, else the user at this host.
func caller(getenv func(string) string) string {
	if by := strings.TrimSpace(getenv("SLIPWAY_USER")); by != "" {
		return by
	}
	name := getenv("SUDO_USER")
	if name == "" {
		name = getenv("USER")
	}
	if u, err := user.Current(); name == "" && err == nil {
		name = u.Username
	}
	if name == "" {
		name = fmt.Sprintf("uid %d", os.Getuid())
	}
	host, err := os.Hostname()
	if err != nil {
		return name
	}
	return name + "@" + host
}
