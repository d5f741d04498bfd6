package local

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
)

// helper is slipway-host as it is now, built once for all tests of the package.
var helper string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "slipway-local-test-")
	if err == nil {
		helper = filepath.Join(dir, "slipway-host")
		err = exec.Command("go", "build", "-o", helper, "github.com/slipway-deploy/slipway/cmd/slipway-host").Run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "build slipway-host:", err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if err := os.RemoveAll(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
		os.Exit(code)
	}))
}
