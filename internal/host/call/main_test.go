package call

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The programs that the tests run, built once.
var helper, server string //nolint:gochecknoglobals // set by TestMain alone

func TestMain(m *testing.M) { os.Exit(build(m)) }

func build(m *testing.M) int {
	dir, err := os.MkdirTemp("", "slipway-host-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	helper, server = filepath.Join(dir, "slipway-host"), filepath.Join(dir, "server")
	for program, source := range map[string]string{helper: "../../../cmd/slipway-host", server: "./testdata/server"} {
		cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", program, source)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build %s: %v\n%s", source, err, out)
			return 1
		}
	}
	code := m.Run()
	if err := down(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}
