package method

import (
	"errors"

	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// Facts is what asking one host for its facts gave: facts, or why there are none.
type Facts struct {
	Facts   *host.FactsOf   // nil unless Outcome is ok
	Outcome rollout.Outcome // ok, failed, unreachable
	Reason  string          // one line; set for every outcome but ok
}

// FactsOf returns what an answer to a request for facts means.
func FactsOf(r host.Response) Facts {
	if r.Code != host.CodeOK {
		return Facts{Outcome: rollout.Failed, Reason: Reason(r)}
	}
	if r.Facts == nil {
		return Facts{Outcome: rollout.Failed, Reason: errNoFacts.Error()}
	}
	return Facts{Facts: r.Facts, Outcome: rollout.OK}
}

var errNoFacts = errors.New("the helper answered ok, and without facts")
