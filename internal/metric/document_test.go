package metric

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

func TestADocumentAHost(t *testing.T) {
	t.Setenv("SLIPWAY_TEST_TOKEN", "token-of-a-test")
	bad, all, down := 5, 100, ""
	h := serve(t, func(r *http.Request, _ []byte) (int, string) {
		if r.Header.Get("Authorization") != "Bearer token-of-a-test" || r.Method != http.MethodGet {
			return http.StatusUnauthorized, ""
		}
		host := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/live/"), ".json")
		if host == down || host == "web9.lan" {
			return http.StatusNotFound, "<html>"
		}
		return http.StatusOK, fmt.Sprintf(`{"http":{"errors":%d,"all.requests":[0,%d]}}`, bad, all)
	})
	s := h.open(t, rollout.Metric{Name: "errors", Source: "http", Ask: &rollout.Ask{
		Address: h.server.URL + "/{{environment}}/{{host}}.json", Host: "{{host}}.lan", Events: "http.errors", Exposure: `http."all.requests"[1]`,
		Secrets: map[string]string{"token": "env:SLIPWAY_TEST_TOKEN"},
	}})
	if got, err := s.Sample(t.Context(), []string{"web1"}); got != nil || err != nil {
		t.Fatalf("the first call: %v, %v", got, err)
	}
	bad, all = 6, 150
	if got, err := h.look(t, s, "web1", "web9"); got != "[{web1 errors count 1 50 0 []}]" || !strings.Contains(err, "errors of web9: ask 127.0.0.1") || !strings.Contains(err, "404 Not Found: see that the address is right") {
		t.Errorf("got %s, %s", got, err)
	}
	down = "web1.lan"
	if got, err := h.look(t, s, "web1"); got != "[]" || !strings.Contains(err, "404") {
		t.Errorf("down: %s, %s", got, err)
	}
	down, bad, all = "", 9, 200
	if got, err := h.look(t, s, "web1"); got != "[{web1 errors count 3 50 0 []}]" || err != "" {
		t.Errorf("back: %s, %s", got, err)
	}
	bad, all = 0, 1
	if got, err := h.look(t, s, "web1"); got != "[]" || !strings.Contains(err, reasonAnew) {
		t.Errorf("anew: %s, %s", got, err)
	}
}

func TestADocumentOfAllHosts(t *testing.T) {
	t.Parallel()
	text := `{"hosts":[{"name":"web1","load":1.5},{"name":"web2","load":"high"},{"name":"web3"}]}`
	h := serve(t, func(*http.Request, []byte) (int, string) { return http.StatusOK, text })
	s := h.open(t, rollout.Metric{Name: "load", Kind: rollout.Gauge, Source: "http", Ask: &rollout.Ask{Address: h.server.URL, Value: "hosts[name={{host}}].load"}})
	if got, err := s.Sample(t.Context(), []string{"web1"}); got != nil || err != nil {
		t.Fatalf("the first call: %v, %v", got, err)
	}
	got, err := h.look(t, s, "web1", "web2", "web3", "web4")
	if got != "[{web1 load gauge 0 0 1.5 []}]" {
		t.Errorf("got %s", got)
	}
	for _, want := range []string{"load of web2: value: load is no number", "load of web3: value: item with name web3 has no load", "load of web4: value: hosts has no item with name web4"} {
		if !strings.Contains(err, want) {
			t.Errorf("the error is %s, want %s", err, want)
		}
	}
	text = "not JSON"
	if got, err := h.look(t, s, "web1"); got != "[]" || !strings.Contains(err, "not the JSON expected") {
		t.Errorf("got %s, %s", got, err)
	}
}

// What is new since the last look, from a system that counts so.
func TestADocumentOfNews(t *testing.T) {
	t.Parallel()
	h := serve(t, func(*http.Request, []byte) (int, string) { return http.StatusOK, `{"web1":3}` })
	s := h.open(t, rollout.Metric{Name: "errors", Source: "http", Ask: &rollout.Ask{Address: h.server.URL, Events: "{{host}}", Settings: map[string]string{"counts": "new"}}})
	if got, err := s.Sample(t.Context(), []string{"web1"}); got != nil || err != nil {
		t.Fatalf("the first call: %v, %v", got, err)
	}
	for range 2 {
		if got, err := h.look(t, s, "web1"); got != "[{web1 errors count 3 60 0 []}]" || err != "" {
			t.Errorf("got %s, %s", got, err)
		}
	}
}

func TestAnAnswerThatIsTooLarge(t *testing.T) {
	t.Parallel()
	h := serve(t, func(*http.Request, []byte) (int, string) { return http.StatusOK, strings.Repeat(" ", largest+1) })
	s := h.open(t, rollout.Metric{Name: "errors", Source: "http", Ask: &rollout.Ask{Address: h.server.URL, Events: "{{host}}"}})
	if got, err := s.Sample(t.Context(), []string{"web1"}); got != nil || err == nil || !strings.Contains(err.Error(), "larger than 8 MB") {
		t.Errorf("got %v, %v", got, err)
	}
}

// A secret goes nowhere that the manifest does not name.
func TestARedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	other := serve(t, func(*http.Request, []byte) (int, string) {
		t.Error("the redirect was followed")
		return http.StatusOK, "{}"
	})
	first := serve(t, func(*http.Request, []byte) (int, string) { return http.StatusOK, "" })
	first.server.Config.Handler = http.RedirectHandler(other.server.URL, http.StatusFound)
	s := first.open(t, rollout.Metric{Name: "errors", Source: "http", Ask: &rollout.Ask{Address: first.server.URL, Events: "{{host}}"}})
	if got, err := s.Sample(t.Context(), []string{"web1"}); got != nil || err == nil || !strings.Contains(err.Error(), "302 Found") {
		t.Errorf("got %v, %v", got, err)
	}
}

// A source that never answers ends after its time.
func TestASourceThatHangs(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	h := serve(t, func(*http.Request, []byte) (int, string) { <-release; return http.StatusOK, "" })
	defer close(release)
	s := h.open(t, rollout.Metric{Name: "errors", Source: "http", Ask: &rollout.Ask{Address: h.server.URL, Events: "{{host}}"}})
	s.all[0].timeout = 50 * time.Millisecond
	if got, err := s.Sample(t.Context(), []string{"web1"}); got != nil || err == nil || !strings.Contains(err.Error(), "errors: no answer within 50ms") {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestPaths(t *testing.T) {
	t.Parallel()
	var document any
	if err := json.Unmarshal([]byte(`{"a":{"b.c":[1,{"n":"web1.lan","v":2}],"web1.lan":3}}`), &document); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]float64{`a."b.c"[0]`: 1, `a."b.c"[n={{host}}].v`: 2, `a.{{host}}`: 3} {
		p, err := parsePath(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := follow(p, document, "web1.lan"); err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		"": "is empty", ".a": "at its character 1", "a..b": "a name is missing", "a[": "closed", "a[x]": "a number, or name=value", `"a`: "must end with one", "a[0]b": "a dot or a bracket must follow", "a[-1]": "a number",
	} {
		if _, err := parsePath(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func FuzzPath(f *testing.F) {
	f.Add(`a."b.c"[n={{host}}].v`, `{"a":{"b.c":[{"n":"web1","v":1}]}}`)
	f.Fuzz(func(t *testing.T, text, document string) {
		p, err := parsePath(text)
		var d any
		if err != nil || json.Unmarshal([]byte(document), &d) != nil {
			return
		}
		if _, err := follow(p, d, "web1"); err != nil && err.Error() == "" {
			t.Error("an error without words")
		}
	})
}

// Whatever totals do, nothing negative is counted, and without restarts exactly what
// was added, however often it is looked at and whoever is away meanwhile.
func TestTotals(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var c totals
		truth, counted := map[string]float64{}, map[string]float64{}
		based := map[string]float64{}
		restarts := rapid.Bool().Draw(t, "restarts")
		at := time.Unix(0, 0)
		for range rapid.IntRange(1, 20).Draw(t, "looks") {
			at = at.Add(time.Second)
			var look []reading
			for _, host := range []string{"a", "b"} {
				truth[host] += float64(rapid.IntRange(0, 5).Draw(t, "more"))
				if restarts && rapid.IntRange(0, 9).Draw(t, "restart") == 0 {
					truth[host] = 0
				}
				if rapid.Bool().Draw(t, "there") {
					look = append(look, reading{host: host, role: roleEvents, target: host, value: truth[host]})
					if _, ok := based[host]; !ok {
						based[host] = truth[host]
					}
				}
			}
			for host, roles := range c.grown(at, look).by {
				if roles[roleEvents] < 0 {
					t.Fatalf("%s: negative", host)
				}
				counted[host] += roles[roleEvents]
			}
			for _, r := range look {
				if !restarts && counted[r.host] != r.value-based[r.host] {
					t.Fatalf("%s: counted %v, want %v", r.host, counted[r.host], r.value-based[r.host])
				}
			}
		}
	})
}
