package status

import (
	"context"
	"fmt"
	"net/http"

	"github.com/slipway-deploy/slipway/internal/releasable"
)

// Gitea asks Gitea or Forgejo for commit statuses.
type Gitea struct {
	web  *web
	repo string
}

var _ Source = (*Gitea)(nil)

// NewGitea checks where it is to ask. Nothing is asked.
func NewGitea(c Config) (*Gitea, error) {
	parts, err := repository(c.Repository, false)
	if err != nil {
		return nil, err
	}
	header := http.Header{"Accept": {"application/json"}}
	if c.Token != "" {
		header.Set("Authorization", "token "+c.Token)
	}
	w, err := newWeb("Gitea", c.Address, http.StatusNotFound, header, c.Pace)
	return &Gitea{w, "/api/v1/repos/" + parts[0] + "/" + parts[1]}, err
}

// Statuses are the newest status of each context.
func (g *Gitea) Statuses(ctx context.Context, commit string) ([]releasable.Status, error) {
	var all []releasable.Status
	for n := 1; n <= mostPages; n++ {
		var page struct {
			Statuses []struct {
				Context string `json:"context"`
				Status  string `json:"status"`
				URL     string `json:"target_url"`
			} `json:"statuses"`
			Total int `json:"total_count"`
		}
		_, found, err := g.web.page(ctx, g.repo+"/commits/"+commit+"/status", pageQuery("limit", n), &page)
		if err != nil || !found {
			return nil, err
		}
		for _, s := range page.Statuses {
			state, ok := map[string]releasable.State{
				"success": releasable.Green, "skipped": releasable.Green, "pending": releasable.Pending,
				"failure": releasable.Red, "error": releasable.Red, "warning": releasable.Red,
			}[s.Status]
			all = append(all, made(s.Context, s.Status, s.URL, state, ok))
		}
		// A server may give fewer a page than it is asked for.
		if len(page.Statuses) == 0 || len(all) >= page.Total {
			return all, nil
		}
	}
	return nil, errPages
}

// String names the source, for messages.
func (g *Gitea) String() string { return fmt.Sprintf("Gitea at %s", g.web.base.Host) }
