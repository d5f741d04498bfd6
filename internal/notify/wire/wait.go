package wire

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// longest is the longest wait that a service may ask for: one that asks for a day
// has a wrong clock.
const longest = time.Hour

// wait is how long a service that was asked too often wants to be left alone, from
// whichever of the many ways to say so it uses; 0: it does not say.
func wait(h http.Header, body []byte) time.Duration {
	if d := retryAfter(h); d > 0 {
		return d
	}
	if d := seconds(h.Get("X-RateLimit-Reset-After")); d > 0 {
		return bounded(d)
	}
	// HipChat has a quota for all requests and one for a room; each says what is left.
	d := max(reset(h, "X-Ratelimit"), reset(h, "X-Floodcontrol"))
	if d > 0 {
		return bounded(d)
	}
	return bounded(inBody(body))
}

func retryAfter(h http.Header) time.Duration {
	v := h.Get("Retry-After")
	if d := seconds(v); d > 0 {
		return bounded(d)
	}
	if at, err := http.ParseTime(v); err == nil {
		return bounded(at.Sub(clock(h)))
	}
	return 0
}

// reset is when a quota is renewed, said either as a moment in Unix seconds or as how
// many seconds are left; 0 while some of it remains.
func reset(h http.Header, quota string) time.Duration {
	if left := h.Get(quota + "-Remaining"); left != "" && left != "0" {
		return 0
	}
	d := seconds(h.Get(quota + "-Reset"))
	if d < 365*24*time.Hour {
		return d
	}
	return time.Unix(0, int64(d)).Sub(clock(h))
}

// clock is the time at the service: its clock may differ from ours.
func clock(h http.Header) time.Time {
	if at, err := http.ParseTime(h.Get("Date")); err == nil {
		return at
	}
	return time.Now()
}

func seconds(text string) time.Duration {
	f, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || f != f || f <= 0 || f > 1e10 {
		return 0
	}
	return time.Duration(f * float64(time.Second))
}

// inBody reads the wait from an answer's JSON: Discord's, Telegram's, Zulip's, Matrix's.
func inBody(body []byte) time.Duration {
	var b struct {
		Seconds    float64 `json:"retry_after"`
		Dashed     float64 `json:"retry-after"`
		Millis     float64 `json:"retry_after_ms"`
		Parameters struct {
			Seconds float64 `json:"retry_after"`
		} `json:"parameters"`
	}
	if json.Unmarshal(body, &b) != nil {
		return 0
	}
	s := max(b.Seconds, b.Dashed, b.Millis/1000, b.Parameters.Seconds)
	return time.Duration(min(s, longest.Seconds()) * float64(time.Second)).Round(time.Millisecond)
}

func bounded(d time.Duration) time.Duration { return max(0, min(d, longest)) }
