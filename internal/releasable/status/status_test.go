package status_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/releasable"
	"github.com/slipway-deploy/slipway/internal/releasable/status"
)

// said are statuses as context=state, in order.
func said(all []releasable.Status) string {
	var out []string
	for _, s := range all {
		out = append(out, s.Context+"="+string(s.State))
	}
	return strings.Join(out, " ")
}

func source[T status.Source](t *testing.T) func(s T, err error) status.Source {
	return func(s T, err error) status.Source {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}

func TestGitHub(t *testing.T) {
	t.Parallel()
	f := github(t,
		[]object{
			{"context": "ci/build", "state": "success", "target_url": "https://ci.example.com/1", "id": 1}, {"context": "ci/test", "state": "failure", "target_url": nil},
			{"context": "ci/slow", "state": "pending"}, {"context": "ci/odd", "state": "error", "target_url": "javascript:alert(1)"}, {"context": "ci/new", "state": "who knows"},
		},
		[]object{
			{"name": "lint", "status": "completed", "conclusion": "success", "html_url": "https://github.com/x"}, {"name": "e2e", "status": "in_progress", "conclusion": nil},
			{"name": "docs", "status": "completed", "conclusion": "skipped"}, {"name": "size", "status": "completed", "conclusion": "neutral"},
			{"name": "cut", "status": "completed", "conclusion": "cancelled"}, {"name": "late", "status": "completed", "conclusion": "timed_out"}, {"name": "ask", "status": "completed", "conclusion": "action_required"},
		})
	g := source[*status.GitHub](t)(status.NewGitHub(config(f, "shop/checkout")))
	all, err := g.Statuses(t.Context(), known)
	if err != nil {
		t.Fatal(err)
	}
	const want = "ci/build=green ci/test=red ci/slow=pending ci/odd=red ci/new=red lint=green e2e=pending docs=green size=green cut=red late=red ask=red"
	if got := said(all); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if all[0].URL != "https://ci.example.com/1" || all[3].URL != "" {
		t.Errorf("addresses %q, %q", all[0].URL, all[3].URL)
	}
	if n := f.count(); n != 3+4 {
		t.Errorf("it asked %d times", n)
	}
	if all, err := g.Statuses(t.Context(), other); err != nil || len(all) != 0 {
		t.Errorf("of a commit that is not known: %v %v", all, err)
	}
}

func TestGitLab(t *testing.T) {
	t.Parallel()
	f := gitlab(t,
		[]object{
			{"name": "build", "status": "success", "allow_failure": false, "target_url": "https://gitlab.example.com/1"}, {"name": "test", "status": "running"},
			{"name": "lint", "status": "failed", "allow_failure": true}, {"name": "deploy", "status": "manual"}, {"name": "e2e", "status": "failed"},
			{"name": "docs", "status": "skipped"}, {"name": "gone", "status": "canceled"}, {"name": "odd", "status": "odd"},
		},
		[]object{{"id": 47, "sha": known, "status": "failed", "web_url": "https://gitlab.example.com/p/47"}, {"id": 46, "status": "success"}})
	g := source[*status.GitLab](t)(status.NewGitLab(config(f, "shop/backend/checkout")))
	all, err := g.Statuses(t.Context(), known)
	const want = "build=green test=pending lint=green deploy=pending e2e=red docs=green gone=red odd=red pipeline=red"
	if got := said(all); err != nil || got != want {
		t.Errorf("%v %s\nwant\n%s", err, got, want)
	}
	if all, err := g.Statuses(t.Context(), other); err != nil || len(all) != 0 {
		t.Errorf("of a commit that is not known: %v %v", all, err)
	}
}

func TestGitea(t *testing.T) {
	t.Parallel()
	f := gitea(t, []object{
		{"context": "ci/build", "status": "success", "target_url": "https://git.example.com/1"}, {"context": "ci/test", "status": "pending"},
		{"context": "ci/warn", "status": "warning"}, {"context": "ci/skip", "status": "skipped"}, {"context": "ci/fail", "status": "failure"},
	})
	c := config(f, "shop/checkout")
	c.Address += "/git/"
	g := source[*status.Gitea](t)(status.NewGitea(c))
	all, err := g.Statuses(t.Context(), known)
	const want = "ci/build=green ci/test=pending ci/warn=red ci/skip=green ci/fail=red"
	if got := said(all); err != nil || got != want {
		t.Errorf("%v %s\nwant\n%s", err, got, want)
	}
	if all, err := g.Statuses(t.Context(), other); err != nil || len(all) != 0 {
		t.Errorf("of a commit that is not known: %v %v", all, err)
	}
}

func fails(code int, header ...string) func(w http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	}
}

// TestTrouble: what passes is waited for, and what does not is said, without the token.
func TestTrouble(t *testing.T) {
	t.Parallel()
	soon := fmt.Sprint(time.Now().Unix() - 1)
	for name, c := range map[string]struct {
		before []func(w http.ResponseWriter)
		want   string // of the error; empty: none
		busy   bool
	}{
		"out of order for a moment": {before: []func(http.ResponseWriter){fails(502), fails(503), fails(504)}},
		"too fast":                  {before: []func(http.ResponseWriter){fails(429, "Retry-After", "0"), fails(403, "Retry-After", "0")}},
		"out of order":              {before: []func(http.ResponseWriter){fails(503), fails(503), fails(503), fails(503)}, want: "answers 503"},
		"limited for an hour":       {before: []func(http.ResponseWriter){fails(403, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", fmt.Sprint(time.Now().Unix()+3600))}, want: "takes no more questions", busy: true},
		"limited for a date":        {before: []func(http.ResponseWriter){fails(429, "Retry-After", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))}, want: "takes no more questions", busy: true},
		"limited a second ago":      {before: []func(http.ResponseWriter){fails(429, "RateLimit-Reset", soon)}, want: "takes no more questions", busy: true},
		"no right":                  {before: []func(http.ResponseWriter){fails(403)}, want: "answers 403: the token does not allow it"},
		"no token":                  {before: []func(http.ResponseWriter){fails(401)}, want: "answers 401: the token is not valid"},
		"no repository":             {before: []func(http.ResponseWriter){fails(404)}, want: "no such repository"},
		"broken":                    {before: []func(http.ResponseWriter){fails(500)}, want: "answers 500"},
		"no JSON":                   {before: []func(http.ResponseWriter){func(w http.ResponseWriter) { fmt.Fprint(w, "<html>"+token) }}, want: "not what its interface says"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := github(t, []object{{"context": "ci/build", "state": "success"}}, nil)
			f.before = c.before
			g := source[*status.GitHub](t)(status.NewGitHub(config(f, "shop/checkout")))
			all, err := g.Statuses(t.Context(), known)
			switch {
			case c.want == "" && (err != nil || said(all) != "ci/build=green"):
				t.Errorf("%v %v", err, all)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || errors.Is(err, status.ErrBusy) != c.busy):
				t.Errorf("%v", err)
			case err != nil && strings.Contains(err.Error(), token):
				t.Errorf("the token is in %v", err)
			}
		})
	}
}

// TestTokenStays: an API that sends elsewhere does not get the token there.
func TestTokenStays(t *testing.T) {
	t.Parallel()
	thief := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("it was sent %v", r.Header)
	}))
	defer thief.Close()
	f := gitlab(t, nil, nil)
	f.before = []func(http.ResponseWriter){fails(302, "Location", thief.URL), fails(302, "Location", thief.URL), fails(302, "Location", thief.URL), fails(302, "Location", thief.URL)}
	g := source[*status.GitLab](t)(status.NewGitLab(config(f, "shop/backend/checkout")))
	if _, err := g.Statuses(t.Context(), known); err == nil || !strings.Contains(err.Error(), "sends to another host") {
		t.Errorf("%v", err)
	}
}

// TestSlow: an answer that does not come ends the question, and so does the caller.
func TestSlow(t *testing.T) {
	t.Parallel()
	hang := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-hang:
		case <-r.Context().Done():
		}
	}))
	defer s.Close()
	defer close(hang)
	pace := status.Pace{Request: 20 * time.Millisecond, Again: time.Millisecond, Tries: 2}
	g, err := status.NewGitea(status.Config{Address: s.URL, Repository: "shop/checkout", Pace: pace})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Statuses(t.Context(), known); err == nil || !strings.Contains(err.Error(), "does not answer") {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := g.Statuses(ctx, known); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestWrongConfig(t *testing.T) {
	t.Parallel()
	for _, c := range []status.Config{
		{Repository: "checkout"}, {Repository: "a/b/c"}, {Repository: "../x"}, {Repository: ""}, {Repository: "a/"},
		{Repository: "a/b", Address: "ftp://x"}, {Repository: "a/b", Address: "https://ann:hunter2@x"}, {Repository: "a/b", Address: "::"},
	} {
		if _, err := status.NewGitHub(c); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if _, err := status.NewGitea(status.Config{Repository: "a/b"}); err == nil {
		t.Error("there is no public Gitea")
	}
}

func TestCommand(t *testing.T) {
	t.Parallel()
	shell := func(text string) status.Command { return status.Command{Words: []string{"/bin/sh", "-c", text}} }
	all, err := shell(`echo '[{"context":"'$SLIPWAY_COMMIT'","state":"success"},{"context":"b","state":"pending","url":"https://x/y"}]'`).Statuses(t.Context(), known)
	if got := said(all); err != nil || got != known+"=green b=pending" {
		t.Errorf("%v %s", err, got)
	}
	all, err = status.Command{Words: []string{"echo", `[{"context":"{{commit}}","state":"failure"}]`}}.Statuses(t.Context(), known)
	if got := said(all); err != nil || got != known+"=red" {
		t.Errorf("%v %s", err, got)
	}
	for text, want := range map[string]string{
		"echo no; exit 0":                    "no JSON list",
		"echo 'out of order' >&2; exit 3":    "exit status 3: out of order",
		`echo '[{"context":"a"}]'`:           `context "a" and state ""`,
		`echo '[{"state":"success"}]'`:       `context ""`,
		`echo '[{"context":"a","state":1}]'`: "no JSON list",
		`printf '[{"context":"\033[31m'`:     "no JSON list",
	} {
		if _, err := shell(text).Statuses(t.Context(), known); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%s: %v", text, err)
		}
	}
	slow := shell("sleep 60 & wait")
	slow.Within = 30 * time.Millisecond
	if _, err := slow.Statuses(t.Context(), known); err == nil || !strings.Contains(err.Error(), "longer than 30ms") {
		t.Errorf("%v", err)
	}
}

func TestFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ci.json")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := (status.File{Path: path}).Statuses(t.Context(), known); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
	write(`{"` + known + `": [{"context": "ci/build", "state": "green"}]}`)
	if all, err := (status.File{Path: path}).Statuses(t.Context(), known); err != nil || said(all) != "ci/build=green" {
		t.Errorf("%v %v", all, err)
	}
	if all, err := (status.File{Path: path}).Statuses(t.Context(), other); err != nil || len(all) != 0 {
		t.Errorf("%v %v", all, err)
	}
	for _, text := range []string{"", "[]", `{"` + known + `": [{"context": "x", "state": "maybe"}]}`} {
		write(text)
		if _, err := (status.File{Path: path}).Statuses(t.Context(), known); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
