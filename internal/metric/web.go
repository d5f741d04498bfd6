package metric

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// largest bounds an answer: what is asked for is some numbers of some hosts.
const largest = 8 << 20

// web asks one system over HTTP. Its errors name the system, and hold neither queries
// nor secrets: those are not in the URL, or taken out of it.
type web struct {
	client *http.Client
	asked  asked
	sign   func(*http.Request) // puts the secrets into the headers; nil: basic or bearer
}

// newWeb makes a client that follows no redirect: a secret goes nowhere else.
func newWeb(deps Deps, a asked, sign func(*http.Request)) *web {
	c := *deps.Client
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	w := &web{client: &c, asked: a, sign: sign}
	if sign == nil {
		w.sign = w.basic
	}
	return w
}

func (w *web) basic(r *http.Request) {
	switch s := w.asked.secrets; {
	case s["token"] != "":
		r.Header.Set("Authorization", "Bearer "+s["token"])
	case s["user"] != "" || s["password"] != "":
		r.SetBasicAuth(s["user"], s["password"])
	}
}

// form posts a form, as Prometheus, Graphite and CloudWatch take their queries.
func (w *web) form(ctx context.Context, address string, form url.Values) ([]byte, int, error) {
	return w.do(ctx, http.MethodPost, address, "application/x-www-form-urlencoded", []byte(form.Encode()))
}

func (w *web) get(ctx context.Context, address string) ([]byte, int, error) {
	return w.do(ctx, http.MethodGet, address, "", nil)
}

// do returns the body and the status of an answer, whatever the status is.
func (w *web) do(ctx context.Context, method, address, content string, body []byte) ([]byte, int, error) {
	r, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, 0, errors.New("its address is no URL")
	}
	if content != "" {
		r.Header.Set("Content-Type", content)
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "slipway")
	w.sign(r)
	response, err := w.client.Do(r)
	if err != nil {
		// url.Error repeats the whole address.
		var whole *url.Error
		if errors.As(err, &whole) {
			err = whole.Err
		}
		return nil, 0, fmt.Errorf("ask %s: %w", r.URL.Host, err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, largest+1))
	if err != nil {
		return nil, 0, fmt.Errorf("ask %s: %w", r.URL.Host, err)
	}
	if len(answer) > largest {
		return nil, 0, fmt.Errorf("ask %s: the answer is larger than %d MB: ask for less", r.URL.Host, largest>>20)
	}
	return answer, response.StatusCode, nil
}

// refused says what a status means to whoever wrote the manifest.
func (w *web) refused(address string, status int, said string) error {
	place := address
	if u, err := url.Parse(address); err == nil {
		place = u.Host
	}
	hint := ""
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		hint = ": see that the secrets are right, and allow to read"
	case http.StatusNotFound:
		hint = ": see that the address is right"
	case http.StatusTooManyRequests:
		hint = ": it is asked too often; set every to more"
	}
	if said = w.asked.redact(said); said != "" {
		said = ": " + said
	}
	return fmt.Errorf("ask %s: it answered %d %s%s%s", place, status, http.StatusText(status), said, hint)
}

// join puts a path behind an address that may have one of its own.
func join(address, path string) string {
	return strings.TrimRight(address, "/") + path
}

// decode reads JSON that somebody else wrote; what is wrong is told without the document.
func decode(b []byte, into any) error {
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("its answer is not the JSON expected: %w", err)
	}
	return nil
}
