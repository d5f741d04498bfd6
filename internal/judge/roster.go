package judge

// roster numbers the hosts of a metric as they come.
type roster struct {
	names  []string
	number map[string]int
}

// of is a host's number; guess is tried first, for hosts come in the same order every time.
func (r *roster) of(name string, guess int) int {
	if guess < len(r.names) && r.names[guess] == name {
		return guess
	}
	if i, found := r.number[name]; found {
		return i
	}
	if r.number == nil {
		r.number = map[string]int{}
	}
	r.number[name] = len(r.names)
	r.names = append(r.names, name)
	return len(r.names) - 1
}

// look is what hosts did at one look, by their number; a host without an arm was not there.
type look struct {
	arms   []Arm
	counts []Count
}

// reset makes room for so many hosts, none of which was there.
func (l *look) reset(hosts int) {
	for len(l.arms) < hosts {
		l.arms, l.counts = append(l.arms, ""), append(l.counts, Count{})
	}
	clear(l.arms)
	clear(l.counts)
}

// note adds a host's count.
func (l *look) note(host int, arm Arm, c Count) {
	for len(l.arms) <= host {
		l.arms, l.counts = append(l.arms, ""), append(l.counts, Count{})
	}
	l.arms[host], l.counts[host] = arm, l.counts[host].plus(c)
}

// has reports whether an arm was there.
func (l *look) has(arm Arm) bool {
	for _, a := range l.arms {
		if a == arm {
			return true
		}
	}
	return false
}

// total is what an arm did.
func (l *look) total(arm Arm) Count {
	var sum Count
	for i, a := range l.arms {
		if a == arm {
			sum = sum.plus(l.counts[i])
		}
	}
	return sum
}

// effective is how many hosts an arm has; ones with little traffic count for little.
func (l *look) effective(arm Arm) float64 {
	sum, squares := 0.0, 0.0
	for i, a := range l.arms {
		if a == arm {
			sum, squares = sum+l.counts[i].Exposure, squares+l.counts[i].Exposure*l.counts[i].Exposure
		}
	}
	if squares == 0 {
		return 0
	}
	return sum * sum / squares
}

// calm reports whether hosts of this arm run what was live before.
func (a Arm) calm() bool { return a == Baseline || a == CanaryBefore || a == BaselineBefore }
