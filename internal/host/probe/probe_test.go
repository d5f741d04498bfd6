package probe

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slipway-deploy/slipway/internal/host"
)

func TestURL(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ address, in, want string }{
		{"", "http://:8080/_status", "http://127.0.0.1:8080/_status"},
		{"127.77.0.3", "http://:8080/", "http://127.77.0.3:8080/"},
		{"127.77.0.3", "http:///x", "http://127.77.0.3/x"},
		{"::1", "http://:8080/", "http://[::1]:8080/"},
		{"::1", "https:///", "https://[::1]/"},
		{"127.77.0.3", "http://example.org/", "http://example.org/"},
		{"", "http://:1/{{version}}", "http://127.0.0.1:1/1.0"},
	} {
		if got, err := (Host{c.address, "1.0"}).URL(c.in); err != nil || got != c.want {
			t.Errorf("%q at %q: %q, %v; expected %q", c.in, c.address, got, err, c.want)
		}
	}
	for _, bad := range []string{"", "8080", "ftp://x/", "http://[::1"} {
		if _, err := (Host{}).URL(bad); err == nil || !strings.Contains(err.Error(), "write one like") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestAsk(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/teapot":
			w.WriteHeader(http.StatusTeapot)
		case "/redirect":
			http.Redirect(w, r, "/", http.StatusFound)
		case "/text":
			fmt.Fprint(w, "hello")
		default:
			fmt.Fprint(w, `{"version":"1.1.0","ready":true,"count":12345678901234567890,"a":{"b":null,"c":[1]}}`)
		}
	}))
	defer server.Close()
	at, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	h := Host{Address: at.Hostname(), Version: "1.1.0"}
	for _, c := range []struct {
		path string
		want Want
		err  string
	}{
		{"/", Want{}, ""},
		{"/", Want{Fields: map[string]string{"version": "{{version}}", "ready": "true", "count": "12345678901234567890", "a.b": "", "a.c": "[1]"}}, ""},
		{"/", Want{Fields: map[string]string{"version": "1.2.0"}}, `version is "1.1.0", expected "1.2.0"`},
		{"/", Want{Fields: map[string]string{"version.x": "1"}}, `version.x is "", expected "1"`},
		{"/text", Want{Fields: map[string]string{"version": "1"}}, "the answer is not JSON"},
		{"/text", Want{Body: "hell"}, ""},
		{"/text", Want{Body: "heaven"}, `the answer does not contain "heaven"`},
		{"/teapot", Want{Status: 418}, ""},
		{"/teapot", Want{}, "status 418, expected 200"},
		{"/redirect", Want{}, "status 302, expected 200"},
	} {
		err := h.Ask(t.Context(), "http://:"+at.Port()+c.path, c.want)
		if (err == nil) != (c.err == "") || (err != nil && err.Error() != c.err) {
			t.Errorf("%s %+v: %v; expected %q", c.path, c.want, err, c.err)
		}
	}
}

func TestAskKeepsSecretsOutOfErrors(t *testing.T) {
	t.Parallel()
	err := Host{}.Ask(t.Context(), "http://user:hunter2@127.0.0.1:1/?token=hunter2", Want{})
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Fatalf("error: %v", err)
	}
}

func TestUntil(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		start := time.Now()
		err := Until(t.Context(), time.Minute, func(context.Context) error {
			if tries++; tries < 10 {
				return errors.New("not yet")
			}
			return nil
		})
		if err != nil || tries != 10 || time.Since(start) > 3*time.Second {
			t.Errorf("%v after %d tries and %v", err, tries, time.Since(start))
		}
		start = time.Now()
		err = Until(t.Context(), time.Minute, func(context.Context) error { return errors.New("never") })
		if err == nil || err.Error() != "never (for 1m0s)" || time.Since(start) != time.Minute {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		final := errors.New("dead")
		start = time.Now()
		err = Until(t.Context(), time.Minute, func(context.Context) error { return Final{final} })
		if !errors.Is(err, final) || time.Since(start) != 0 {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

func TestCheck(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	if err := (Host{}).Check(t.Context(), host.CheckOf{HTTP: server.URL, Within: 10 * time.Second}); err != nil {
		t.Errorf("http: %v", err)
	}
	h := Host{Address: "127.0.0.9", Version: "1.0"}
	for script, want := range map[string]string{
		"true": "",
		`[ "$VERSION $ADDRESS" = "1.0 127.0.0.9" ]`: "",
		"echo one; echo two >&2; exit 3":            "sh: exit status 3: two",
		"exit 4":                                    "sh: exit status 4",
		"sleep 100":                                 "sh did not end within 1s",
	} {
		err := h.Check(t.Context(), host.CheckOf{Command: []string{"sh", "-c", script}, Within: time.Second})
		if (err == nil) != (want == "") || (err != nil && err.Error() != want) {
			t.Errorf("%s: %v; expected %q", script, err, want)
		}
	}
	if err := h.Check(t.Context(), host.CheckOf{Command: []string{"/nonexistent"}, Within: time.Second}); err == nil {
		t.Error("a program that is not there")
	}
}
