package wire

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/slipway-deploy/slipway/internal/notify"
)

// maxAnswer is how much of an answer is read; what services say fits many times over.
const maxAnswer = 1 << 20

// Client sends requests. The zero value is not ready: use New.
type Client struct{ http *http.Client }

// New returns a client with its own connections: channels may share it.
func New() *Client {
	dial := &net.Dialer{Timeout: 10 * time.Second}
	return &Client{http: &http.Client{
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: dial.DialContext, ForceAttemptHTTP2: true,
			TLSHandshakeTimeout: 10 * time.Second, IdleConnTimeout: 30 * time.Second, MaxIdleConnsPerHost: 2,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// HTTP is the client underneath, for libraries that want one.
func (c *Client) HTTP() *http.Client { return c.http }

// Close closes idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Request is one request. Body is sent as it is.
type Request struct {
	Method string // POST when empty
	URL    string
	Header map[string]string
	Type   string // of the body; application/json when empty
	Body   []byte
}

// JSON makes a body. What channels send always can be made JSON.
func JSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("make JSON: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Post sends v as JSON.
func (c *Client) Post(ctx context.Context, to string, header map[string]string, v any) ([]byte, error) {
	body, err := JSON(v)
	if err != nil {
		return nil, err
	}
	return c.Do(ctx, Request{URL: to, Header: header, Body: body})
}

// Do sends a request and returns the body of an answer in the 200s; any other is a
// *notify.Error.
func (c *Client) Do(ctx context.Context, r Request) ([]byte, error) {
	if r.Method == "" {
		r.Method = http.MethodPost
	}
	where, err := host(r.URL)
	if err != nil {
		return nil, &notify.Error{Op: "address", Text: err.Error(), Final: true}
	}
	op := strings.ToLower(r.Method) + " to " + where
	req, err := http.NewRequestWithContext(ctx, r.Method, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return nil, &notify.Error{Op: op, Text: "the address cannot be used", Final: true}
	}
	if len(r.Body) > 0 {
		req.Header.Set("Content-Type", cmp.Or(r.Type, "application/json"))
	}
	req.Header.Set("User-Agent", "slipway")
	for k, v := range r.Header {
		req.Header.Set(k, v)
	}
	answer, err := c.http.Do(req)
	if err != nil {
		return nil, &notify.Error{Op: op, Err: bare(err)}
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return nil, refusal(op, answer, body)
	}
	if err != nil {
		return nil, &notify.Error{Op: op, Err: fmt.Errorf("the answer broke off: %w", bare(err))}
	}
	return body, nil
}

// host is the only part of a URL that errors show.
func host(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return "", errors.New("not a URL such as https://chat.example/...")
	}
	return u.Host, nil
}

// bare takes the URL off an error of net/http: it may hold a token.
func bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the connection was closed before the answer")
	}
	return err
}

// refusal makes an error of an answer that is not in the 200s.
func refusal(op string, answer *http.Response, body []byte) error {
	e := &notify.Error{Op: op, Status: answer.StatusCode, Text: words(body)}
	switch code := answer.StatusCode; {
	case code == http.StatusTooManyRequests:
		e.After = wait(answer.Header, body)
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly:
	case code >= 500:
		e.After = retryAfter(answer.Header)
	case code >= 300 && code < 400:
		e.Final, e.Text = true, "it redirects to another address"
	default:
		e.Final = true
	}
	return e
}

// words is what an answer says, in one line; a page of HTML says nothing.
func words(body []byte) string {
	text := strings.TrimSpace(strings.ToValidUTF8(string(body), "?"))
	if strings.HasPrefix(text, "<") {
		return ""
	}
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text)
	return notify.Shorten(strings.Join(strings.Fields(text), " "), 200)
}
