package metric

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/lab/process/processtest"
)

// sums adds up what looks say, and is right when it comes to what is wanted and never
// to more.
type sums map[string][2]float64

func (s sums) expect(t *testing.T, source engine.Source, hosts []string, want sums) {
	t.Helper()
	processtest.Until(t, func() error {
		samples, err := source.Sample(t.Context(), hosts)
		var gaps engine.Gaps
		if err != nil && !errors.As(err, &gaps) {
			return err
		}
		for _, x := range samples {
			s[x.Host] = [2]float64{s[x.Host][0] + x.Events, s[x.Host][1] + x.Exposure}
			if s[x.Host][0] > want[x.Host][0] || s[x.Host][1] > want[x.Host][1] {
				t.Fatalf("%s has %v, more than %v", x.Host, s[x.Host], want[x.Host])
			}
		}
		if fmt.Sprint(s) != fmt.Sprint(want) {
			return fmt.Errorf("counted %v, want %v (%v)", s, want, err)
		}
		return nil
	})
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
