package metric

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// The servers of this file are written from the documentation of New Relic, Datadog
// and CloudWatch, and refuse what that does not have.

// hosted is a hosted system of a test, and the clock of what asks it.
type hosted struct {
	server *httptest.Server
	down   atomic.Bool
	begin  time.Time
	now    time.Time
	lag    time.Duration
}

func serve(t *testing.T, answer func(r *http.Request, body []byte) (int, string)) *hosted {
	t.Helper()
	h := &hosted{begin: time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)}
	h.now = h.begin
	h.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || h.down.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		status, text := answer(r, body)
		w.WriteHeader(status)
		io.WriteString(w, text)
	}))
	t.Cleanup(h.server.Close)
	return h
}

func (h *hosted) open(t *testing.T, m rollout.Metric) *Sources {
	t.Helper()
	s, err := New(Deps{Now: func() time.Time { return h.now }, Client: h.server.Client()}, &rollout.Plan{Service: "shop", Environment: "live"}, []rollout.Metric{m})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// first is the first look, and all of the source's lag after it: what becomes complete
// then is of the time before, when the hosts may have run something else.
func (h *hosted) first(t *testing.T, s engine.Source, hosts ...string) {
	t.Helper()
	for range 2 {
		got, err := s.Sample(t.Context(), hosts)
		if gaps := (engine.Gaps{}); got != nil || !errors.As(err, &gaps) || slices.ContainsFunc(gaps, func(g engine.Gap) bool { return !g.Early || g.Host != "" }) {
			t.Fatalf("of the time before the first look: %v, %v", got, err)
		}
		h.now = h.now.Add(h.lag)
	}
	h.now = h.now.Add(-h.lag)
}

// look is one look of a minute later, after the source's lag.
func (h *hosted) look(t *testing.T, s engine.Source, hosts ...string) (string, string) {
	t.Helper()
	h.now = h.now.Add(time.Minute)
	got, err := s.Sample(t.Context(), hosts)
	if err == nil {
		return fmt.Sprint(got), ""
	}
	return fmt.Sprint(got), err.Error()
}

// halfWay is what every such source must do: count, say so when the system is down,
// and count what it missed when it is back.
func (h *hosted) halfWay(t *testing.T, s *Sources, each, missed string) {
	t.Helper()
	hosts := []string{"web1", "web2"}
	h.first(t, s, hosts...)
	if got, err := h.look(t, s, hosts...); got != each || err != "" {
		t.Errorf("got %s (%s), want %s", got, err, each)
	}
	h.down.Store(true)
	if got, err := h.look(t, s, hosts...); got != "[]" || !strings.HasPrefix(err, "errors: ask "+h.server.Listener.Addr().String()+": it answered 503") {
		t.Errorf("down: %s, %s", got, err)
	}
	h.down.Store(false)
	if got, err := h.look(t, s, hosts...); got != missed || err != "" {
		t.Errorf("got %s (%s), want %s", got, err, missed)
	}
	if got, err := h.look(t, s, "web1", "web9"); !strings.Contains(got, "web1") || !strings.HasPrefix(err, "errors of web9: nothing is said of web9 (but of ") {
		t.Errorf("an unknown host: %s, %s", got, err)
	}
}

const (
	eachMinute = "[{web1 errors count 1 100 0 []} {web2 errors count 0 200 0 []}]"
	twoMinutes = "[{web1 errors count 2 200 0 []} {web2 errors count 0 400 0 []}]"
)

var nrqlForm = regexp.MustCompile("^SELECT count\\(\\*\\) FROM (TransactionError|Transaction) WHERE appName = '(shop)' FACET `host` SINCE (\\d+) UNTIL (\\d+) TIMESERIES (\\d+) seconds LIMIT MAX$")

func nerdGraph(r *http.Request, body []byte) (int, string) {
	if r.Method != http.MethodPost || r.URL.Path != "/graphql" || r.Header.Get("API-Key") != "NRAK-of-a-test" || r.Header.Get("Content-Type") != "application/json" {
		return http.StatusUnauthorized, ""
	}
	var q struct {
		Query     string `json:"query"`
		Variables struct {
			Account int    `json:"account"`
			NRQL    string `json:"nrql"`
		} `json:"variables"`
	}
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.DisallowUnknownFields()
	f := nrqlForm.FindStringSubmatch("")
	if err := d.Decode(&q); err == nil {
		f = nrqlForm.FindStringSubmatch(q.Variables.NRQL)
	}
	if f == nil || !strings.HasPrefix(q.Query, "query($account: Int!, $nrql: Nrql!) {") || q.Variables.Account != 42 {
		return http.StatusOK, `{"data":{"actor":{"account":{"nrql":null}}},"errors":[{"message":"NRQL Syntax Error: near NRAK-of-a-test","extensions":{"errorClass":"NRDB:1101"}}]}`
	}
	from, _ := strconv.ParseInt(f[3], 10, 64)
	to, _ := strconv.ParseInt(f[4], 10, 64)
	step, _ := strconv.ParseInt(f[5], 10, 64)
	var rows []string
	for at := from / 1000; at < to/1000; at += step {
		for host, n := range map[string]int{"web1": 1, "web2": 2} {
			if f[1] == "Transaction" {
				n *= 100
			} else if host == "web2" {
				continue // no errors: no row
			}
			rows = append(rows, fmt.Sprintf(`{"beginTimeSeconds":%d,"endTimeSeconds":%d,"count":%d,"facet":%q,"host":%q}`, at, at+step, n, host, host))
		}
	}
	return http.StatusOK, `{"data":{"actor":{"account":{"nrql":{"results":[` + strings.Join(rows, ",") + `]}}}}}`
}

func TestNewRelic(t *testing.T) {
	t.Setenv("SLIPWAY_TEST_NR", "NRAK-of-a-test")
	h := serve(t, nerdGraph)
	h.lag = time.Minute
	m := rollout.Metric{Name: "errors", Source: "newrelic", Ask: &rollout.Ask{
		Address: h.server.URL + "/graphql", Events: "SELECT count(*) FROM TransactionError WHERE appName = '{{service}}'", Exposure: "SELECT count(*) FROM Transaction WHERE appName = '{{service}}'",
		Settings: map[string]string{"account": "42"}, Secrets: map[string]string{"key": "env:SLIPWAY_TEST_NR"},
	}}
	s := h.open(t, m)
	h.halfWay(t, s, eachMinute, twoMinutes)
	past, err := s.Past(t.Context(), []string{"web1"}, h.begin.Add(-time.Hour), h.begin, 10*time.Minute)
	if err != nil || len(past) != 6 || fmt.Sprint(past[5]) != "[{web1 errors count 10 1000 0 []}]" {
		t.Errorf("the past: %v, %v", past, err)
	}
	m.Ask.Events = "SELECT nonsense"
	if _, err := s2(h, t, m); !strings.Contains(err, "NRQL Syntax Error: near [secret]") {
		t.Errorf("refused: %s", err)
	}
	t.Setenv("SLIPWAY_TEST_NR", "wrong")
	if _, err := s2(h, t, m); !strings.Contains(err, "it answered 401 Unauthorized: see that the secrets are right") || strings.Contains(err, "wrong") {
		t.Errorf("a wrong key: %s", err)
	}
}

// s2 opens a metric and looks twice.
func s2(h *hosted, t *testing.T, m rollout.Metric) (string, string) {
	t.Helper()
	s := h.open(t, m)
	h.first(t, s, "web1")
	return h.look(t, s, "web1")
}

func datadogAPI(r *http.Request, body []byte) (int, string) {
	q := r.URL.Query()
	if r.Header.Get("DD-API-KEY") != "api-of-a-test" || r.Header.Get("DD-APPLICATION-KEY") != "app-of-a-test" {
		return http.StatusForbidden, `{"errors":["Forbidden"]}`
	}
	if r.Method != http.MethodGet || r.URL.Path != "/api/v1/query" || len(body) > 0 || len(q) != 3 {
		return http.StatusBadRequest, `{"errors":["unknown parameter"]}`
	}
	from, err := strconv.ParseInt(q.Get("from"), 10, 64)
	to, err2 := strconv.ParseInt(q.Get("to"), 10, 64)
	if errors.Join(err, err2) != nil || from >= to {
		return http.StatusBadRequest, `{"errors":["from must be before to"]}`
	}
	if !regexp.MustCompile(`^sum:shop\.(errors|requests)\{env:live\} by \{host\}\.as_count\(\)\.rollup\(sum, 20\)$`).MatchString(q.Get("query")) {
		return http.StatusOK, `{"status":"error","error":"Error parsing query","res_type":"time_series","series":[]}`
	}
	var series []string
	for i, host := range []string{"web1", "web2"} {
		var points []string
		for at := from - from%20; at < to+40; at += 20 { // a point that is not over, too
			n := []string{"1", "0"}[i]
			switch {
			case strings.Contains(q.Get("query"), "requests"):
				n = []string{"100", "200"}[i]
			case at%60 != 0 && i == 0:
				n = "null"
			}
			points = append(points, fmt.Sprintf("[%d000.0,%s]", at, n))
		}
		series = append(series, fmt.Sprintf(`{"metric":"shop.errors","tag_set":["host:%s"],"scope":"env:live,host:%s","interval":20,"length":%d,"pointlist":[%s]}`, host, host, len(points), strings.Join(points, ",")))
	}
	return http.StatusOK, `{"status":"ok","res_type":"time_series","from_date":1,"to_date":2,"query":"q","message":"","group_by":["host"],"series":[` + strings.Join(series, ",") + `]}`
}

func TestDatadog(t *testing.T) {
	t.Setenv("SLIPWAY_TEST_API", "api-of-a-test")
	t.Setenv("SLIPWAY_TEST_APP", "app-of-a-test")
	h := serve(t, datadogAPI)
	h.lag = 2 * time.Minute
	query := func(name string) string {
		return "sum:{{service}}." + name + "{env:{{environment}}} by {host}.as_count().rollup(sum, 20)"
	}
	m := rollout.Metric{Name: "errors", Source: "datadog", Ask: &rollout.Ask{
		Address: h.server.URL, Events: query("errors"), Exposure: query("requests"),
		Secrets: map[string]string{"api_key": "env:SLIPWAY_TEST_API", "app_key": "env:SLIPWAY_TEST_APP"},
	}}
	// Two of three points of web1 are null: they, and their exposure, are missing.
	s := h.open(t, m)
	h.halfWay(t, s, "[{web1 errors count 1 100 0 []} {web2 errors count 0 600 0 []}]", "[{web1 errors count 2 200 0 []} {web2 errors count 0 1200 0 []}]")
	m.Ask.Settings = map[string]string{"absent": "zero"}
	if got, err := s2(h, t, m); got != "[{web1 errors count 1 300 0 []}]" || err != "" {
		t.Errorf("absent zero: %s, %s", got, err)
	}
	m.Ask.Events = "nonsense"
	if _, err := s2(h, t, m); !strings.Contains(err, "Error parsing query") {
		t.Errorf("refused: %s", err)
	}
	t.Setenv("SLIPWAY_TEST_APP", "wrong")
	if _, err := s2(h, t, m); !strings.Contains(err, "it answered 403 Forbidden: Forbidden: see that the secrets are right") || strings.Contains(err, "wrong") {
		t.Errorf("a wrong key: %s", err)
	}
}

// cloudWatchAPI minds the form of a signature; TestSignature minds its value.
func cloudWatchAPI(r *http.Request, body []byte) (int, string) {
	refuse := func(code string) (int, string) {
		return http.StatusBadRequest, `<ErrorResponse xmlns="http://monitoring.amazonaws.com/doc/2010-08-01/"><Error><Type>Sender</Type><Code>` + code + `</Code><Message>no</Message></Error></ErrorResponse>`
	}
	f := regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=AKID/(\d{8})/eu-west-1/monitoring/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature=[0-9a-f]{64}$`).FindStringSubmatch(r.Header.Get("Authorization"))
	if f == nil || !strings.HasPrefix(r.Header.Get("X-Amz-Date"), f[1]+"T") || r.Header.Get("X-Amz-Security-Token") != "session-of-a-test" {
		return refuse("IncompleteSignature")
	}
	q, err := url.ParseQuery(string(body))
	known := []string{"Action", "Version", "ScanBy", "StartTime", "EndTime", "NextToken", "MetricDataQueries.member.1.Id", "MetricDataQueries.member.1.Expression", "MetricDataQueries.member.1.Period"}
	for name := range q {
		if !slices.Contains(known, name) {
			err = errors.New(name)
		}
	}
	from, err2 := time.Parse(time.RFC3339, q.Get("StartTime"))
	to, err3 := time.Parse(time.RFC3339, q.Get("EndTime"))
	if errors.Join(err, err2, err3) != nil || q.Get("Action") != "GetMetricData" || q.Get("Version") != "2010-08-01" || q.Get("MetricDataQueries.member.1.Period") != "60" {
		return refuse("InvalidParameterValue")
	}
	page, next := "web1", "<NextToken>two</NextToken>"
	if q.Get("NextToken") == "two" {
		page, next = "web2", ""
	}
	n := map[string]int{"web1": 1, "web2": 0}[page]
	if strings.Contains(q.Get("MetricDataQueries.member.1.Expression"), "Requests") {
		n = map[string]int{"web1": 100, "web2": 200}[page]
	}
	var times, values string
	for at := from; at.Before(to); at = at.Add(time.Minute) {
		times += "<member>" + at.Format(time.RFC3339) + "</member>"
		values += fmt.Sprintf("<member>%d.0</member>", n)
	}
	return http.StatusOK, `<GetMetricDataResponse xmlns="http://monitoring.amazonaws.com/doc/2010-08-01/"><GetMetricDataResult><MetricDataResults><member><Id>q1</Id><Label>` + page +
		`</Label><Timestamps>` + times + `</Timestamps><Values>` + values + `</Values><StatusCode>Complete</StatusCode></member></MetricDataResults>` + next + `</GetMetricDataResult></GetMetricDataResponse>`
}

func TestCloudWatch(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "AKID")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret-of-a-test")
	t.Setenv("AWS_SESSION_TOKEN", "session-of-a-test")
	h := serve(t, cloudWatchAPI)
	h.lag = 2 * time.Minute
	query := func(name string) string { return `SELECT SUM(` + name + `) FROM "Shop" GROUP BY InstanceId` }
	m := rollout.Metric{Name: "errors", Source: "cloudwatch", Ask: &rollout.Ask{
		Address: "eu-west-1", Events: query("Errors"), Exposure: query("Requests"), Settings: map[string]string{"endpoint": h.server.URL},
	}}
	h.halfWay(t, h.open(t, m), eachMinute, twoMinutes)
	t.Setenv("AWS_SESSION_TOKEN", "")
	if _, err := s2(h, t, m); !strings.Contains(err, "IncompleteSignature: no") {
		t.Errorf("refused: %s", err)
	}
}

// The example "get-vanilla" of Amazon's test suite for Signature Version 4.
func TestSignature(t *testing.T) {
	t.Parallel()
	r, err := http.NewRequest(http.MethodGet, "https://example.amazonaws.com/", nil)
	if err != nil {
		t.Fatal(err)
	}
	k := awsKeys{id: "AKIDEXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}
	k.sign(r, "us-east-1", "service", time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC))
	want := "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
	if got := r.Header.Get("Authorization"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func FuzzNewRelic(f *testing.F) {
	f.Add([]byte(`{"data":{"actor":{"account":{"nrql":{"results":[{"beginTimeSeconds":0,"endTimeSeconds":60,"count":3,"facet":"web1"},{"beginTimeSeconds":60,"endTimeSeconds":120,"percentile.duration":{"95":1.5},"facet":"web1"}]}}}}}`))
	f.Add([]byte(`{"errors":[{"message":"no"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if rows, said, err := parseNewRelic(b); err == nil && said == "" {
			if all, err := facets(rows, "host"); err == nil {
				valid(t, all)
			}
		}
	})
}

func FuzzDatadog(f *testing.F) {
	f.Add([]byte(`{"status":"ok","series":[{"tag_set":["host:web1"],"interval":60,"pointlist":[[0,1.5],[60000,null]]}]}`))
	f.Add([]byte(`{"status":"error","error":"no"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if series, said, err := parseDatadog(b); err == nil && said == "" {
			var all []track
			for _, s := range series {
				all = append(all, s.track(s.host("host")))
			}
			valid(t, all)
		}
	})
}

func FuzzCloudWatch(f *testing.F) {
	_, page := cloudWatchAPI(httptest.NewRequest(http.MethodPost, "/", nil), nil)
	f.Add([]byte(page))
	f.Add([]byte(`<GetMetricDataResponse><GetMetricDataResult><MetricDataResults><member><Label>web1</Label><Timestamps><member>1970-01-01T00:01:00Z</member></Timestamps><Values><member>1.5</member></Values></member></MetricDataResults></GetMetricDataResult></GetMetricDataResponse>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if all, _, err := parseCloudWatch(b, time.Minute); err == nil {
			valid(t, all)
		}
	})
}
