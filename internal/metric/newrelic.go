package metric

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

// newRelic asks New Relic by NRQL, through NerdGraph.
type newRelic struct {
	web     *web
	asked   asked
	address string
	account int
}

const nrql = `query($account: Int!, $nrql: Nrql!) { actor { account(id: $account) { nrql(query: $nrql, timeout: 9) { results } } } }`

func newNewRelic(deps Deps, a asked) (*windowed, error) {
	a = a.labelled("host").lagged(time.Minute)
	n := &newRelic{asked: a, address: a.ask.Address}
	if n.address == "" {
		n.address = "https://api.newrelic.com/graphql"
		if a.ask.Settings["region"] == "eu" {
			n.address = "https://api.eu.newrelic.com/graphql"
		}
	}
	account, err := strconv.Atoi(a.ask.Settings["account"])
	if err != nil {
		return nil, errors.New("setting account must be a number")
	}
	n.account = account
	n.web = newWeb(deps, a, func(r *http.Request) { r.Header.Set("API-Key", a.secrets["key"]) })
	return &windowed{asked: a, source: n, now: deps.Now}, nil
}

// checkNRQL minds the parts of a query that are written here.
func checkNRQL(a rollout.Ask) error {
	if _, err := strconv.ParseInt(a.Settings["account"], 10, 32); err != nil {
		return fmt.Errorf("setting account is %q, and must be a number", a.Settings["account"])
	}
	if !regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.:-]*$`).MatchString("x" + a.Label) {
		return fmt.Errorf("label is %q, and must be an attribute such as host or hostname", a.Label)
	}
	own := regexp.MustCompile(`(?i)\b(FACET|SINCE|UNTIL|TIMESERIES|LIMIT|COMPARE)\b`)
	strings := regexp.MustCompile(`'[^']*'`)
	for _, q := range []string{a.Events, a.Exposure, a.Value} {
		if f := own.FindString(strings.ReplaceAllString(q, "''")); f != "" {
			return fmt.Errorf("leave %s out of the query: hosts and times are filled in", f)
		}
	}
	return nil
}

// read asks one query by host, in buckets of a step.
func (n *newRelic) read(ctx context.Context, _ []string, query string, from, to time.Time, step time.Duration) ([]track, error) {
	if buckets := int(to.Sub(from) / step); buckets > 366 {
		return nil, fmt.Errorf("%d steps are more than the 366 that NRQL gives", buckets)
	}
	text := fmt.Sprintf("%s FACET `%s` SINCE %d UNTIL %d TIMESERIES %d seconds LIMIT MAX",
		strings.TrimSpace(query), n.asked.ask.Label, from.UnixMilli(), to.UnixMilli(), int(step.Seconds()))
	body, err := json.Marshal(map[string]any{"query": nrql, "variables": map[string]any{"account": n.account, "nrql": text}})
	if err != nil {
		return nil, err
	}
	b, status, err := n.web.do(ctx, http.MethodPost, n.address, "application/json", body)
	if err != nil {
		return nil, err
	}
	rows, said, err := parseNewRelic(b)
	if status != http.StatusOK || said != "" {
		return nil, n.web.refused(n.address, status, said)
	}
	if err != nil {
		return nil, err
	}
	return facets(rows, n.asked.ask.Label)
}

// parseNewRelic reads an answer of NerdGraph; said is its own error, which comes with
// the status 200.
func parseNewRelic(b []byte) (rows []map[string]json.RawMessage, said string, err error) {
	var a struct {
		Errors []struct {
			Message string `json:"message"`
		} `json:"errors"`
		Data struct {
			Actor struct {
				Account *struct {
					NRQL *struct {
						Results []map[string]json.RawMessage `json:"results"`
					} `json:"nrql"`
				} `json:"account"`
			} `json:"actor"`
		} `json:"data"`
	}
	if err := decode(b, &a); err != nil {
		return nil, "", err
	}
	for _, e := range a.Errors {
		said += e.Message + " "
	}
	if said != "" {
		return nil, said, nil
	}
	if a.Data.Actor.Account == nil || a.Data.Actor.Account.NRQL == nil {
		return nil, "", errors.New("its answer has no results: see that the account is right")
	}
	return a.Data.Actor.Account.NRQL.Results, "", nil
}

// facets sorts rows by host.
func facets(rows []map[string]json.RawMessage, attribute string) ([]track, error) {
	by := map[string]*track{}
	for _, row := range rows {
		var host string
		if json.Unmarshal(row["facet"], &host) != nil {
			return nil, errors.New("its answer has a row without a facet")
		}
		if host == "" {
			continue // events that do not say whose they are
		}
		var begin, end float64
		if json.Unmarshal(row["beginTimeSeconds"], &begin) != nil || json.Unmarshal(row["endTimeSeconds"], &end) != nil || end <= begin || begin < 0 || end > 1e12 {
			return nil, errors.New("its answer has a row without its time")
		}
		if by[host] == nil {
			by[host] = &track{host: host, step: time.Duration(end-begin) * time.Second}
		}
		v, ok, err := number(row, attribute)
		if err != nil {
			return nil, err
		}
		if ok {
			by[host].points = append(by[host].points, point{time.Unix(int64(begin), 0), v})
		}
	}
	var all []track
	for _, host := range slices.Sorted(maps.Keys(by)) {
		all = append(all, *by[host])
	}
	return all, nil
}

// number is the one value of a row, whatever the query calls it; not ok when it is null.
func number(row map[string]json.RawMessage, attribute string) (v float64, ok bool, err error) {
	found := 0
	for name, raw := range row {
		if slices.Contains([]string{"facet", "beginTimeSeconds", "endTimeSeconds", "inspectedCount", attribute}, name) {
			continue
		}
		// A percentile comes as {"95": 1.2}.
		var inner map[string]*float64
		if json.Unmarshal(raw, &inner) == nil && len(inner) == 1 {
			for _, p := range inner {
				found++
				if p != nil {
					v, ok = *p, true
				}
			}
			continue
		}
		var n *float64
		if json.Unmarshal(raw, &n) != nil {
			return 0, false, fmt.Errorf("%s is no number: SELECT one number", oneLine(name))
		}
		found++
		if n != nil {
			v, ok = *n, true
		}
	}
	if found != 1 {
		return 0, false, fmt.Errorf("the query gives %d values, and must SELECT one", found)
	}
	return v, ok, nil
}
