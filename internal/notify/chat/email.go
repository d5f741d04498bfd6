package chat

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/smtp"
	"net/textproto"
	"strings"
	"time"

	"github.com/slipway-deploy/slipway/internal/notify"
)

// Email tells people by mail, through one SMTP server.
type Email struct {
	Server   string // host:port
	From     string
	To       []string
	User     string // empty: no login
	Password string
	StartTLS string      // required, offered or never; or tls, from the first byte
	TLS      *tls.Config // nil: the system's
}

var _ notify.Notifier = (*Email)(nil)

// Send mails the message. Every attempt has the same Message-ID, by which servers and
// readers know a second copy. The mails of a rollout are one thread.
func (e *Email) Send(ctx context.Context, m notify.Message, memory *notify.Memory) (string, error) {
	first := memory.Text == "" || memory.Text == m.Key
	id, mail, err := e.compose(m, first)
	if err != nil {
		return "", err
	}
	if err := e.mail(ctx, mail); err != nil {
		return "", e.failure(ctx, err)
	}
	if first {
		memory.Text = m.Key // its thread has begun
	}
	return id, nil
}

func (e *Email) mail(ctx context.Context, mail []byte) error {
	c, err := e.dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Mail(e.From); err != nil {
		return err
	}
	for _, to := range e.To {
		if err := c.Rcpt(to); err != nil {
			return err
		}
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(mail); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	_ = c.Quit() // the mail is accepted: how the server says goodbye changes nothing
	return nil
}

// dial connects, encrypts and logs in as configured.
func (e *Email) dial(ctx context.Context) (*smtp.Client, error) {
	host, _, err := net.SplitHostPort(e.Server)
	if err != nil {
		return nil, &notify.Error{Op: "mail through " + e.Server, Text: "the server has no port", Final: true}
	}
	settings := &tls.Config{}
	if e.TLS != nil {
		settings = e.TLS.Clone()
	}
	settings.ServerName = host
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", e.Server)
	if err != nil {
		return nil, err
	}
	if end, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(end); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	if e.StartTLS == "tls" {
		conn = tls.Client(conn, settings)
	}
	c, err := smtp.NewClient(conn, host)
	if err != nil {
		stop()
		return nil, errors.Join(err, conn.Close())
	}
	if err := e.prepare(c, settings); err != nil {
		stop()
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func (e *Email) prepare(c *smtp.Client, settings *tls.Config) error {
	offered, _ := c.Extension("STARTTLS")
	switch {
	case offered && (e.StartTLS == "required" || e.StartTLS == "offered"):
		if err := c.StartTLS(settings); err != nil {
			return err
		}
	case e.StartTLS == "required":
		return &notify.Error{Op: "mail through " + e.Server, Text: "it offers no STARTTLS, and starttls is required", Final: true}
	}
	if e.User == "" {
		return nil
	}
	offers, kinds := c.Extension("AUTH")
	if !offers {
		return &notify.Error{Op: "mail through " + e.Server, Text: "it offers no login", Final: true}
	}
	host, _, _ := net.SplitHostPort(e.Server)
	var auth smtp.Auth = smtp.PlainAuth("", e.User, e.Password, host)
	if !strings.Contains(kinds, "PLAIN") && strings.Contains(kinds, "LOGIN") {
		auth = &login{user: e.User, password: e.Password}
	}
	return c.Auth(auth)
}

// login is AUTH LOGIN, the only kind that some servers offer.
type login struct{ user, password string }

func (l *login) Start(server *smtp.ServerInfo) (string, []byte, error) {
	if !server.TLS {
		return "", nil, errors.New("the password is not sent without encryption")
	}
	return "LOGIN", nil, nil
}

func (l *login) Next(question []byte, more bool) ([]byte, error) {
	if !more {
		return nil, nil
	}
	if strings.HasPrefix(strings.ToLower(string(question)), "user") {
		return []byte(l.user), nil
	}
	return []byte(l.password), nil
}

// failure says what an SMTP error means: 4xx is for now, 5xx for good.
func (e *Email) failure(ctx context.Context, err error) error {
	op := "mail through " + e.Server
	var known *notify.Error
	var answer *textproto.Error
	switch {
	case errors.As(err, &known):
		return known
	case ctx.Err() != nil:
		return &notify.Error{Op: op, Err: ctx.Err()}
	case errors.As(err, &answer):
		text := notify.Shorten(strings.Join(strings.Fields(answer.Msg), " "), 200)
		return &notify.Error{Op: op, Status: answer.Code, Text: text, Final: answer.Code >= 500}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return &notify.Error{Op: op, Text: "the connection was closed"}
	}
	return &notify.Error{Op: op, Err: fmt.Errorf("no mail was sent: %w", err)}
}
