package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slipway-deploy/slipway/internal/artifact"
	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/work"
)

// App is Slipway on one machine. It is safe for concurrent use.
type App struct {
	cfg     Config
	journal *journal.Journal
	store   *artifact.Store
	work    *work.Work

	abandon chan struct{} // closed by Abandon
	once    sync.Once     // closes it
	running atomic.Int32  // calls of Run

	mu    sync.Mutex              // guards what follows
	unrun map[string]engine.Unrun // by rollout: what requests of this process issued while nobody drove it
}

// New opens the journal and the store, and makes them when there are none.
func New(ctx context.Context, cfg Config) (*App, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.KeepSamples == 0 {
		cfg.KeepSamples = keepSamples
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
	return &App{cfg: cfg, journal: j, store: store, work: work.New(workAddress(cfg), cfg.Log), abandon: make(chan struct{}),
		unrun: map[string]engine.Unrun{}}, nil
}

// workAddress is where the work in flight is kept: beside the journal.
func workAddress(cfg Config) string {
	if journal.IsPostgres(cfg.Journal) {
		return cfg.Journal
	}
	return filepath.Join(cfg.State, "work.db")
}

// Abandon is for a process that is to end. It makes Run cut off what it does, end what
// it started on this machine, and return; work that is cut off can be taken up again at
// any point. Close then waits for nothing. It may be called twice.
func (a *App) Abandon() { a.once.Do(func() { close(a.abandon) }) }

// Close stops work and closes what New opened. It may be called twice.
func (a *App) Close() error {
	select {
	case <-a.abandon:
		if a.running.Load() > 0 {
			return nil // the process ends before that does
		}
	default:
	}
	return errors.Join(a.work.Close(), a.journal.Close())
}
