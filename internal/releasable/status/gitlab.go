package status

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/slipway-deploy/slipway/internal/releasable"
)

// GitLab asks GitLab for commit statuses, which jobs are too, and for the newest pipeline,
// which is the context "pipeline".
type GitLab struct {
	web     *web
	project string
}

var _ Source = (*GitLab)(nil)

// NewGitLab checks where it is to ask. Nothing is asked.
func NewGitLab(c Config) (*GitLab, error) {
	parts, err := repository(c.Repository, true)
	if err != nil {
		return nil, err
	}
	header := http.Header{"Accept": {"application/json"}}
	if c.Token != "" {
		header.Set("Private-Token", c.Token)
	}
	if c.Address == "" {
		c.Address = "https://gitlab.com"
	}
	w, err := newWeb("GitLab", c.Address, http.StatusNotFound, header, c.Pace)
	return &GitLab{w, "/api/v4/projects/" + strings.Join(parts, "%2F")}, err
}

// Statuses are the newest status of each job and context, and that of the pipeline.
func (g *GitLab) Statuses(ctx context.Context, commit string) ([]releasable.Status, error) {
	var all []releasable.Status
	for n := 1; ; n++ {
		var page []struct {
			Name    string `json:"name"`
			Status  string `json:"status"`
			URL     string `json:"target_url"`
			Allowed bool   `json:"allow_failure"`
		}
		header, found, err := g.web.page(ctx, g.project+"/repository/commits/"+commit+"/statuses", pageQuery("per_page", n), &page)
		if err != nil || !found {
			return nil, err
		}
		for _, s := range page {
			state, ok := gitlabState(s.Status)
			if s.Allowed && state != releasable.Green { // its pipeline passes without it
				state = releasable.Green
			}
			all = append(all, made(s.Name, s.Status, s.URL, state, ok))
		}
		if header.Get("X-Next-Page") == "" {
			break
		}
		if n == mostPages {
			return nil, errPages
		}
	}
	pipeline, err := g.pipeline(ctx, commit)
	return append(all, pipeline...), err
}

// pipeline is the newest one of a commit.
func (g *GitLab) pipeline(ctx context.Context, commit string) ([]releasable.Status, error) {
	var page []struct {
		Status string `json:"status"`
		URL    string `json:"web_url"`
	}
	query := url.Values{"sha": {commit}, "order_by": {"id"}, "sort": {"desc"}, "per_page": {"1"}}
	_, found, err := g.web.page(ctx, g.project+"/pipelines", query, &page)
	if err != nil || !found || len(page) == 0 {
		return nil, err
	}
	state, ok := gitlabState(page[0].Status)
	return []releasable.Status{made("pipeline", page[0].Status, page[0].URL, state, ok)}, nil
}

// gitlabState reads GitLab's word. A job that waits for a person (manual) has not ended;
// one that was skipped was not needed.
func gitlabState(word string) (releasable.State, bool) {
	switch word {
	case "success", "skipped":
		return releasable.Green, true
	case "created", "waiting_for_resource", "preparing", "waiting_for_callback", "pending", "running", "manual", "scheduled":
		return releasable.Pending, true
	case "failed", "canceled", "canceling":
		return releasable.Red, true
	}
	return "", false
}

// String names the source, for messages.
func (g *GitLab) String() string { return fmt.Sprintf("GitLab at %s", g.web.base.Host) }
