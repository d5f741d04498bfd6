package channel_test

import (
	"bufio"
	"fmt"
	"html"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/mail"
	"net/textproto"
	"strings"
	"testing"

	"github.com/slipway-deploy/slipway/internal/notify"
	"github.com/slipway-deploy/slipway/internal/notify/channel"
	"github.com/slipway-deploy/slipway/internal/notify/notifytest"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// mailPage shows the mails of a rollout as a reader does: its HTML under the subject.
func mailPage(t *testing.T) string {
	t.Helper()
	address, mails := inbox(t)
	n, err := channel.New(nil).Open(rollout.Channel{Name: "email", Kind: "email", Settings: map[string]string{
		"server": address, "from": "slipway@example.com", "to": "ops@example.com", "starttls": "never",
	}})
	if err != nil {
		t.Fatal(err)
	}
	page := fmt.Sprintf(shell, "E-mail", "E-mail: one thread a rollout; what fails has a subject of its own")
	var memory notify.Memory
	for i, notice := range one() {
		if _, err := n.Send(t.Context(), notify.Compose(notifytest.Plan("R-7"), notice), &memory); err != nil {
			t.Fatal(err)
		}
		m, err := mail.ReadMessage(strings.NewReader(<-mails))
		if err != nil {
			t.Fatal(err)
		}
		if i == 2 || i == 3 {
			continue // the picture has room for so many
		}
		subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
		if err != nil {
			t.Fatal(err)
		}
		page += "<div class=mail><div class=head><b>" + html.EscapeString(subject) + "</b><br>" + html.EscapeString(m.Header.Get("From")) + "</div>" + body(t, m) + "</div>\n"
	}
	return page
}

// body is the HTML of a mail, inside its body.
func body(t *testing.T, m *mail.Message) string {
	t.Helper()
	_, options, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for parts := multipart.NewReader(m.Body, options["boundary"]); ; {
		p, err := parts.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(p)
		if err != nil {
			t.Fatal(err)
		}
		text = string(b) // HTML is the last part
	}
	_, text, _ = strings.Cut(text, "<body")
	text, _, _ = strings.Cut(text, "</body>")
	return "<div" + text + "</div>"
}

// inbox takes mails without any questions, and hands each over.
func inbox(t *testing.T) (address string, mails <-chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	out := make(chan string, 1)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			take(c, out)
		}
	}()
	return l.Addr().String(), out
}

func take(c net.Conn, out chan<- string) {
	defer c.Close()
	r := textproto.NewReader(bufio.NewReader(c))
	say := func(s string) { _, _ = io.WriteString(c, s+"\r\n") }
	say("220 here")
	for {
		line, err := r.ReadLine()
		switch {
		case err != nil:
			return
		case strings.HasPrefix(line, "DATA"):
			say("354 go on")
			text, err := io.ReadAll(r.DotReader())
			if err != nil {
				return
			}
			out <- string(text)
			say("250 kept")
		case strings.HasPrefix(line, "QUIT"):
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}
