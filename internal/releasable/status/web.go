package status

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Pace bounds how long is waited. A zero field means its default.
type Pace struct {
	Request time.Duration // for one answer: 15 s
	Again   time.Duration // before a question is asked again: 1 s, then twice that
	Most    time.Duration // as long as a source may ask to wait: 1 min
	Tries   int           // of one question: 4
}

func (p Pace) filled() Pace {
	if p.Request <= 0 {
		p.Request = 15 * time.Second
	}
	if p.Again <= 0 {
		p.Again = time.Second
	}
	if p.Most <= 0 {
		p.Most = time.Minute
	}
	if p.Tries <= 0 {
		p.Tries = 4
	}
	return p
}

const (
	perPage   = 100
	mostPages = 50
	largest   = 16 << 20 // bytes of one answer
)

// web asks one API.
type web struct {
	name    string // GitHub, for errors
	base    *url.URL
	header  http.Header
	unknown int // status that says that there is no such commit
	pace    Pace
	client  *http.Client
}

func newWeb(name, address string, unknown int, header http.Header, pace Pace) (*web, error) {
	base, err := url.Parse(strings.TrimRight(address, "/"))
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" || base.User != nil {
		return nil, fmt.Errorf("ask %s: its address is no http:// or https:// URL without a user", name)
	}
	header.Set("User-Agent", "slipway")
	w := &web{name: name, base: base, header: header, unknown: unknown, pace: pace.filled()}
	w.client = &http.Client{Timeout: w.pace.Request, CheckRedirect: w.redirected}
	return w, nil
}

// redirected follows an API that has moved on its own host: the token goes to no other.
func (w *web) redirected(r *http.Request, via []*http.Request) error {
	if r.URL.Host != w.base.Host || r.URL.Scheme != w.base.Scheme {
		return fmt.Errorf("it sends to another host, %s", r.URL.Host)
	}
	if len(via) > 5 {
		return errors.New("it sends in circles")
	}
	return nil
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// page asks one question, again when that may help, and reads the JSON of a good answer.
// found is false when the API does not know what was asked for.
func (w *web) page(ctx context.Context, path string, query url.Values, into any) (header http.Header, found bool, err error) {
	target := strings.TrimRight(w.base.String(), "/") + path + "?" + query.Encode()
	again := w.pace.Again
	for try := 1; ; try++ {
		a, err := w.once(ctx, target)
		wait, retry := again, err != nil
		if err == nil {
			wait, retry = w.held(a, again)
		}
		switch {
		case err == nil && a.status == http.StatusOK:
			if err := json.Unmarshal(a.body, into); err != nil {
				return nil, false, fmt.Errorf("ask %s at %s: its answer is not what its interface says: %w", w.name, w.base.Host, err)
			}
			return a.header, true, nil
		case err == nil && a.status == w.unknown:
			return a.header, false, nil
		case err == nil && !retry:
			return nil, false, w.refused(a)
		case retry && wait > w.pace.Most:
			return nil, false, fmt.Errorf("ask %s at %s: %w: for %s", w.name, w.base.Host, ErrBusy, wait.Round(time.Second))
		case try >= w.pace.Tries && err != nil:
			return nil, false, fmt.Errorf("ask %s: %w", w.name, err)
		case try >= w.pace.Tries:
			return nil, false, w.refused(a)
		}
		if err := sleep(ctx, wait); err != nil {
			return nil, false, fmt.Errorf("ask %s at %s: %w", w.name, w.base.Host, err)
		}
		again *= 2
	}
}

// once asks a question once.
func (w *web) once(ctx context.Context, target string) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return answer{}, err
	}
	req.Header = w.header.Clone()
	resp, err := w.client.Do(req)
	if err != nil {
		var inner *url.Error // names the address with its query, which is of no use
		if errors.As(err, &inner) {
			err = inner.Err
		}
		return answer{}, fmt.Errorf("%s does not answer: %w", w.base.Host, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, largest+1))
	if err == nil && len(body) > largest {
		err = fmt.Errorf("it is larger than %d MB", largest>>20)
	}
	if err != nil {
		return answer{}, fmt.Errorf("read the answer of %s: %w", w.base.Host, err)
	}
	return answer{resp.StatusCode, resp.Header, body}, nil
}

// held reports whether a question is to be asked again, and after how long: the API has
// had too many, or is out of order for a moment.
func (w *web) held(a answer, again time.Duration) (time.Duration, bool) {
	limited := a.status == http.StatusTooManyRequests ||
		a.status == http.StatusForbidden && (a.header.Get("Retry-After") != "" || a.header.Get("X-RateLimit-Remaining") == "0")
	if !limited {
		return again, a.status == 502 || a.status == 503 || a.status == 504
	}
	if seconds, err := strconv.Atoi(a.header.Get("Retry-After")); err == nil {
		return time.Duration(seconds) * time.Second, true
	}
	if at, err := http.ParseTime(a.header.Get("Retry-After")); err == nil {
		return max(time.Until(at), 0), true
	}
	for _, name := range []string{"X-RateLimit-Reset", "RateLimit-Reset"} { // GitHub, GitLab
		if seconds, err := strconv.ParseInt(a.header.Get(name), 10, 64); err == nil {
			return max(time.Until(time.Unix(seconds, 0)), 0) + time.Second, true
		}
	}
	return again, true
}

// refused says why there is no answer. What the API writes is not shown: it may say
// anything.
func (w *web) refused(a answer) error {
	why := ""
	switch a.status {
	case http.StatusUnauthorized:
		why = ": the token is not valid"
	case http.StatusForbidden:
		why = ": the token does not allow it"
	case http.StatusNotFound:
		why = ": there is no such repository, or the token does not see it"
	}
	return fmt.Errorf("ask %s at %s: it answers %d%s", w.name, w.base.Host, a.status, why)
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// repository checks OWNER/NAME and escapes its parts.
func repository(name string, groups bool) ([]string, error) {
	parts := strings.Split(name, "/")
	ok := len(parts) == 2 || groups && len(parts) > 2
	for _, p := range parts {
		ok = ok && p != "" && p != "." && p != ".."
	}
	if !ok {
		return nil, fmt.Errorf("repository %q: it is written as OWNER/NAME", name)
	}
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return parts, nil
}

func pageQuery(size string, n int) url.Values {
	return url.Values{size: {strconv.Itoa(perPage)}, "page": {strconv.Itoa(n)}}
}
