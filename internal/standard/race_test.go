//go:build race

package standard

// slow reports whether the race detector makes everything slower.
func slow() bool { return true }
