package judge

import (
	"math"
	"strconv"
)

// Number writes a value with at most so many digits, and from ten thousand on with a unit: 854.6M.
func Number(v float64, most int) string {
	rounded := digits(v, most) // 999990 is 1M
	size := math.Abs(rounded)
	switch {
	case size >= 1e3 && size < 1e4:
		return strconv.FormatFloat(v, 'g', max(most, 4), 64)
	case size < 1e3 || size >= 1e15:
		return strconv.FormatFloat(v, 'g', most, 64)
	case size >= 1e12:
		return plain(digits(rounded/1e12, most)) + "T"
	case size >= 1e9:
		return plain(digits(rounded/1e9, most)) + "G"
	case size >= 1e6:
		return plain(digits(rounded/1e6, most)) + "M"
	}
	return plain(digits(rounded/1e3, most)) + "k"
}

func plain(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// digits rounds to so many significant digits.
func digits(v float64, n int) float64 {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', n, 64), 64)
	if err != nil {
		return v // beyond the greatest float
	}
	return rounded
}
