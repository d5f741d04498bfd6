package chat

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/textproto"
	"strings"
	"time"

	"github.com/slipway-deploy/slipway/internal/notify"
)

// compose makes a mail, the same bytes for the same message. The first of a rollout
// bears the thread's id, and the others refer to it, whichever came first.
func (e *Email) compose(m notify.Message, first bool) (id string, mail []byte, err error) {
	thread, id := e.id(m.Rollout), e.id(m.Key)
	if first {
		id = thread
	}
	var b bytes.Buffer
	header := func(name, value string) { fmt.Fprintf(&b, "%s: %s\r\n", name, value) }
	header("From", "Slipway <"+e.From+">")
	header("To", strings.Join(e.To, ", "))
	header("Subject", mime.QEncoding.Encode("utf-8", subject(m, first)))
	header("Date", m.At.UTC().Format(time.RFC1123Z))
	header("Message-ID", id)
	if !first {
		header("In-Reply-To", thread)
		header("References", thread)
	}
	header("Auto-Submitted", "auto-generated")
	header("MIME-Version", "1.0")
	w := multipart.NewWriter(&b)
	sum := sha256.Sum256([]byte("parts of " + m.Key))
	if err := w.SetBoundary(hex.EncodeToString(sum[:16])); err != nil {
		return "", nil, fmt.Errorf("make a mail: %w", err)
	}
	header("Content-Type", `multipart/alternative; boundary="`+w.Boundary()+`"`)
	b.WriteString("\r\n")
	if err := part(w, "text/plain", m.Plain()+"\n"); err != nil {
		return "", nil, err
	}
	if err := part(w, "text/html", page(m)); err != nil {
		return "", nil, err
	}
	if err := w.Close(); err != nil {
		return "", nil, fmt.Errorf("make a mail: %w", err)
	}
	return id, b.Bytes(), nil
}

// id is the Message-ID of a key.
func (e *Email) id(key string) string {
	sum := sha256.Sum256([]byte(key))
	_, domain, _ := strings.Cut(e.From, "@")
	return "<" + hex.EncodeToString(sum[:16]) + "@" + domain + ">"
}

// subject is the same for all mails of a rollout, or some readers would not show them
// as one thread. What went wrong is worth a line of its own.
func subject(m notify.Message, first bool) string {
	if m.Severity == notify.Bad || m.Version == "" {
		return m.Headline
	}
	s := m.Service + " " + m.Version + " in " + m.Environment
	if !first {
		s = "Re: " + s
	}
	return s
}

func part(w *multipart.Writer, kind, text string) error {
	p, err := w.CreatePart(textproto.MIMEHeader{
		"Content-Type": {kind + "; charset=utf-8"}, "Content-Transfer-Encoding": {"quoted-printable"},
	})
	if err != nil {
		return fmt.Errorf("make a mail: %w", err)
	}
	q := quotedprintable.NewWriter(p)
	if _, err := q.Write([]byte(text)); err != nil {
		return fmt.Errorf("make a mail: %w", err)
	}
	return q.Close()
}

// page is a message as a page for mail readers, which know no style sheets.
func page(m notify.Message) string {
	var b strings.Builder
	b.WriteString(`<!doctype html><html><body style="margin:0;padding:16px;font:15px/1.5 sans-serif;color:#1d2733">`)
	fmt.Fprintf(&b, `<div style="border-left:5px solid %s;padding:2px 0 2px 14px;max-width:640px">`, shade(m.Severity))
	if m.Text != "" {
		b.WriteString(notify.Lines(m.Text) + `</div></body></html>` + "\n")
		return b.String()
	}
	b.WriteString(`<div style="font-size:17px;font-weight:bold">` + html.EscapeString(m.Headline) + `</div>`)
	b.WriteString(`<table style="margin-top:8px;border-collapse:collapse;font-size:14px">`)
	for _, f := range m.Facts() {
		fmt.Fprintf(&b, `<tr><td style="padding:1px 14px 1px 0;color:#667">%s</td><td>%s</td></tr>`, html.EscapeString(f.Name), html.EscapeString(f.Value))
	}
	b.WriteString(`</table>`)
	if commits := m.Commits(); len(commits) > 0 {
		b.WriteString(`<ul style="margin:8px 0;padding-left:20px;font-size:14px">`)
		for _, c := range commits {
			b.WriteString(`<li>` + html.EscapeString(c) + `</li>`)
		}
		b.WriteString(`</ul>`)
	}
	if m.Link != "" {
		fmt.Fprintf(&b, `<p style="margin:10px 0 0"><a href="%s">look at the rollout</a></p>`, html.EscapeString(m.Link))
	}
	b.WriteString(`</div></body></html>` + "\n")
	return b.String()
}
