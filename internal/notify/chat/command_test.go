package chat

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/notify"
	"github.com/slipway-deploy/slipway/internal/notify/notifytest"
)

func TestCommand(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "got")
	m := notify.Compose(notifytest.Plan("R-7"), notifytest.Notices()[11])
	c := &Command{Words: []string{"sh", "-c", `cat > "$0"`, file}}
	if _, err := c.Send(t.Context(), m, &notify.Memory{}); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var e Envelope
	if err := json.Unmarshal(got, &e); err != nil || e.Headline != m.Headline || e.Plain != m.Plain() || e.Verdict != "fail" || e.Key != m.Key {
		t.Errorf("it read %s: %v", got, err)
	}
}

func TestCommandFails(t *testing.T) {
	t.Parallel()
	m := notify.Compose(notifytest.Plan("R-7"), notifytest.Notices()[0])
	for name, c := range map[string]struct {
		words []string
		want  string
		final bool
	}{
		"exit":    {[]string{"sh", "-c", "echo one >&2; echo no such room >&2; exit 3"}, "run sh: exit status 3: no such room", false},
		"missing": {[]string{"/nonexistent/tell"}, "run /nonexistent/tell: ", false},
		"none":    {nil, "it has no words", true},
	} {
		_, err := (&Command{Words: c.words}).Send(t.Context(), m, &notify.Memory{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
		if final, _ := notify.Refused(err); final != c.final {
			t.Errorf("%s: final is %v", name, final)
		}
	}
}

// TestCommandHangs: it is ended with what it started.
func TestCommandHangs(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	begin := time.Now()
	_, err := (&Command{Words: []string{"sh", "-c", "sleep 60 & wait"}}).Send(ctx, notify.Message{}, &notify.Memory{})
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) > 10*time.Second {
		t.Errorf("after %s: %v", time.Since(begin), err)
	}
}
