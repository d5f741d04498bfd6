package metric

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// datadog asks Datadog's query API (v1).
type datadog struct {
	web     *web
	asked   asked
	address string
}

func newDatadog(deps Deps, a asked) (*windowed, error) {
	a = a.labelled("host").lagged(2 * time.Minute)
	d := &datadog{asked: a, address: a.ask.Address}
	if d.address == "" {
		site := a.ask.Settings["site"]
		if site == "" {
			site = "datadoghq.com"
		}
		d.address = "https://api." + site
	}
	d.web = newWeb(deps, a, func(r *http.Request) {
		r.Header.Set("DD-API-KEY", a.secrets["api_key"])
		r.Header.Set("DD-APPLICATION-KEY", a.secrets["app_key"])
	})
	return &windowed{asked: a, source: d, now: deps.Now}, nil
}

func checkSite(site string) error {
	if site != "" && !regexp.MustCompile(`^[a-z0-9.-]+\.[a-z]+$`).MatchString(site) {
		return fmt.Errorf("setting site is %q, and must be a name such as datadoghq.eu", site)
	}
	return nil
}

func (d *datadog) read(ctx context.Context, _ []string, query string, from, to time.Time, _ time.Duration) ([]track, error) {
	address := join(d.address, "/api/v1/query")
	b, status, err := d.web.get(ctx, address+"?"+url.Values{
		"query": {query}, "from": {strconv.FormatInt(from.Unix(), 10)}, "to": {strconv.FormatInt(to.Unix(), 10)},
	}.Encode())
	if err != nil {
		return nil, err
	}
	series, said, err := parseDatadog(b)
	if status != http.StatusOK || said != "" {
		return nil, d.web.refused(address, status, said)
	}
	if err != nil {
		return nil, err
	}
	var all []track
	for _, s := range series {
		if host := s.host(d.asked.ask.Label); host != "" {
			all = append(all, s.track(host))
		}
	}
	if len(all) == 0 && len(series) > 0 {
		return nil, fmt.Errorf("the series are not by host: write by {%s} into the query", d.asked.ask.Label)
	}
	return all, nil
}

// datadogSeries is one series of an answer; points are [milliseconds, value or null].
type datadogSeries struct {
	Tags     []string      `json:"tag_set"`
	Interval int           `json:"interval"` // seconds
	Points   [][2]*float64 `json:"pointlist"`
}

// parseDatadog reads an answer; said is Datadog's own error.
func parseDatadog(b []byte) (series []datadogSeries, said string, err error) {
	var a struct {
		Status string          `json:"status"`
		Error  string          `json:"error"`
		Errors []string        `json:"errors"`
		Series []datadogSeries `json:"series"`
	}
	if err := decode(b, &a); err != nil {
		return nil, "", err
	}
	if len(a.Errors) > 0 {
		return nil, strings.Join(a.Errors, "; "), nil
	}
	if a.Error != "" {
		return nil, a.Error, nil
	}
	if a.Status != "ok" {
		return nil, "", fmt.Errorf("its answer has the status %q", oneLine(a.Status))
	}
	for _, s := range a.Series {
		if s.Interval <= 0 || s.Interval > 1<<20 {
			return nil, "", fmt.Errorf("its answer has a series with the interval %d", s.Interval)
		}
		for _, p := range s.Points {
			if p[0] == nil || *p[0] < 0 || *p[0] > 1e15 {
				return nil, "", fmt.Errorf("its answer has a point without a time")
			}
		}
	}
	return a.Series, "", nil
}

func (s datadogSeries) host(tag string) string {
	for _, t := range s.Tags {
		if name, value, ok := strings.Cut(t, ":"); ok && name == tag {
			return value
		}
	}
	return ""
}

func (s datadogSeries) track(host string) track {
	t := track{host: host, step: time.Duration(s.Interval) * time.Second}
	for _, p := range s.Points {
		if p[1] != nil && !math.IsNaN(*p[1]) {
			t.points = append(t.points, point{time.UnixMilli(int64(*p[0])), *p[1]})
		}
	}
	return t
}
