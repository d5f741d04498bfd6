// Package probe asks a service how it is: its health over HTTP and the checks of a
// stage. work calls it with addresses of the host itself.
//
// It reads a bounded part of an answer, follows no redirect, uses no proxy, and
// never repeats a command.
package probe

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Host is where the requests go.
type Host struct {
	Address string // what an empty host in a URL means; "" is 127.0.0.1
	Version string // what {{version}} stands for
}

// Want is what an answer must be.
type Want struct {
	Status int               // 200 when 0
	Body   string            // must be contained in it
	Fields map[string]string // of a JSON answer; "a.b" is field b of object a
}

const (
	most      = 1 << 20         // bytes read of an answer
	oneTry    = 5 * time.Second // the longest that one request may take
	firstWait = 20 * time.Millisecond
	lastWait  = 500 * time.Millisecond
)

// URL fills in the host of a URL that has none.
func (h Host) URL(text string) (string, error) {
	text = h.fill(text)
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") {
		return "", fmt.Errorf("%q is not a URL to ask; write one like http://:8080/_status", text)
	}
	switch port := u.Port(); {
	case u.Hostname() != "":
	case port != "":
		u.Host = net.JoinHostPort(h.address(), port)
	case strings.Contains(h.address(), ":"):
		u.Host = "[" + h.address() + "]"
	default:
		u.Host = h.address()
	}
	return u.String(), nil
}

func (h Host) address() string {
	if h.Address == "" {
		return "127.0.0.1"
	}
	return h.Address
}

func (h Host) fill(text string) string { return strings.ReplaceAll(text, "{{version}}", h.Version) }

// Ask makes one request and returns what is wrong with the answer.
func (h Host) Ask(ctx context.Context, address string, want Want) error {
	address, err := h.URL(address)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, oneTry)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	request.Header.Set("User-Agent", "slipway")
	answer, err := client().Do(request)
	if err != nil {
		return plain(err)
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, most))
	if err = errors.Join(err, answer.Body.Close()); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	return h.judge(answer.StatusCode, body, want)
}

// client makes a client for one request. The host asks itself by address, where the
// certificate of its public name cannot match: it is not checked.
func client() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DisableKeepAlives: true,
			TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // see above
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// plain takes the URL out of an error of net/http: it may hold a secret.
func plain(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

func (h Host) judge(status int, body []byte, want Want) error {
	expected := want.Status
	if expected == 0 {
		expected = http.StatusOK
	}
	if status != expected {
		return fmt.Errorf("status %d, expected %d", status, expected)
	}
	if text := h.fill(want.Body); !strings.Contains(string(body), text) {
		return fmt.Errorf("the answer does not contain %q", text)
	}
	if len(want.Fields) == 0 {
		return nil
	}
	return h.fields(body, want.Fields)
}

// fields compares fields of a JSON answer, each as text.
func (h Host) fields(body []byte, want map[string]string) error {
	var answer any
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	decoder.UseNumber()
	if err := decoder.Decode(&answer); err != nil {
		return errors.New("the answer is not JSON")
	}
	for _, name := range sorted(want) {
		value, expected := field(answer, name), h.fill(want[name])
		if value != expected {
			return fmt.Errorf("%s is %q, expected %q", name, value, expected)
		}
	}
	return nil
}

// field returns a field as text; empty when there is none.
func field(answer any, name string) string {
	for part := range strings.SplitSeq(name, ".") {
		object, ok := answer.(map[string]any)
		if !ok {
			return ""
		}
		answer = object[part]
	}
	switch v := answer.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	default:
		// Of a value that was decoded from JSON, so it encodes.
		text, _ := json.Marshal(v)
		return string(text)
	}
}
