package judge

import "math"

// variance is one that was seen, and how many independent values it is from, less one.
type variance struct{ of, freedom float64 }

// fewestValues is how many values of a host tell how it wanders.
const fewestValues = 5

// wander is how rows, one of each host, wander around their means, each beside the mean of all. Those follow the values, and the more
// so the fewer there are and the longer one stays as the one before: that is made up for.
func wander(rows [][]float64) variance {
	n := shortest(rows)
	if n < fewestValues {
		return variance{}
	}
	for i := range rows {
		rows[i] = rows[i][len(rows[i])-n:]
	}
	centre(rows)
	squares, neighbours := 0.0, 0.0
	for _, row := range rows {
		for b, v := range row {
			squares += v * v
			if b > 0 {
				neighbours += v * row[b-1]
			}
		}
	}
	alike := max(0, neighbours/max(squares, math.SmallestNonzeroFloat64))
	unsure := min(0.5, (1+alike)/(1-alike)/float64(n)) // what a row's mean has of the variance
	hosts := float64(max(1, len(rows)-1))
	return variance{squares / hosts / float64(n) / (1 - unsure), hosts * (1/unsure - 1)}
}

// wanderedNow is how hosts have wandered since the warm-up: the baseline's all the time, or the canary's around a
// straight line in the last minutes (of the logarithms, or of the values, which leaks keep to), whichever is more.
func (g *level) wanderedNow(m Metric) variance {
	var canary, straight, baseline [][]float64
	for i := range g.hosts {
		h := &g.hosts[i]
		switch h.arm {
		case Baseline:
			baseline = append(baseline, g.logs(h.past, 0, m))
		case Canary:
			row := g.logs(h.past, g.grains-settled, m)
			straight = append(straight, relative(row))
			straighten(row)
			canary = append(canary, row)
		}
	}
	w, own := wander(baseline), wander(canary)
	if other := wander(straight); other.of < own.of {
		own = other
	}
	if own.of > w.of && w.freedom > 0 {
		return own
	}
	return w
}

// logs are the logarithms of the grains that have passed, from one on, without the empty ones.
func (g *level) logs(p past, from int, m Metric) []float64 {
	var logs []float64
	for i := max(0, from); i < min(g.grains, len(p)); i++ {
		if p[i].n > 0 {
			logs = append(logs, g.log(p[i].value(), m))
		}
	}
	return logs
}

// relative is how far values lie off their straight line, beside their mean; the row has their logarithms.
func relative(row []float64) []float64 {
	out, sum := make([]float64, len(row)), 0.0
	for i, v := range row {
		out[i] = math.Exp(v - row[0])
		sum += out[i]
	}
	for i := range out {
		out[i] *= float64(len(out)) / sum
	}
	straighten(out)
	return out
}

// straighten takes the straight line that fits best off a row.
func straighten(row []float64) {
	middle, both, squares := float64(len(row)-1)/2, 0.0, 0.0
	for i, v := range row {
		x := float64(i) - middle
		both, squares = both+x*v, squares+x*x
	}
	if squares == 0 {
		return
	}
	for i := range row {
		row[i] -= (float64(i) - middle) * both / squares
	}
}

func shortest(rows [][]float64) int {
	n := 0
	for i, row := range rows {
		if i == 0 || len(row) < n {
			n = len(row)
		}
	}
	return n
}

// centre takes each column's mean off it, if there are several rows, and then each row's.
func centre(rows [][]float64) {
	for b := range rows[0] {
		sum := 0.0
		for _, row := range rows {
			sum += row[b]
		}
		for _, row := range rows {
			if len(rows) > 1 {
				row[b] -= sum / float64(len(rows))
			}
		}
	}
	for _, row := range rows {
		sum := 0.0
		for _, v := range row {
			sum += v
		}
		for b := range row {
			row[b] -= sum / float64(len(row))
		}
	}
}
