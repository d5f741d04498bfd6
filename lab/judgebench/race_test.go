//go:build race

package judgebench

const raceDetector = true
