package status

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"

	"github.com/slipway-deploy/slipway/internal/releasable"
)

// GitHub asks GitHub, or GitHub Enterprise at an address such as https://HOST/api/v3, for
// commit statuses and check runs.
type GitHub struct {
	web  *web
	repo string
}

var _ Source = (*GitHub)(nil)

// NewGitHub checks where it is to ask. Nothing is asked.
func NewGitHub(c Config) (*GitHub, error) {
	parts, err := repository(c.Repository, false)
	if err != nil {
		return nil, err
	}
	header := http.Header{"Accept": {"application/vnd.github+json"}, "X-Github-Api-Version": {"2022-11-28"}}
	if c.Token != "" {
		header.Set("Authorization", "Bearer "+c.Token)
	}
	if c.Address == "" {
		c.Address = "https://api.github.com"
	}
	w, err := newWeb("GitHub", c.Address, http.StatusUnprocessableEntity, header, c.Pace)
	return &GitHub{w, "/repos/" + parts[0] + "/" + parts[1]}, err
}

// Statuses are the newest status of each context, and the newest run of each check.
func (g *GitHub) Statuses(ctx context.Context, commit string) ([]releasable.Status, error) {
	statuses, err := g.statuses(ctx, commit)
	if err != nil {
		return nil, err
	}
	runs, err := g.runs(ctx, commit)
	return append(statuses, runs...), err
}

func (g *GitHub) statuses(ctx context.Context, commit string) ([]releasable.Status, error) {
	var all []releasable.Status
	for n := 1; n <= mostPages; n++ {
		var page struct {
			Statuses []struct {
				Context string `json:"context"`
				State   string `json:"state"`
				URL     string `json:"target_url"`
			} `json:"statuses"`
		}
		header, found, err := g.web.page(ctx, g.repo+"/commits/"+commit+"/status", pageQuery("per_page", n), &page)
		if err != nil || !found {
			return nil, err
		}
		for _, s := range page.Statuses {
			state, ok := map[string]releasable.State{
				"success": releasable.Green, "pending": releasable.Pending, "failure": releasable.Red, "error": releasable.Red,
			}[s.State]
			all = append(all, made(s.Context, s.State, s.URL, state, ok))
		}
		if !more(header) {
			return all, nil
		}
	}
	return nil, errPages
}

func (g *GitHub) runs(ctx context.Context, commit string) ([]releasable.Status, error) {
	var all []releasable.Status
	for n := 1; n <= mostPages; n++ {
		var page struct {
			Runs []struct {
				Name       string `json:"name"`
				Status     string `json:"status"`
				Conclusion string `json:"conclusion"`
				URL        string `json:"html_url"`
			} `json:"check_runs"`
		}
		query := pageQuery("per_page", n)
		query.Set("filter", "latest")
		header, found, err := g.web.page(ctx, g.repo+"/commits/"+commit+"/check-runs", query, &page)
		if err != nil || !found {
			return nil, err
		}
		for _, r := range page.Runs {
			if r.Status != "completed" { // queued, in_progress, waiting, requested, pending
				all = append(all, made(r.Name, r.Status, r.URL, releasable.Pending, true))
				continue
			}
			// As GitHub's own rule for required checks has it.
			green := r.Conclusion == "success" || r.Conclusion == "neutral" || r.Conclusion == "skipped"
			all = append(all, made(r.Name, r.Conclusion, r.URL, releasable.Green, green))
		}
		if !more(header) {
			return all, nil
		}
	}
	return nil, errPages
}

var errPages = errors.New("the source lists more statuses of one commit than can be true")

// made is a status; a word that is not known is red, never green.
func made(context, said, url string, state releasable.State, known bool) releasable.Status {
	if !known {
		state = releasable.Red
	}
	s := releasable.Status{Context: line(context), State: state, Said: line(said)}
	if regexp.MustCompile(`^https?://[!-~]+$`).MatchString(url) {
		s.URL = url
	}
	return s
}

// line keeps what others wrote away from the terminal's controls.
func line(s string) string {
	out := []rune{}
	for _, c := range s {
		if c < ' ' || c >= 0x7f && c < 0xa0 {
			c = ' '
		}
		if len(out) < 200 {
			out = append(out, c)
		}
	}
	return string(out)
}

// more reports whether there is a next page. Its address is not followed: it could lead
// elsewhere, and the pages are numbered.
func more(header http.Header) bool {
	for _, l := range header.Values("Link") {
		if regexp.MustCompile(`;\s*rel="?next"?`).MatchString(l) {
			return true
		}
	}
	return false
}

// String names the source, for messages.
func (g *GitHub) String() string { return fmt.Sprintf("GitHub at %s", g.web.base.Host) }
