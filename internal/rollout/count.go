package rollout

import (
	"fmt"
	"strings"
)

// stage is the stage the rollout is in.
func (s *State) stage() Stage { return s.Plan.Stages[s.Stage] }

// out counts the hosts that served before the rollout and do not now.
func (s *State) out() int {
	n := 0
	for i, h := range s.Hosts {
		if h.Exposure != Live && s.Plan.Hosts[i].From != "" {
			n++
		}
	}
	return n
}

// room is how many more hosts may be taken out of service now.
func (s *State) room() int { return s.Plan.MaxOut - s.out() }

// fit returns the first hosts that may be taken out together. Hosts that did not
// serve before cost no capacity.
func (s *State) fit(hosts []int) []int {
	room := s.room()
	var batch []int
	for _, i := range hosts {
		if s.Plan.Hosts[i].From != "" {
			room--
			if room < 0 {
				continue
			}
		}
		batch = append(batch, i)
	}
	return batch
}

// counted is how many hosts have counted against the budget.
func (s *State) counted() int {
	n := 0
	for _, h := range s.Hosts {
		if h.Counted {
			n++
		}
	}
	return n
}

// overBudget reports whether more hosts failed than the plan, or a person, accepts.
func (s *State) overBudget() bool { return s.counted() > max(s.Plan.Budget, s.Excused) }

// running returns the hosts that run the release and have not failed.
func (s *State) running() []int {
	var hosts []int
	for i, h := range s.Hosts {
		if h.Updated && h.Failure == "" {
			hosts = append(hosts, i)
		}
	}
	return hosts
}

// stageIsBarren reports whether a stage has hosts and none of them took the
// release: such a stage has shown nothing, whatever the budget says.
func (t *turn) stageIsBarren() bool {
	hosts := t.stage().Hosts()
	for _, name := range hosts {
		if i := t.index(name); i >= 0 && t.Hosts[i].Updated && t.Hosts[i].Failure == "" {
			return false
		}
	}
	return len(hosts) > 0
}

// blamed names the hosts that failed, each with its reason.
func (s *State) blamed() string {
	var parts []string
	for i, h := range s.Hosts {
		if h.Counted && h.Failure != "" {
			parts = append(parts, fmt.Sprintf("%s %s (%s)", s.Plan.Hosts[i].Name, h.Outcome, h.Failure))
		}
	}
	return atMost(parts, "; ")
}

// names lists hosts for a person.
func (s *State) names(hosts []int) string {
	parts := make([]string, len(hosts))
	for k, i := range hosts {
		parts[k] = s.Plan.Hosts[i].Name
	}
	return atMost(parts, ", ")
}

// atMostNamed is how many hosts a reason or a notice names.
const atMostNamed = 8

// atMost joins up to eight parts and counts the rest.
func atMost(parts []string, sep string) string {
	if len(parts) <= atMostNamed {
		return strings.Join(parts, sep)
	}
	return fmt.Sprintf("%s%sand %d more", strings.Join(parts[:atMostNamed], sep), sep, len(parts)-atMostNamed)
}
