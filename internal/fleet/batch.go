package fleet

import (
	"cmp"
	"slices"
)

// Batch cuts hosts into waves of at most size. Each wave takes from every zone in
// proportion to its size, so that no wave empties a small zone while a large one is
// left alone.
func Batch(hosts []Host, size int) [][]Host {
	size = max(1, size)
	byZone, zones := zoned(hosts)
	type seat struct {
		host        Host
		zone        int
		twice, size int // the host is at twice/(2*size) of its zone
	}
	seats := make([]seat, 0, len(hosts))
	for z, zone := range zones {
		for i, h := range byZone[zone] {
			seats = append(seats, seat{h, z, 2*i + 1, len(byZone[zone])})
		}
	}
	slices.SortStableFunc(seats, func(a, b seat) int {
		return cmp.Or(cmp.Compare(a.twice*b.size, b.twice*a.size), cmp.Compare(a.zone, b.zone))
	})
	var waves [][]Host
	for chunk := range slices.Chunk(seats, size) {
		wave := make([]Host, len(chunk))
		for i, s := range chunk {
			wave[i] = s.host
		}
		waves = append(waves, wave)
	}
	return waves
}
