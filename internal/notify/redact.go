package notify

import (
	"context"
	"encoding/base64"
	"errors"
	"net/url"
	"slices"
	"strings"
)

// redacted is a Notifier whose errors and remembered texts hold none of its secrets,
// whatever the other side echoes or a library prints.
type redacted struct {
	inner Notifier
	hide  *strings.Replacer
}

// Redact returns a Notifier that keeps secrets out of all that n says. It is a second
// line: channels leave them out by themselves.
func Redact(n Notifier, secrets []string) Notifier {
	r := redacted{inner: n, hide: hider(secrets)}
	if c, ok := n.(Checker); ok {
		return redactedChecker{redacted: r, checks: c}
	}
	return r
}

func (r redacted) Send(ctx context.Context, m Message, memory *Memory) (string, error) {
	id, err := r.inner.Send(ctx, m, memory)
	memory.Text = r.hide.Replace(memory.Text)
	return r.hide.Replace(id), r.clean(err)
}

// clean rebuilds an error without secrets. The chain behind it is dropped, since any
// link of it might print them; what callers ask of it is kept.
func (r redacted) clean(err error) error {
	if err == nil {
		return nil
	}
	h := hidden{text: r.hide.Replace(oneLine(err.Error())), kept: kept(err)}
	var e *Error
	if errors.As(err, &e) {
		h.kept = &Error{After: e.After, Final: e.Final, Err: h.kept}
	}
	return h
}

// hidden is an error whose text is clean; what it unwraps to is to be asked, and not
// to be printed.
type hidden struct {
	text string
	kept error
}

func (h hidden) Error() string { return h.text }
func (h hidden) Unwrap() error { return h.kept }

// kept are the errors that callers look for.
func kept(err error) error {
	for _, k := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, k) {
			return k
		}
	}
	return nil
}

type redactedChecker struct {
	redacted
	checks Checker
}

func (r redactedChecker) Check(ctx context.Context) error { return r.clean(r.checks.Check(ctx)) }

// hider replaces secrets, as they are and as they look in URLs, headers and JSON. The
// longest go first: one may be a part of another.
func hider(secrets []string) *strings.Replacer {
	var forms []string
	for _, s := range secrets {
		if s = strings.TrimSpace(s); s == "" {
			continue
		}
		forms = append(forms, s, url.QueryEscape(s), url.PathEscape(s),
			base64.StdEncoding.EncodeToString([]byte(s)), strings.ReplaceAll(s, `"`, `\"`))
		if u, err := url.Parse(s); err == nil && u.Host != "" {
			// Of a URL that is a secret, every telling part is one.
			for part := range strings.SplitSeq(u.Path, "/") {
				if len(part) >= 8 {
					forms = append(forms, part)
				}
			}
			if u.RawQuery != "" {
				forms = append(forms, u.RawQuery)
			}
			if p, ok := u.User.Password(); ok && p != "" {
				forms = append(forms, p)
			}
		}
	}
	slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, f := range slices.Compact(forms) {
		pairs = append(pairs, f, "***")
	}
	return strings.NewReplacer(pairs...)
}
