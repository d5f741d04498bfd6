package cli_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/cli"
)

// asked is standard input that never says anything more, and tells when it is waited for.
type asked struct {
	io.Reader
	waited func()
}

func (a asked) Read(p []byte) (int, error) {
	if n, err := a.Reader.Read(p); err == nil {
		return n, nil
	}
	a.waited()
	select {}
}

// TestJudgeInterrupted: a signal ends what is simulated, and the reading of what never ends. Nothing
// is printed, and the exit code is that of what was interrupted.
func TestJudgeInterrupted(t *testing.T) {
	t.Parallel()
	const line = `{"t":5,"arm":"canary","host":"web1","metric":"errors","kind":"count","events":1,"exposure":10}` + "\n"
	for name, c := range map[string]struct {
		args []string
		in   string
	}{
		"standard input":   {[]string{"--replay", "-"}, line},
		"that is no clock": {[]string{"--replay", "-"}, strings.Replace(line, "5", "1767225600", 1)},
		"a pipe":           {[]string{"--replay", "pipe"}, ""},
		"power":            {[]string{"--power", "--fleet", "500", "--before", "100h"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			pipe := filepath.Join(dir, "pipe")
			if err := syscall.Mkfifo(pipe, 0o600); err != nil {
				t.Fatal(err)
			}
			signals := make(chan os.Signal, 1)
			in := asked{strings.NewReader(c.in), func() { signals <- syscall.SIGTERM }}
			if c.in == "" {
				signals <- os.Interrupt
			}
			var out, errs bytes.Buffer
			code := cli.Run(t.Context(), append([]string{"judge"}, c.args...), cli.Env{In: in, Out: &out, Err: &errs, Dir: dir, Now: time.Now,
				Signals: signals, Getenv: func(string) string { return "" }})
			if code != 130 || out.String()+errs.String() != "" {
				t.Errorf("%d: %s%s", code, out.String(), errs.String())
			}
			// Who waits in open for a writer goes on when there is one.
			if f, err := os.OpenFile(pipe, os.O_RDWR, 0); err == nil {
				f.Close()
			}
		})
	}
}
