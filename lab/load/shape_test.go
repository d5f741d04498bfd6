package load

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// Broken requests come beside the others, all the time.
func TestBrokenRequests(t *testing.T) {
	t.Parallel()
	url := service(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Version", "1.0.0")
		if r.URL.Query().Has("broken") {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	x, err := StartShape(t.Context(), url, 400, Shape{Broken: 0.25})
	if err != nil {
		t.Fatal(err)
	}
	for x.Report().Version("1.0.0").Failed < 10 {
		wait(t.Context(), 5*time.Millisecond)
	}
	r := x.Stop()
	if v := r.Version("1.0.0"); v.OK < v.Failed || r.Sent != r.OK+r.Failed || r.Lost() != 0 {
		t.Errorf("sent %d, %+v", r.Sent, v)
	}
	if again := x.Stop(); again.Sent != r.Sent {
		t.Errorf("stopped, it sent %d more", again.Sent-r.Sent)
	}
	if _, err := StartShape(t.Context(), "nowhere", 1, Shape{}); err == nil {
		t.Error("load on nothing began")
	}
}

// Between bursts there is calm, and what a burst sent is counted after it.
func TestBursts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		// Nobody listens: requests fail, and are counted all the same.
		x, err := StartShape(t.Context(), "http://127.0.0.1:1", 1, Shape{Bursts: true})
		if err != nil {
			t.Fatal(err)
		}
		wait(t.Context(), 7*time.Second)
		if n := len(x.Report().Phases); n != 1 {
			t.Errorf("before the first burst there are %d phases, want the steady one", n)
		}
		wait(t.Context(), time.Minute)
		if n := len(x.Stop().Phases); n < 5 {
			t.Errorf("after a minute of bursts there are %d phases, want 5 at least", n)
		}
	})
}
