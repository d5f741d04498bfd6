// Package duration writes times as the manifest and people do: 15m, not 15m0s. Whoever shows one calls it. It reads no clock.
package duration

import (
	"strings"
	"time"
)

// Text leaves out the parts at the end that are nothing: 15m, 1h30m, 2h, 45s.
func Text(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
