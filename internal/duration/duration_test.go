package duration

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestText(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "0s", 45 * time.Second: "45s", 15 * time.Minute: "15m", 10*time.Minute + time.Second: "10m1s", 2 * time.Hour: "2h", 90 * time.Minute: "1h30m",
		10*time.Hour + 10*time.Second: "10h0m10s", 100 * time.Hour: "100h", 1500 * time.Millisecond: "1.5s", -time.Minute: "-1m",
	} {
		if got := Text(d); got != want {
			t.Errorf("%v: got %s, want %s", d, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64().Draw(t, "nanoseconds"))
		if back, err := time.ParseDuration(Text(d)); err != nil || back != d {
			t.Fatalf("%v is written %s, and that is %v (%v)", d, Text(d), back, err)
		}
	})
}
