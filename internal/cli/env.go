package cli

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/charmbracelet/x/term"

	"github.com/slipway-deploy/slipway/internal/app"
	"github.com/slipway-deploy/slipway/internal/cli/view"
)

// Env is what a command sees of the world.
type Env struct {
	In       io.Reader
	Out, Err io.Writer
	Dir      string // relative names in arguments start here
	Getenv   func(string) string
	Environ  []string
	Signals  <-chan os.Signal // interrupt, terminate and hang up; may be nil
	Now      func() time.Time

	interrupts *interrupts // set by Run
}

// terminal reports whether people see Out and type into In.
func (e Env) terminal() bool {
	return isTerminal(e.Out) && isTerminal(e.In) && e.Getenv("TERM") != "dumb"
}

// theme returns the look of what is printed to w.
func (e Env) theme(w io.Writer) view.Theme {
	marks := view.ASCII()
	if e.utf8() {
		marks = view.Unicode()
	}
	if !isTerminal(w) || e.Getenv("NO_COLOR") != "" || e.Getenv("TERM") == "dumb" {
		return view.Plain(marks)
	}
	return view.Colour(marks)
}

// path makes a name in an argument absolute.
func (e Env) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(e.Dir, name)
}

// app opens Slipway as the environment variables say.
func (e Env) app(ctx context.Context) (*app.App, error) {
	cfg, err := app.Environment(e.Getenv)
	if err != nil {
		return nil, err
	}
	cfg.Now = e.Now
	return app.New(ctx, cfg)
}

// utf8 reports whether the locale is one of UTF-8. In a pipe nobody set for
// anything, the marks stay ASCII.
func (e Env) utf8() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := e.Getenv(name); v != "" {
			v = strings.ToLower(v)
			return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
		}
	}
	return false
}

// width is how many columns w has; 100 when it is no terminal.
func (e Env) width(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if width, _, err := term.GetSize(f.Fd()); err == nil && width > 0 {
			return width
		}
	}
	return 100
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(f.Fd())
}
