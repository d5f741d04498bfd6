package notifytest

import (
	"bytes"
	_ "embed" // the schema
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// cdevents is the schema of the events that we send: what the specification's version
// 0.4.1 says of service deployed, upgraded, rolledback and removed, in our words.
//
//go:embed cdevents.schema.json
var cdevents []byte

// CDEvents receives CloudEvents in structured mode, and CDEvents in them. It knows an
// event by its source and id.
func CDEvents() (Contract, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(cdevents))
	if err != nil {
		return nil, fmt.Errorf("read the schema: %w", err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("cdevents.json", doc); err != nil {
		return nil, fmt.Errorf("read the schema: %w", err)
	}
	schema, err := c.Compile("cdevents.json")
	if err != nil {
		return nil, fmt.Errorf("read the schema: %w", err)
	}
	var known once
	return func(r *http.Request, body []byte) (int, map[string]string, string, string) {
		if r.Header.Get("Authorization") != "Bearer "+Token {
			return denied()
		}
		if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/cloudevents+json" {
			return http.StatusUnsupportedMediaType, nil, "", ""
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
		if err != nil {
			return refuse("%v", err)
		}
		if err := schema.Validate(value); err != nil {
			return refuse("%v", err)
		}
		var e struct {
			ID, Source, Type string
			Data             struct {
				Context    struct{ ID, Source, Type string }
				CustomData struct{ Text string }
			}
		}
		if err := json.Unmarshal(body, &e); err != nil || e.ID != e.Data.Context.ID || e.Type != e.Data.Context.Type || e.Source != e.Data.Context.Source {
			return refuse("the envelope and the event differ")
		}
		if !known.first(e.Source + " " + e.ID) {
			return http.StatusAccepted, nil, "", ""
		}
		return http.StatusAccepted, nil, "", e.Data.CustomData.Text
	}, nil
}

var (
	traceID = regexp.MustCompile(`^[0-9a-fA-F]{32}$`)
	spanID  = regexp.MustCompile(`^[0-9a-fA-F]{16}$`)
)

// OTel is a collector's receiver of OTLP over HTTP in JSON: ids are hexadecimal, times
// are texts. A span of the same ids is the same span.
func OTel() Contract {
	var known once
	return func(r *http.Request, body []byte) (int, map[string]string, string, string) {
		if r.Header.Get("X-Token") != Token {
			return denied()
		}
		if r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/json" {
			return http.StatusUnsupportedMediaType, nil, "", ""
		}
		var t struct {
			ResourceSpans []struct {
				ScopeSpans []struct {
					Spans []struct {
						TraceID, SpanID, ParentSpanID, Name string
						StartTimeUnixNano, EndTimeUnixNano  string
						Status                              struct{ Message string }
					}
				}
			}
		}
		if err := json.Unmarshal(body, &t); err != nil {
			return refuse("%v", err)
		}
		told := ""
		for _, rs := range t.ResourceSpans {
			for _, ss := range rs.ScopeSpans {
				for _, s := range ss.Spans {
					from, err1 := strconv.ParseInt(s.StartTimeUnixNano, 10, 64)
					to, err2 := strconv.ParseInt(s.EndTimeUnixNano, 10, 64)
					if err1 != nil || err2 != nil || from > to || !traceID.MatchString(s.TraceID) || !spanID.MatchString(s.SpanID) || s.Name == "" {
						return refuse("a span that is none: %+v", s)
					}
					if known.first(s.TraceID + s.SpanID) {
						told = s.Name
					}
				}
			}
		}
		return http.StatusOK, map[string]string{"Content-Type": "application/json"}, "{}", told
	}
}
