package metric

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// graphite reads Graphite's render API. A value that is null is missing, and not zero.
type graphite struct {
	web   *web
	asked asked
}

func newGraphite(deps Deps, a asked) (*windowed, error) {
	a = a.lagged(30 * time.Second)
	return &windowed{asked: a, source: &graphite{web: newWeb(deps, a, nil), asked: a}, now: deps.Now}, nil
}

// read asks for one target; one that names a host is asked for each host, in the same request.
func (g *graphite) read(ctx context.Context, hosts []string, query string, from, to time.Time, step time.Duration) ([]track, error) {
	var targets []string
	if strings.Contains(query, "{{host}}") {
		for _, h := range hosts {
			called := g.asked.called(h)
			targets = append(targets, fmt.Sprintf("alias(%s,%s)", strings.ReplaceAll(query, "{{host}}", node(called)), quoted(called)))
		}
	} else {
		targets = []string{query}
	}
	address := join(g.asked.fill(g.asked.ask.Address), "/render")
	b, status, err := g.web.form(ctx, address, url.Values{
		"target": targets, "format": {"json"},
		// From before the first point: Graphite leaves the point of from itself out.
		"from": {strconv.FormatInt(from.Add(-2*step).Unix(), 10)}, "until": {strconv.FormatInt(to.Unix(), 10)},
	})
	if err != nil {
		return nil, err
	}
	if status != http.StatusOK {
		return nil, g.web.refused(address, status, "")
	}
	series, err := parseGraphite(b)
	if err != nil {
		return nil, err
	}
	label := g.asked.ask.Label
	if strings.Contains(query, "{{host}}") {
		label = ""
	}
	var all []track
	for _, s := range series {
		if host := s.host(label); host != "" {
			all = append(all, s.track(host, step))
		}
	}
	return all, nil
}

// node is a host's name as a part of a path, which dots would end.
func node(host string) string {
	return strings.NewReplacer(".", "_", "*", "", "{", "", "}", "").Replace(host)
}

func quoted(text string) string {
	return `"` + strings.NewReplacer(`\`, "", `"`, "").Replace(text) + `"`
}

// graphiteSeries is one series of an answer; points are [value or null, seconds].
type graphiteSeries struct {
	Target string                     `json:"target"`
	Tags   map[string]json.RawMessage `json:"tags"`
	Points [][2]*float64              `json:"datapoints"`
}

func parseGraphite(b []byte) ([]graphiteSeries, error) {
	var all []graphiteSeries
	if err := decode(b, &all); err != nil {
		return nil, err
	}
	for _, s := range all {
		for _, p := range s.Points {
			if p[1] == nil || *p[1] < 0 || *p[1] > 1e12 {
				return nil, fmt.Errorf("its answer has a point of %s without a time", oneLine(s.Target))
			}
		}
	}
	return all, nil
}

// host is whose series it is: a tag says so, or the series' name.
func (s graphiteSeries) host(tag string) string {
	if tag == "" {
		return s.Target
	}
	var name string
	if json.Unmarshal(s.Tags[tag], &name) != nil {
		return "" // it has no such tag
	}
	return name
}

// track leaves the points without a value out. The distance of the points is the
// step of the series, wherever it is stored.
func (s graphiteSeries) track(host string, standard time.Duration) track {
	t := track{host: host, step: standard}
	if len(s.Points) > 1 {
		if d := *s.Points[1][1] - *s.Points[0][1]; d >= 1 {
			t.step = time.Duration(d) * time.Second
		}
	}
	for _, p := range s.Points {
		if p[0] != nil && !math.IsNaN(*p[0]) {
			t.points = append(t.points, point{time.Unix(int64(*p[1]), 0), *p[0]})
		}
	}
	return t
}
