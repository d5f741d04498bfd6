package metric

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"github.com/slipway-deploy/slipway/internal/secret"
)

// cloudWatch asks Amazon CloudWatch for metric data; the label of a result names the host.
type cloudWatch struct {
	web     *web
	address string
}

// pages bounds how often an answer may go on.
const pages = 20

func newCloudWatch(deps Deps, a asked) (*windowed, error) {
	a = a.lagged(2 * time.Minute)
	k, err := keysOf(a)
	if err != nil {
		return nil, err
	}
	a.secrets = map[string]string{"secret_key": k.secret, "session_token": k.session}
	c := &cloudWatch{address: a.ask.Settings["endpoint"]}
	if c.address == "" {
		c.address = "https://monitoring." + a.ask.Address + ".amazonaws.com/"
	}
	c.web = newWeb(deps, a, func(r *http.Request) { k.sign(r, a.ask.Address, "monitoring", deps.Now()) })
	return &windowed{asked: a, source: c, now: deps.Now}, nil
}

// keysOf takes the keys from where the SDKs of Amazon take them, unless secrets say otherwise.
func keysOf(a asked) (awsKeys, error) {
	k := awsKeys{id: a.secrets["access_key"], secret: a.secrets["secret_key"], session: a.secrets["session_token"]}
	if (k.id == "") != (k.secret == "") {
		return awsKeys{}, errors.New("the secrets access_key and secret_key go together")
	}
	if k.id != "" {
		return k, nil
	}
	var err error
	if k.id, err = secret.Resolve("env:AWS_ACCESS_KEY_ID"); err != nil {
		return awsKeys{}, err
	}
	if k.secret, err = secret.Resolve("env:AWS_SECRET_ACCESS_KEY"); err != nil {
		return awsKeys{}, err
	}
	if token, err := secret.Resolve("env:AWS_SESSION_TOKEN"); err == nil {
		k.session = token
	}
	return k, nil
}

func checkRegion(region string) error {
	if !regexp.MustCompile(`^[a-z0-9-]{4,40}$`).MatchString(region) {
		return fmt.Errorf("address is %q, and must be a region such as eu-west-1", oneLine(region))
	}
	return nil
}

// checkPeriod minds the periods that CloudWatch has.
func checkPeriod(every time.Duration) error {
	if every%time.Minute != 0 {
		return fmt.Errorf("every is %s, and must be whole minutes", every)
	}
	return nil
}

func (c *cloudWatch) read(ctx context.Context, _ []string, query string, from, to time.Time, step time.Duration) ([]track, error) {
	form := url.Values{
		"Action": {"GetMetricData"}, "Version": {"2010-08-01"}, "ScanBy": {"TimestampAscending"},
		"StartTime": {from.UTC().Format(time.RFC3339)}, "EndTime": {to.UTC().Format(time.RFC3339)},
		"MetricDataQueries.member.1.Id": {"q1"}, "MetricDataQueries.member.1.Expression": {query},
		"MetricDataQueries.member.1.Period": {strconv.Itoa(int(step.Seconds()))},
	}
	by := map[string]*track{}
	var order []*track
	for range pages {
		b, status, err := c.web.form(ctx, c.address, form)
		if err != nil {
			return nil, err
		}
		if status != http.StatusOK {
			return nil, c.web.refused(c.address, status, awsError(b))
		}
		page, next, err := parseCloudWatch(b, step)
		if err != nil {
			return nil, err
		}
		for _, t := range page {
			if by[t.host] == nil {
				by[t.host] = &track{host: t.host, step: step}
				order = append(order, by[t.host])
			}
			by[t.host].points = append(by[t.host].points, t.points...)
		}
		if next == "" {
			var all []track
			for _, t := range order {
				all = append(all, *t)
			}
			return all, nil
		}
		form.Set("NextToken", next)
	}
	return nil, fmt.Errorf("the answer has more than %d pages: ask for less", pages)
}

// awsError is what an error of the service says.
func awsError(b []byte) string {
	var e struct {
		Code    string `xml:"Error>Code"`
		Message string `xml:"Error>Message"`
	}
	if xml.Unmarshal(b, &e) != nil {
		return "" // not of the service: a proxy's page
	}
	return e.Code + ": " + e.Message
}

// parseCloudWatch reads one page of an answer, and the token of the next.
func parseCloudWatch(b []byte, step time.Duration) (all []track, next string, err error) {
	var a struct {
		XMLName xml.Name `xml:"GetMetricDataResponse"`
		Result  struct {
			Results []struct {
				Label  string   `xml:"Label"`
				Status string   `xml:"StatusCode"`
				Times  []string `xml:"Timestamps>member"`
				Values []string `xml:"Values>member"`
			} `xml:"MetricDataResults>member"`
			Next string `xml:"NextToken"`
		} `xml:"GetMetricDataResult"`
	}
	d := xml.NewDecoder(bytes.NewReader(b))
	if err := d.Decode(&a); err != nil && err != io.EOF {
		return nil, "", fmt.Errorf("its answer is not the XML expected: %w", err)
	}
	if a.XMLName.Local == "" {
		return nil, "", errors.New("its answer is not the XML expected: it is empty")
	}
	for _, r := range a.Result.Results {
		if r.Status == "InternalError" || r.Status == "Forbidden" {
			return nil, "", fmt.Errorf("the data of %s: %s", oneLine(r.Label), r.Status)
		}
		if len(r.Times) != len(r.Values) {
			return nil, "", fmt.Errorf("its answer has %d times and %d values of %s", len(r.Times), len(r.Values), oneLine(r.Label))
		}
		t := track{host: r.Label, step: step}
		for i := range r.Times {
			at, err := time.Parse(time.RFC3339, r.Times[i])
			if err != nil {
				return nil, "", fmt.Errorf("its answer has the time %q", oneLine(r.Times[i]))
			}
			v, err := strconv.ParseFloat(r.Values[i], 64)
			if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
				return nil, "", fmt.Errorf("its answer has the value %q", oneLine(r.Values[i]))
			}
			t.points = append(t.points, point{at, v})
		}
		all = append(all, t)
	}
	return all, a.Result.Next, nil
}
