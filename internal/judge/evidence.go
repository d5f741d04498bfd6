package judge

import (
	"math"
	"time"
)

// factors are the alternatives that a null hypothesis is tried against at once:
// how many times the tolerated rate. Evidence is the mean over them, so none has to
// be guessed, and the price for not knowing is at most ln 8.
const alternatives = 8

func factors() [alternatives]float64 {
	return [alternatives]float64{1.25, 1.5, 2, 3, 5, 10, 30, 100}
}

// weighing is the logarithms of the likelihood ratios, one an alternative.
type weighing [alternatives]float64

// add multiplies each likelihood ratio by what one tick says about it.
// Counts that come in bursts are worth less: their logarithms are divided.
func (w weighing) add(increment func(d float64) float64, dispersion float64) weighing {
	for j, f := range factors() {
		w[j] += increment(math.Log(f)) / dispersion
	}
	return w
}

// log is the logarithm of the mean of the likelihood ratios.
func (w weighing) log() float64 { return logMean(w[:]) }

// worse tells how much likelier a tick is when the canary's rate is e^d times the
// tolerated ratio r of the baseline's, given how many events there were: x of the
// canary on exposure a, y of the baseline on b. Drift that both arms share cancels.
func worse(x, a, y, b, r float64) func(d float64) float64 {
	q := r * a / (r*a + b)
	return func(d float64) float64 { return d*x - (x+y)*math.Log1p(q*math.Expm1(d)) }
}

// better is worse mirrored: e^-d times the ratio.
func better(x, a, y, b, r float64) func(d float64) float64 {
	up := worse(x, a, y, b, r)
	return func(d float64) float64 { return up(-d) }
}

// above tells how much likelier x events on exposure a are when the rate is e^d
// times p. The form is Poisson's, which is on the safe side for requests too: each of
// them fails or does not.
func above(x, a, p float64) func(d float64) float64 {
	return func(d float64) float64 { return d*x - a*p*math.Expm1(d) }
}

// below is above mirrored: e^-d times p.
func below(x, a, p float64) func(d float64) float64 {
	up := above(x, a, p)
	return func(d float64) float64 { return up(-d) }
}

// copiesLimit bounds what a state holds, however long it is watched.
const copiesLimit = 240

// Process is evidence that is also counted from anew every so often. Copy s has the weight
// 6/(pi s)^2; those weights sum to 1, and a copy that has not begun counts as 1, so
// the whole is again an e-process.
type Process struct {
	Copies []weighing `json:"copies,omitempty"`
}

// add adds a tick to all copies, after beginning those that are due at its start.
// The slice is never shared with the Process it came from.
func (p Process) add(began, fresh time.Duration, increment func(d float64) float64, dispersion float64) Process {
	due := min(1+int(began/fresh), copiesLimit)
	copies := make([]weighing, max(due, len(p.Copies)))
	copy(copies, p.Copies)
	for i := range copies {
		copies[i] = copies[i].add(increment, dispersion)
	}
	return Process{copies}
}

// log is the logarithm of the weighted mean of all copies, begun or not.
func (p Process) log() float64 {
	rest := 1.0
	logs := make([]float64, 0, len(p.Copies)+1)
	for i, c := range p.Copies {
		w := 6 / (math.Pi * math.Pi * float64(i+1) * float64(i+1))
		rest -= w
		logs = append(logs, math.Log(w)+c.log())
	}
	logs = append(logs, math.Log(max(rest, math.SmallestNonzeroFloat64)))
	return logSum(logs)
}

// logSum is ln(sum e^v), without overflow.
func logSum(logs []float64) float64 {
	top := math.Inf(-1)
	for _, v := range logs {
		top = max(top, v)
	}
	sum := 0.0
	for _, v := range logs {
		sum += math.Exp(v - top)
	}
	return top + math.Log(sum)
}

// logMean is ln of the mean of e^v; 0, which is no evidence, of none.
func logMean(logs []float64) float64 {
	if len(logs) == 0 {
		return 0
	}
	return logSum(logs) - math.Log(float64(len(logs)))
}
