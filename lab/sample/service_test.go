package sample

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func get(t *testing.T, h http.Handler, target string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil))
	if w.Header().Get("X-Version") == "" || w.Header().Get("X-Host") != "web1" {
		t.Errorf("%s: headers %v", target, w.Header())
	}
	return w
}

func find(t *testing.T, version string) Release {
	t.Helper()
	for _, r := range Releases() {
		if r.Version == version {
			return r
		}
	}
	t.Fatalf("no release %s", version)
	return Release{}
}

func TestVersionsBehave(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		version     string
		status      int
		least, most int // errors in 2000 requests
	}{
		{"1.0.0", 200, 0, 0}, {"1.1.0", 200, 0, 0},
		{"1.2.0", 200, 40, 180}, // 5 % is 100; further off than this once in 10^9 runs
		{"1.4.0", 503, 0, 0},
	} {
		h := New(find(t, c.version), "web1", "EUR", 0).Handler()
		failed := 0
		for range 2000 {
			if get(t, h, "/cart").Code == 500 {
				failed++
			}
		}
		if failed < c.least || failed > c.most {
			t.Errorf("%s: %d of 2000 requests failed, want %d to %d", c.version, failed, c.least, c.most)
		}
		w := get(t, h, "/_status")
		var s Status
		if err := json.Unmarshal(w.Body.Bytes(), &s); err != nil {
			t.Fatal(err)
		}
		if w.Code != c.status || s.Version != c.version || s.Healthy != (c.status == 200) || s.Requests != 2000 || s.Failed != failed || s.Host != "web1" || s.Service != Name {
			t.Errorf("%s: /_status answers %d %+v", c.version, w.Code, s)
		}
	}
}

func TestSet(t *testing.T) {
	t.Parallel()
	h := New(find(t, "1.0.0"), "web1", "EUR", 0).Handler()
	for _, c := range []struct {
		query string
		code  int
		want  string
	}{
		{"fail=1", 200, `"fail":1`}, {"fail=0&unhealthy=true", 200, `"unhealthy":true`}, {"leak=1024", 200, `"leak":1024`}, {"slow=1ms", 200, `"slow":1000000`},
		{"fail=2", 400, "2 is not between 0 and 1"}, {"fail=NaN", 400, "NaN is not between"}, {"fail=x", 400, "set fail:"},
		{"slow=-1s", 400, "-1s is less than 0"}, {"leak=-1", 400, "-1 is not between"}, {"leak=999999999999", 400, "is not between"},
		{"unhealthy=perhaps", 400, "set unhealthy:"}, {"bogus=1", 400, "it can set fail, slow, leak and unhealthy"},
	} {
		if w := get(t, h, "/_set?"+c.query); w.Code != c.code || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s: %d %s, want %d %s", c.query, w.Code, w.Body, c.code, c.want)
		}
	}
	if w := get(t, h, "/_status"); w.Code != 503 {
		t.Errorf("unhealthy, it answers %d", w.Code)
	}
	get(t, h, "/_set?fail=1")
	if w := get(t, h, "/cart"); w.Code != 500 {
		t.Errorf("with all failing, it answers %d", w.Code)
	}
	if w := get(t, h, "/nowhere"); w.Code != 404 {
		t.Errorf("an unknown path answers %d", w.Code)
	}
}

func TestSlow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := find(t, "1.0.0")
		r.Slow = 3 * time.Second
		h := New(r, "web1", "EUR", 0).Handler()
		start := time.Now()
		get(t, h, "/cart")
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("it took %s, want 3s", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start = time.Now()
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodGet, "/cart", nil))
		if took := time.Since(start); took != time.Second {
			t.Errorf("a client that left after 1s was served for %s", took)
		}
	})
}

// A cart takes half to twice of what it takes in the middle, and 1.5.0 1.3 times that.
func TestWork(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			version     string
			least, most time.Duration
		}{{"1.0.0", 20 * time.Millisecond, 80 * time.Millisecond}, {"1.5.0", 26 * time.Millisecond, 104 * time.Millisecond}} {
			h := New(find(t, c.version), "web1", "EUR", 40*time.Millisecond).Handler()
			for range 200 {
				start := time.Now()
				get(t, h, "/cart")
				if took := time.Since(start); took < c.least || took > c.most {
					t.Fatalf("%s took %s, want %s to %s", c.version, took, c.least, c.most)
				}
			}
		}
	})
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := find(t, "1.0.0")
		r.Slow = 45 * time.Millisecond
		h := New(r, "web1", "EUR", 0).Handler()
		for range 3 {
			get(t, h, "/cart")
		}
		if w := get(t, h, "/cart?broken"); w.Code != 500 {
			t.Errorf("a broken cart is answered with %d", w.Code)
		}
		text := get(t, h, "/metrics").Body.String()
		for _, line := range []string{"checkout_requests_total 4", "checkout_errors_total 1", `checkout_seconds_bucket{le="0.04"} 0`,
			`checkout_seconds_bucket{le="0.05"} 4`, `checkout_seconds_bucket{le="+Inf"} 4`, "checkout_seconds_sum 0.18", "checkout_seconds_count 4"} {
			if !strings.Contains(text, line+"\n") {
				t.Errorf("it does not say %q:\n%s", line, text)
			}
		}
	})
}

func TestLeak(t *testing.T) {
	t.Parallel()
	r := find(t, "1.0.0")
	r.Leak = 1000
	s := New(r, "web1", "EUR", 0)
	for range 10 {
		get(t, s.Handler(), "/cart")
	}
	if len(s.leaked) != 10 || len(s.leaked[9]) != 1000 {
		t.Errorf("it leaked %d pieces", len(s.leaked))
	}
}

// Told to end, it finishes what it serves.
func TestEndsGracefully(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	begun, finish := make(chan struct{}), make(chan struct{})
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(begun)
		<-finish
		io.WriteString(w, "done")
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, l, h) }()
	answers := make(chan string, 1)
	go func() {
		response, err := http.Get("http://" + l.Addr().String())
		if err != nil {
			answers <- err.Error()
			return
		}
		defer response.Body.Close()
		text, _ := io.ReadAll(response.Body)
		answers <- string(text)
	}()
	<-begun
	cancel()
	close(finish)
	if got := <-answers; got != "done" {
		t.Errorf("the request under way got %q", got)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestReady(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenPacket("unixgram", path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := ready(path); err != nil {
		t.Fatal(err)
	}
	text := make([]byte, 100)
	n, _, err := conn.ReadFrom(text)
	if err != nil || string(text[:n]) != "READY=1" {
		t.Errorf("told %q: %v", text[:n], err)
	}
	if err := ready(""); err != nil {
		t.Errorf("with nobody to tell: %v", err)
	}
	if err := ready(path + "x"); err == nil {
		t.Error("somebody who is not there was told")
	}
}
