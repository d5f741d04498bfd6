package chat

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"net"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/notify"
	"github.com/slipway-deploy/slipway/internal/notify/notifytest"
	"github.com/slipway-deploy/slipway/lab/process/processtest"
)

// server is an SMTP server of aiosmtpd that wants STARTTLS and a login, and keeps each
// mail in a file.
const server = `
import asyncio, pathlib, ssl, sys
from aiosmtpd.smtp import SMTP, AuthResult
where, port = pathlib.Path(sys.argv[1]), int(sys.argv[2])
count = 0
class Keep:
    async def handle_DATA(self, server, session, envelope):
        global count
        if envelope.mail_from != 'slipway@example.com':
            return '550 not from you'
        count += 1
        (where / ('%03d.part' % count)).write_bytes(envelope.original_content)
        (where / ('%03d.part' % count)).rename(where / ('%03d.eml' % count))
        return '250 kept'
def auth(server, session, envelope, mechanism, data):
    ok = data.login == b'bot' and data.password == sys.argv[3].encode()
    return AuthResult(success=ok, handled=ok)
tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
tls.load_cert_chain(where / 'cert.pem', where / 'key.pem')
def make():
    return SMTP(Keep(), hostname='mail.example', tls_context=tls, require_starttls=True, authenticator=auth, auth_required=True, auth_require_tls=True)
async def main():
    s = await asyncio.get_running_loop().create_server(make, '127.0.0.1', port)
    await s.serve_forever()
asyncio.run(main())
`

// startSMTP returns the server's address, where it keeps mails, and who vouches for it.
func startSMTP(t *testing.T) (address, dir string, trust *tls.Config) {
	t.Helper()
	processtest.Program(t, "aiosmtpd", "python3-aiosmtpd")
	dir, at := t.TempDir(), processtest.Free(t, processtest.Loopback)
	trust = certificate(t, dir)
	file := filepath.Join(dir, "server.py")
	if err := os.WriteFile(file, []byte(server), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &processtest.Server{Dir: dir, Address: at.String(), Args: []string{"/usr/bin/python3", "-W", "ignore", file, dir, fmt.Sprint(at.Port), notifytest.Token}}
	s.Start(t)
	return at.String(), dir, trust
}

func certificate(t *testing.T, dir string) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail.example"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
	for name, text := range map[string][]byte{"cert.pem": certPEM, "key.pem": keyPEM} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(certPEM)
	return &tls.Config{RootCAs: pool}
}

// TestEmail: a real server gets every mail of a rollout, in one thread, and a second
// copy of one is recognisable.
func TestEmail(t *testing.T) {
	t.Parallel()
	address, dir, trust := startSMTP(t)
	e := &Email{
		Server: address, From: "slipway@example.com", To: []string{"ops@example.com", "dev@example.com"},
		User: "bot", Password: notifytest.Token, StartTLS: "required", TLS: trust,
	}
	plan := notifytest.Plan("R-7")
	var memory notify.Memory
	for _, n := range notifytest.Notices() {
		if _, err := e.Send(t.Context(), notify.Compose(plan, n), &memory); err != nil {
			t.Fatal(err)
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.eml"))
	if err != nil || len(files) != len(notifytest.Notices()) {
		t.Fatalf("%d mails, want %d", len(files), len(notifytest.Notices()))
	}
	slices.Sort(files)
	thread := ""
	for i, file := range files {
		m := read(t, file)
		headline := notify.Compose(plan, notifytest.Notices()[i]).Headline
		if first, _, _ := strings.Cut(m.parts["text/plain"], "\n"); strings.TrimSpace(first) != headline {
			t.Errorf("mail %d begins %q, want %q", i, first, headline)
		}
		if strings.Contains(m.parts["text/html"], "<b>fast") || !strings.Contains(m.parts["text/html"], "</html>") {
			t.Errorf("mail %d has the HTML %s", i, m.parts["text/html"])
		}
		if i == 0 {
			thread = m.header.Get("Message-ID")
		} else if m.header.Get("In-Reply-To") != thread || m.header.Get("Message-ID") == thread {
			t.Errorf("mail %d is not in the thread %s: %v", i, thread, m.header)
		}
	}
}

type received struct {
	header mail.Header
	parts  map[string]string
}

func read(t *testing.T, file string) received {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	kind, options, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("%s: %v", kind, err)
	}
	r := received{header: m.Header, parts: map[string]string{}}
	for parts := multipart.NewReader(m.Body, options["boundary"]); ; {
		p, err := parts.NextPart()
		if err == io.EOF {
			return r
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(p)
		if err != nil {
			t.Fatal(err)
		}
		kind, _, _ := mime.ParseMediaType(p.Header.Get("Content-Type"))
		r.parts[kind] = string(text)
	}
}

// TestEmailRefused: what the server refuses, and what we refuse of it.
func TestEmailRefused(t *testing.T) {
	t.Parallel()
	address, dir, trust := startSMTP(t)
	good := Email{Server: address, From: "slipway@example.com", To: []string{"ops@example.com"}, User: "bot", Password: notifytest.Token, StartTLS: "required", TLS: trust}
	for name, c := range map[string]struct {
		change func(*Email)
		want   string
		final  bool
	}{
		"password":    {func(e *Email) { e.Password = "wrong-CANARY" }, "535", true},
		"sender":      {func(e *Email) { e.From = "else@example.com" }, "550", true},
		"no login":    {func(e *Email) { e.User = "" }, "530", true},
		"plain":       {func(e *Email) { e.StartTLS = "never" }, "", true},
		"certificate": {func(e *Email) { e.TLS = nil }, "certificate", false},
		"down":        {func(e *Email) { e.Server = processtest.Free(t, processtest.Loopback).String() }, "refused", false},
	} {
		e := good
		c.change(&e)
		_, err := e.Send(t.Context(), notify.Compose(notifytest.Plan("R-7"), notifytest.Notices()[0]), &notify.Memory{})
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "CANARY") {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
		if final, _ := notify.Refused(err); final != c.final {
			t.Errorf("%s: final is %v: %v", name, final, err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.eml")); len(left) > 0 {
		t.Errorf("it was mailed all the same: %v", left)
	}
}

// TestEmailSame: the same message is the same mail, byte for byte.
func TestEmailSame(t *testing.T) {
	t.Parallel()
	e := &Email{From: "slipway@example.com", To: []string{"ops@example.com"}}
	m := notify.Compose(notifytest.Plan("R-7"), notifytest.Notices()[11])
	id, one, err := e.compose(m, false)
	if err != nil {
		t.Fatal(err)
	}
	again, two, err := e.compose(m, false)
	if err != nil || id != again || !bytes.Equal(one, two) {
		t.Errorf("%s and %s, %v", id, again, err)
	}
	m.By, m.Headline, m.Severity = "x", "one\r\nBcc: all@example.com", notify.Bad
	_, evil, err := e.compose(m, true)
	if err != nil {
		t.Fatal(err)
	}
	if header, _, _ := bytes.Cut(evil, []byte("\r\n\r\n")); bytes.Contains(header, []byte("\nBcc:")) {
		t.Errorf("a headline became a header:\n%s", header)
	}
}
