package journaltest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// Run runs the suite; address returns the address of an empty journal.
func Run(t *testing.T, address func(t *testing.T) string) {
	tests := map[string]func(*testing.T, string){
		"a plan comes back":                    planComesBack,
		"one rollout at a time":                oneAtATime,
		"creating races":                       creatingRaces,
		"unknown rollouts":                     unknownRollouts,
		"a rollout runs to its end":            runsToItsEnd,
		"duplicates are skipped":               duplicatesAreSkipped,
		"results need the token":               resultsNeedTheToken,
		"refused events leave nothing":         refusedEventsLeaveNothing,
		"an ended rollout wakes alone":         endedRolloutWakesAlone,
		"requests from many processes":         requestsFromManyProcesses,
		"random results in any order":          randomResults,
		"lists":                                lists,
		"watching":                             watching,
		"leases exclude":                       leasesExclude,
		"leases end":                           leasesEnd,
		"a dead owner is replaced at once":     deadOwner,
		"tokens only grow":                     tokensOnlyGrow,
		"idle tokens":                          idleTokens,
		"tokens outgrow a lost journal":        tokensOutgrowLoss,
		"opening at the same time":             openingAtOnce,
		"odd text survives":                    oddText,
		"many hosts are written and read":      manyHosts,
		"a cancelled append changes nothing":   cancelledAppend,
		"two journals see each other's state":  twoJournals,
		"notices go with events":               noticesGoWithEvents,
		"deliveries keep their order":          deliveriesKeepTheirOrder,
		"a corrected channel does not wait":    aCorrectedChannelDoesNotWait,
		"deliveries are taken once":            deliveriesAreTakenOnce,
		"claims end":                           claimsEnd,
		"reminders come once":                  remindersComeOnce,
		"channels remember":                    channelsRemember,
		"samples are kept":                     samplesAreKept,
		"what was observed is kept for a time": observedIsKept,
		"old samples go":                       oldSamplesGo,
		"rollouts are adopted":                 adopting,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, address(t))
		})
	}
}

// Open opens a journal for the time of a test.
func Open(t testing.TB, address string) *journal.Journal {
	t.Helper()
	j, err := journal.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
	return j
}

func create(t *testing.T, j *journal.Journal, p *rollout.Plan) *rollout.Plan {
	t.Helper()
	if err := j.Create(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	return p
}

func acquire(t *testing.T, j *journal.Journal, id string) journal.Lease {
	t.Helper()
	l, err := j.Acquire(t.Context(), id, journal.Self("test"), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func load(t *testing.T, j *journal.Journal, id string) (rollout.State, int) {
	t.Helper()
	s, seq, err := j.Load(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return s, seq
}

func start() rollout.Event {
	return rollout.Event{Kind: rollout.Start, At: Epoch().Add(time.Minute)}
}

func ask(k rollout.EventKind) rollout.Event {
	return rollout.Event{Kind: k, At: Epoch().Add(time.Hour), By: "bob"}
}

func must(t *testing.T, j *journal.Journal, id string, token int64, events ...rollout.Event) journal.Applied {
	t.Helper()
	a, err := j.Append(t.Context(), id, token, events...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// text is a state in full, to compare by.
func text(t *testing.T, s rollout.State) string {
	t.Helper()
	b, err := json.Marshal(map[string]any{"plan": s.Plan, "hosts": s.Hosts, "head": s.Head})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// finish answers every command well until the rollout ends.
func finish(t *testing.T, j *journal.Journal, id string, token int64) rollout.State {
	t.Helper()
	for range 100 {
		s, _ := load(t, j, id)
		if s.Phase.Ended() {
			return s
		}
		var results []rollout.Event
		for _, p := range s.Pending {
			for i, h := range s.Hosts {
				if h.Command == p.ID {
					results = append(results, Done(p.Command, s.Plan.Hosts[i].Name))
				}
			}
		}
		must(t, j, id, token, results...)
	}
	t.Fatal("the rollout does not end")
	return rollout.State{}
}
