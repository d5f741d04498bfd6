package wire

import (
	"net/http"
	"strconv"
	"testing"
	"time"
)

// TestWait: each service's own way to say when it may be asked again.
func TestWait(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 28, 14, 0, 0, 0, time.UTC)
	unix := func(d time.Duration) string { return strconv.FormatInt(now.Add(d).Unix(), 10) }
	for name, c := range map[string]struct {
		header map[string]string
		body   string
		want   time.Duration
	}{
		"seconds":       {map[string]string{"Retry-After": "17"}, "", 17 * time.Second},
		"date":          {map[string]string{"Retry-After": now.Add(time.Minute).Format(http.TimeFormat)}, "", time.Minute},
		"a date gone":   {map[string]string{"Retry-After": now.Add(-time.Minute).Format(http.TimeFormat)}, "", 0},
		"HipChat room":  {map[string]string{"X-Ratelimit-Remaining": "400", "X-Ratelimit-Reset": unix(4 * time.Minute), "X-Floodcontrol-Remaining": "0", "X-Floodcontrol-Reset": unix(40 * time.Second)}, "", 40 * time.Second},
		"HipChat all":   {map[string]string{"X-Ratelimit-Remaining": "0", "X-Ratelimit-Reset": unix(4 * time.Minute), "X-Floodcontrol-Remaining": "9", "X-Floodcontrol-Reset": unix(40 * time.Second)}, "", 4 * time.Minute},
		"seconds left":  {map[string]string{"X-Ratelimit-Reset": "30"}, "", 30 * time.Second},
		"Discord":       {map[string]string{"X-RateLimit-Reset-After": "0.5", "X-RateLimit-Remaining": "0"}, `{"retry_after": 0.5}`, 500 * time.Millisecond},
		"Discord body":  {nil, `{"message": "You are being rate limited.", "retry_after": 64.57}`, 64570 * time.Millisecond},
		"Telegram":      {nil, `{"ok":false,"parameters":{"retry_after":35}}`, 35 * time.Second},
		"Matrix":        {nil, `{"errcode":"M_LIMIT_EXCEEDED","retry_after_ms":2000}`, 2 * time.Second},
		"Zulip":         {nil, `{"result":"error","retry-after":28.7}`, 28700 * time.Millisecond},
		"a wrong clock": {map[string]string{"Retry-After": "86400"}, "", time.Hour},
		"nonsense":      {map[string]string{"Retry-After": "soon", "X-Ratelimit-Reset": "NaN"}, `{"retry_after":"x"}`, 0},
		"nothing":       {nil, "", 0},
	} {
		h := http.Header{}
		h.Set("Date", now.Format(http.TimeFormat))
		for k, v := range c.header {
			h.Set(k, v)
		}
		if got := wait(h, []byte(c.body)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func FuzzWait(f *testing.F) {
	f.Add("17", "1366037820", []byte(`{"retry_after":1e300}`))
	f.Fuzz(func(t *testing.T, after, reset string, body []byte) {
		h := http.Header{"Retry-After": {after}, "X-Ratelimit-Reset": {reset}}
		if d := wait(h, body); d < 0 || d > time.Hour {
			t.Errorf("wait %s", d)
		}
	})
}
