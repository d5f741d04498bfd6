//go:build !race

package judgebench

const raceDetector = false
