package chat

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"

	"github.com/slipway-deploy/slipway/internal/notify"
	"github.com/slipway-deploy/slipway/internal/notify/wire"
)

// Webhook posts messages as JSON to an address of the user's.
type Webhook struct {
	Wire   *wire.Client
	URL    string
	Secret string           // key of the signature; empty: not signed
	Token  string           // sent as Authorization: Bearer; empty: none
	Now    func() time.Time // when it is signed
}

var _ notify.Notifier = (*Webhook)(nil)

// Envelope is what a webhook and a command are given: the message, and its standard text.
type Envelope struct {
	notify.Message
	Plain string `json:"plain"`
	Took  string `json:"took_text,omitempty"`
}

// Envelop makes the envelope of a message.
func Envelop(m notify.Message) Envelope {
	e := Envelope{Message: m, Plain: m.Plain()}
	if m.Took > 0 {
		e.Took = notify.Span(m.Took)
	}
	return e
}

// Send posts the message. Idempotency-Key is the same for every attempt: a receiver
// that keeps the last few sees each message once. The signature is the HMAC-SHA256 of
// "TIMESTAMP.BODY", so that nobody can send an old message again later.
func (w *Webhook) Send(ctx context.Context, m notify.Message, _ *notify.Memory) (string, error) {
	body, err := wire.JSON(Envelop(m))
	if err != nil {
		return "", err
	}
	header := map[string]string{"Idempotency-Key": m.Key, "X-Slipway-Event": string(m.Kind)}
	if w.Token != "" {
		header["Authorization"] = "Bearer " + w.Token
	}
	if w.Secret != "" {
		stamp := strconv.FormatInt(w.Now().Unix(), 10)
		header["X-Slipway-Timestamp"] = stamp
		header["X-Slipway-Signature"] = "sha256=" + Sign(w.Secret, stamp, body)
	}
	_, err = w.Wire.Do(ctx, wire.Request{URL: w.URL, Header: header, Body: body})
	return "", err
}

// Sign is the signature of a body that was sent at a time in Unix seconds.
func Sign(secret, stamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(stamp + "."))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}
