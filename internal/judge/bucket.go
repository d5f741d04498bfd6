package judge

import (
	"encoding/json"
	"fmt"
	"math"
)

// MarshalJSON writes a pair: JSON has no infinite numbers.
func (b Bucket) MarshalJSON() ([]byte, error) {
	if math.IsInf(b.AtMost, 1) {
		return json.Marshal([2]any{"+Inf", b.Count})
	}
	return json.Marshal([2]float64{b.AtMost, b.Count})
}

// UnmarshalJSON reads a pair.
func (b *Bucket) UnmarshalJSON(text []byte) error {
	var pair []json.RawMessage
	if err := json.Unmarshal(text, &pair); err != nil || len(pair) != 2 {
		return fmt.Errorf("bucket %s: wanted is [edge, count]", text)
	}
	switch edge := string(pair[0]); edge {
	case `"+Inf"`:
		b.AtMost = math.Inf(1)
	default:
		if err := json.Unmarshal(pair[0], &b.AtMost); err != nil || edge == "null" {
			return fmt.Errorf("edge %s: wanted is a number or \"+Inf\"", edge)
		}
	}
	if err := json.Unmarshal(pair[1], &b.Count); err != nil || string(pair[1]) == "null" {
		return fmt.Errorf("count %s: wanted is a number", pair[1])
	}
	return nil
}

// validBuckets wants rising edges up to +Inf and counts.
func validBuckets(buckets []Bucket) bool {
	last := math.Inf(-1)
	for _, b := range buckets {
		if !(b.AtMost > last) || !(b.Count >= 0 && finite(b.Count)) {
			return false
		}
		last = b.AtMost
	}
	return math.IsInf(last, 1)
}

// bounds is the edges, without the infinite one that all have.
func bounds(buckets []Bucket) []float64 {
	edges := make([]float64, len(buckets)-1)
	for i := range edges {
		edges[i] = buckets[i].AtMost
	}
	return edges
}

// sameBounds reports whether buckets have these edges.
func sameBounds(buckets []Bucket, edges []float64) bool {
	if len(buckets) != len(edges)+1 {
		return false
	}
	for i, e := range edges {
		if buckets[i].AtMost != e {
			return false
		}
	}
	return true
}

func observations(buckets []Bucket) float64 {
	sum := 0.0
	for _, b := range buckets {
		sum += b.Count
	}
	return sum
}

// above is how many observations are greater than a value. Within a bucket they are
// taken to be spread evenly over the logarithm.
func above(buckets []Bucket, value float64) float64 {
	sum, low := 0.0, math.Inf(-1)
	for _, b := range buckets {
		switch {
		case low >= value:
			sum += b.Count
		case b.AtMost > value && math.IsInf(b.AtMost, 1):
			// Nothing is known of where they lie: a canary is not accused of what is not seen.
		case b.AtMost > value:
			sum += b.Count * (1 - within(low, b.AtMost, value))
		}
		low = b.AtMost
	}
	return sum
}

// within is which share of a bucket is at most a value.
func within(low, high, value float64) float64 {
	if math.IsInf(low, -1) {
		low = min(0, high)
	}
	if low > 0 && value > 0 {
		return math.Log(value/low) / math.Log(high/low)
	}
	if high <= low {
		return 1
	}
	return min(1, max(0, (value-low)/(high-low)))
}

// aboveEdge is above for one of the edges itself.
func aboveEdge(buckets []Bucket, edge float64) float64 {
	sum := 0.0
	for _, b := range buckets {
		if b.AtMost > edge {
			sum += b.Count
		}
	}
	return sum
}
