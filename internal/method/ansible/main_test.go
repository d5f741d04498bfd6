package ansible

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain lets the test binary be the helper on a host, when a host calls it so.
func TestMain(m *testing.M) {
	if os.Getenv(fakeEnv) != "" {
		os.Exit(fakeMain())
	}
	goleak.VerifyTestMain(m)
}
