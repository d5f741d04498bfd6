package metric

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// promSeries is one series of an answer: Value of an instant, Values of a range.
type promSeries struct {
	Metric map[string]string `json:"metric"`
	Value  *value            `json:"value"`
	Values []value           `json:"values"`
}

// value is [seconds, "number"].
type value struct {
	at    string
	value float64
}

func (v value) seconds() float64 {
	s, err := strconv.ParseFloat(v.at, 64)
	if err != nil {
		return -1 // before any time that is asked for
	}
	return s
}

// UnmarshalJSON reads the pair that Prometheus writes.
func (v *value) UnmarshalJSON(b []byte) error {
	var pair [2]json.RawMessage
	var at json.Number
	var text string
	if err := json.Unmarshal(b, &pair); err != nil {
		return err
	}
	if err := json.Unmarshal(pair[0], &at); err != nil {
		return fmt.Errorf("the time of a value: %w", err)
	}
	if err := json.Unmarshal(pair[1], &text); err != nil {
		return fmt.Errorf("a value: %w", err)
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return fmt.Errorf("a value: expected a number, found %q", oneLine(text))
	}
	v.at, v.value = at.String(), n
	return nil
}

// promAnswer is an answer of the HTTP API.
type promAnswer struct {
	Status string `json:"status"`
	Error  string `json:"error"`
	Data   struct {
		Type   string          `json:"resultType"`
		Result json.RawMessage `json:"result"`
	} `json:"data"`
}

// parsePrometheus reads an answer of the type that is wanted; said is Prometheus's own error.
func parsePrometheus(b []byte, want string) (series []promSeries, said string, err error) {
	var a promAnswer
	if err := decode(b, &a); err != nil {
		return nil, "", err
	}
	if a.Status != "success" {
		if a.Error == "" {
			return nil, "", fmt.Errorf("its answer has the status %q and no error", oneLine(a.Status))
		}
		return nil, a.Error, nil
	}
	if a.Data.Type == "matrix" && want == "vector" {
		return nil, "", errors.New("the query gives ranges: leave the [time] out")
	}
	if a.Data.Type != want {
		return nil, "", fmt.Errorf("the query gives a %s, and must give series with labels", oneLine(a.Data.Type))
	}
	if err := decode(a.Data.Result, &series); err != nil {
		return nil, "", err
	}
	return series, "", nil
}
