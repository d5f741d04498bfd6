package notify

import (
	"fmt"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

// headline says in one line what happened, where, and of a failure why: the only line
// that everybody reads.
func headline(m Message) string {
	what := m.Service + " " + m.Version
	switch m.Kind {
	case rollout.NoticePlanned:
		return what + " is planned for " + m.Environment + by(m.PlannedBy)
	case rollout.NoticeStarted:
		return what + " is going out to " + m.Environment + ": " + plural(m.Total, "host") + by(m.PlannedBy)
	case rollout.NoticeCompleted:
		return fmt.Sprintf("%s is live in %s on %d of %d hosts", what, m.Environment, m.Updated, m.Total) + because(m)
	case rollout.NoticeRestoring:
		return m.Environment + " is being put back to " + m.previous() + because(m)
	case rollout.NoticeRestored:
		return m.Environment + " is back on " + m.previous() + because(m)
	case rollout.NoticePerson:
		return "A person is needed: " + what + " in " + m.Environment + because(m)
	case rollout.NoticeReminder:
		return "Still waiting: " + what + " in " + m.Environment + because(m)
	}
	return what + " in " + m.Environment + ": " + step(m)
}

// step is the headline's end while a rollout is under way.
func step(m Message) string {
	switch m.Kind {
	case rollout.NoticeEntered:
		return "stage " + m.Stage + " begins"
	case rollout.NoticeLeft:
		if m.Verdict == "" {
			return "stage " + m.Stage + " was left without a verdict" + by(m.By) + because(m)
		}
		return "stage " + m.Stage + " " + verdict(m.Verdict) + because(m)
	case rollout.NoticeWaiting:
		return "waiting for a person" + because(m)
	case rollout.NoticePromoted:
		return "stage " + m.Stage + " was promoted" + by(m.By) + because(m)
	case rollout.NoticePaused:
		return "paused" + by(m.By) + because(m)
	case rollout.NoticeAborted:
		return "aborted" + by(m.By) + because(m)
	}
	return string(m.Kind) + because(m)
}

// previous names what production goes back to.
func (m Message) previous() string {
	if m.From == "" {
		return "no " + m.Service
	}
	return m.Service + " " + m.From
}

func verdict(v rollout.Verdict) string {
	switch v {
	case rollout.Pass:
		return "passed"
	case rollout.Fail:
		return "failed"
	case rollout.NoData:
		return "had no data"
	}
	return "was " + string(v)
}

func by(who string) string {
	if who == "" {
		return ""
	}
	return ", by " + who
}

func because(m Message) string {
	if m.Why == "" {
		return ""
	}
	return ": " + m.Why
}
