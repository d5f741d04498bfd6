package channel_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/notify"
	"github.com/slipway-deploy/slipway/internal/notify/channel"
	"github.com/slipway-deploy/slipway/internal/notify/notifytest"
)

// TestSecrets: no way to fail tells a secret, also when the other side says it back.
func TestSecrets(t *testing.T) {
	t.Parallel()
	faults := map[string]notifytest.Fault{
		"401": notifytest.Status(http.StatusUnauthorized), "404": notifytest.Status(http.StatusNotFound),
		"429": notifytest.Status(http.StatusTooManyRequests, "Retry-After", "7"), "500": notifytest.Status(http.StatusInternalServerError),
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://elsewhere.example/"+notifytest.Token, http.StatusFound)
		},
		"half read": notifytest.HalfRead, "half answer": notifytest.HalfAnswer, "slow": notifytest.Hang,
	}
	every(t, func(t *testing.T, name string, w world) {
		s := notifytest.Serve(t, w.contract(t))
		c, resolve := w.at(name, s.URL)
		opener := channel.New(resolve)
		t.Cleanup(opener.Close)
		n, err := opener.Open(c)
		if err != nil {
			t.Fatal(err)
		}
		for fault, f := range faults {
			s.Break(f)
			err := attempt(t, n)
			if err == nil && name == "webhook" {
				continue // a request with an Idempotency-Key is sent again by net/http itself
			}
			quiet(t, fault, err)
		}
		s.Down()
		quiet(t, "down", attempt(t, n))
	})
}

// TestInvalidTLS: a certificate that nobody trusts is refused before anything is said.
func TestInvalidTLS(t *testing.T) {
	t.Parallel()
	every(t, func(t *testing.T, name string, w world) {
		s := notifytest.ServeTLS(t, w.contract(t))
		c, resolve := w.at(name, s.URL)
		opener := channel.New(resolve)
		t.Cleanup(opener.Close)
		n, err := opener.Open(c)
		if err != nil {
			t.Fatal(err)
		}
		err = attempt(t, n)
		quiet(t, "TLS", err)
		if final, _ := notify.Refused(err); final {
			t.Errorf("it is given up: %v", err)
		}
		if len(s.Requests()) > 0 {
			t.Error("it was told all the same")
		}
	})
}

func attempt(t *testing.T, n notify.Notifier) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	ending := notifytest.Ending()
	_, err := n.Send(ctx, notify.Compose(notifytest.Plan("R-7"), ending[0]), &notify.Memory{})
	return err
}

// quiet fails when an error, or what it wraps, tells the secret.
func quiet(t *testing.T, fault string, err error) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error", fault)
		return
	}
	for ; err != nil; err = errors.Unwrap(err) {
		said := fmt.Sprintf("%v %+v %#v", err, err, err)
		for _, form := range []string{notifytest.Token, url.QueryEscape(notifytest.Token), base64.StdEncoding.EncodeToString([]byte(notifytest.Token))} {
			if strings.Contains(said, form) {
				t.Errorf("%s: the error tells the secret: %s", fault, said)
			}
		}
	}
}

// TestMissingSecret: a channel whose secret is not there says which, by its name.
func TestMissingSecret(t *testing.T) {
	t.Parallel()
	w := worlds()["hipchat"]
	c, _ := w.at("deploys", "http://hipchat.example")
	c.Kind = "hipchat"
	_, err := channel.New(func(ref string) (string, error) { return "", fmt.Errorf("%s: it is not set", ref) }).Open(c)
	if err == nil || err.Error() != "channel deploys: token: env:token: it is not set" {
		t.Errorf("got %v", err)
	}
}
