package engine

import (
	"testing"
	"time"
)

// Sources are asked often enough to be quick, and in a long watch so rarely that it can be judged again.
func TestHowOftenSourcesAreAsked(t *testing.T) {
	t.Parallel()
	for most, want := range map[time.Duration]time.Duration{
		0: 100 * time.Millisecond, 10 * time.Second: time.Second, 2 * time.Minute: 5 * time.Second, 8 * time.Hour: 5 * time.Second,
		16 * time.Hour: 10 * time.Second, 24 * time.Hour: 15 * time.Second, 30 * 24 * time.Hour: 15 * time.Second,
	} {
		if got := every(most); got != want {
			t.Errorf("a bake of %s: every %s, want %s", most, got, want)
		}
	}
}
