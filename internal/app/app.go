package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/slipway-deploy/slipway/internal/artifact"
	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/work"
)

// App is Slipway on one machine. It is safe for concurrent use.
type App struct {
	cfg     Config
	journal *journal.Journal
	store   *artifact.Store
	work    *work.Work

	abandoned atomic.Bool
}

// New opens the journal and the store, and makes them when there are none.
func New(ctx context.Context, cfg Config) (*App, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(cfg.State, 0o700); err != nil {
		return nil, &Error{Kind: Misconfigured, Err: fmt.Errorf("make the state directory: %w", err),
			Hint: "set SLIPWAY_STATE to a directory that you may write to"}
	}
	address := cfg.Journal
	if address == "" {
		address = filepath.Join(cfg.State, "journal.db")
	}
	j, err := journal.Open(ctx, address)
	if err != nil {
		return nil, &Error{Kind: Misconfigured, Err: err, Hint: "SLIPWAY_JOURNAL can be a path or a postgres:// URL"}
	}
	store, err := artifact.OpenStore(filepath.Join(cfg.State, "store"))
	if err != nil {
		return nil, errors.Join(&Error{Kind: Misconfigured, Err: err, Hint: "see that you may write there"}, j.Close())
	}
	return &App{cfg: cfg, journal: j, store: store, work: work.New(workAddress(cfg), cfg.Log)}, nil
}

// workAddress is where the work in flight is kept: beside the journal.
func workAddress(cfg Config) string {
	if journal.IsPostgres(cfg.Journal) {
		return cfg.Journal
	}
	return filepath.Join(cfg.State, "work.db")
}

// Abandon makes Close return at once, for a process that ends: work that is cut off
// can be taken up again at any point.
func (a *App) Abandon() { a.abandoned.Store(true) }

// Close stops work and closes what New opened. It may be called twice.
func (a *App) Close() error {
	if a.abandoned.Load() {
		return nil
	}
	return errors.Join(a.work.Close(), a.journal.Close())
}
