package status_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/releasable/status"
)

const (
	known = "3f2a9c10aa003f2a9c10aa003f2a9c10aa003f2a"
	other = "0000000000000000000000000000000000000000"
	token = "hunter2"
)

// forge is a server that answers as the documents of an API say, a few entries a page.
type forge struct {
	*httptest.Server
	t      *testing.T
	mu     sync.Mutex // guards what follows
	asked  []string
	before []func(w http.ResponseWriter) // answers given before the right ones
}

func serve(t *testing.T, mux *http.ServeMux) *forge {
	f := &forge{t: t}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		f.asked = append(f.asked, r.Method+" "+r.URL.EscapedPath())
		var first func(w http.ResponseWriter)
		if len(f.before) > 0 {
			first, f.before = f.before[0], f.before[1:]
		}
		f.mu.Unlock()
		if first != nil {
			first(w)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(f.Close)
	return f
}

func (f *forge) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.asked)
}

// pages cuts a list as the query asks, at most two entries a page.
func pages[T any](r *http.Request, size string, all []T) (part []T, page int, more bool) {
	page, per := 1, 30
	if n, err := strconv.Atoi(r.URL.Query().Get("page")); err == nil && n > 0 {
		page = n
	}
	if n, err := strconv.Atoi(r.URL.Query().Get(size)); err == nil && n > 0 {
		per = n
	}
	per = min(per, 2)
	from := min((page-1)*per, len(all))
	to := min(from+per, len(all))
	return all[from:to], page, to < len(all)
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

type object = map[string]any

// github answers as docs.github.com/rest says of "Get the combined status for a specific
// reference" and "List check runs for a Git reference".
func github(t *testing.T, statuses, runs []object) *forge {
	mux := http.NewServeMux()
	guard := func(h func(w http.ResponseWriter, r *http.Request)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.Header.Get("Authorization") != "Bearer "+token:
				w.WriteHeader(http.StatusUnauthorized)
				answer(w, object{"message": "Bad credentials"})
			case r.Header.Get("Accept") != "application/vnd.github+json" || r.Header.Get("X-GitHub-Api-Version") == "" || r.Header.Get("User-Agent") == "":
				w.WriteHeader(http.StatusBadRequest)
			case r.PathValue("sha") != known:
				w.WriteHeader(http.StatusUnprocessableEntity)
				answer(w, object{"message": "No commit found for SHA: " + r.PathValue("sha")})
			default:
				h(w, r)
			}
		}
	}
	link := func(w http.ResponseWriter, r *http.Request, page int, more bool) {
		if more {
			next := *r.URL
			q := next.Query()
			q.Set("page", strconv.Itoa(page+1))
			w.Header().Set("Link", fmt.Sprintf(`<https://elsewhere.invalid%s?%s>; rel="next", <https://elsewhere.invalid>; rel="last"`, next.Path, q.Encode()))
		}
	}
	mux.HandleFunc("GET /repos/shop/checkout/commits/{sha}/status", guard(func(w http.ResponseWriter, r *http.Request) {
		part, page, more := pages(r, "per_page", statuses)
		link(w, r, page, more)
		answer(w, object{"state": "pending", "sha": known, "total_count": len(statuses), "statuses": part})
	}))
	mux.HandleFunc("GET /repos/shop/checkout/commits/{sha}/check-runs", guard(func(w http.ResponseWriter, r *http.Request) {
		if f := r.URL.Query().Get("filter"); f != "latest" {
			t.Errorf("filter %q", f)
		}
		part, page, more := pages(r, "per_page", runs)
		link(w, r, page, more)
		answer(w, object{"total_count": len(runs), "check_runs": part})
	}))
	return serve(t, mux)
}

// gitlab answers as docs.gitlab.com/api says of "List commit statuses" and "List project
// pipelines".
func gitlab(t *testing.T, statuses, pipelines []object) *forge {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v4/projects/{id}/", func(w http.ResponseWriter, r *http.Request) {
		sha := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/api/v4/projects/shop/backend/checkout/repository/commits/"), "/statuses")
		switch {
		case r.Header.Get("PRIVATE-TOKEN") != token:
			w.WriteHeader(http.StatusUnauthorized)
		case !strings.HasPrefix(r.URL.EscapedPath(), "/api/v4/projects/shop%2Fbackend%2Fcheckout/"):
			w.WriteHeader(http.StatusNotFound)
		case strings.HasSuffix(r.URL.Path, "/pipelines"):
			if r.URL.Query().Get("sha") != known {
				answer(w, []object{})
				return
			}
			part, _, _ := pages(r, "per_page", pipelines)
			answer(w, part)
		case sha != known:
			w.WriteHeader(http.StatusNotFound)
			answer(w, object{"message": "404 Commit Not Found"})
		default:
			part, page, more := pages(r, "per_page", statuses)
			w.Header().Set("X-Page", strconv.Itoa(page))
			w.Header().Set("X-Next-Page", "")
			if more {
				w.Header().Set("X-Next-Page", strconv.Itoa(page+1))
			}
			answer(w, part)
		}
	})
	return serve(t, mux)
}

// gitea answers as its swagger says of "repoGetCombinedStatusByRef".
func gitea(t *testing.T, statuses []object) *forge {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /git/api/v1/repos/shop/checkout/commits/{ref}/status", func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("Authorization") != "token "+token:
			w.WriteHeader(http.StatusUnauthorized)
		case r.PathValue("ref") != known:
			w.WriteHeader(http.StatusNotFound)
		default:
			part, _, _ := pages(r, "limit", statuses)
			answer(w, object{"state": "pending", "sha": known, "total_count": len(statuses), "statuses": part})
		}
	})
	return serve(t, mux)
}

// quick waits for nothing.
func quick() status.Pace {
	return status.Pace{Request: 2 * time.Second, Again: time.Millisecond, Most: 50 * time.Millisecond}
}

func config(f *forge, repository string) status.Config {
	return status.Config{Address: f.URL, Repository: repository, Token: token, Pace: quick()}
}
