package channel_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-deploy/slipway/internal/notify"
	"github.com/slipway-deploy/slipway/internal/notify/channel"
	"github.com/slipway-deploy/slipway/internal/notify/notifytest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGolden holds, for every kind of channel and of notice, what goes over the wire,
// and that the vendor's contract accepts it.
func TestGolden(t *testing.T) {
	t.Parallel()
	every(t, func(t *testing.T, name string, w world) {
		s := notifytest.Serve(t, w.contract(t))
		c, resolve := w.at(name, s.URL)
		opener := channel.New(resolve)
		t.Cleanup(opener.Close)
		c.Events = nil
		n, err := opener.Open(c)
		if err != nil {
			t.Fatal(err)
		}
		plan := notifytest.Plan("R-7", c)
		var memory notify.Memory
		var out bytes.Buffer
		for _, notice := range notifytest.Notices() {
			before := len(s.Requests())
			if _, err := n.Send(t.Context(), notify.Compose(plan, notice), &memory); err != nil {
				t.Fatalf("%s: %v", notice.Kind, err)
			}
			fmt.Fprintf(&out, "=== %s\n", notice.Kind)
			for _, r := range s.Requests()[before:] {
				out.WriteString(shown(t, r, s.URL))
			}
		}
		golden(t, filepath.Join("testdata", name+".golden"), out.Bytes())
	})
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (go test -update writes it anew):\n%s", file, got)
	}
}

// shown is a request as the golden files hold it, for people to read: without what
// changes from run to run, and with JSON and forms laid out.
func shown(t *testing.T, r notifytest.Request, address string) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", r.Method, r.Path)
	for _, k := range []string{"Api-Key", "Authorization", "Content-Type", "Dd-Api-Key", "Idempotency-Key", "X-Api-Key", "X-Slipway-Event", "X-Token"} {
		if v := r.Header.Get(k); v != "" {
			fmt.Fprintf(&b, "%s: %s\n", k, v)
		}
	}
	switch kind := r.Header.Get("Content-Type"); {
	case strings.Contains(kind, "json"):
		var out bytes.Buffer
		if err := json.Indent(&out, r.Body, "", "  "); err != nil {
			t.Fatal(err)
		}
		b.WriteString(out.String() + "\n")
	case strings.Contains(kind, "form"):
		form, err := url.ParseQuery(string(r.Body))
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range slices.Sorted(func(yield func(string) bool) {
			for k := range form {
				if !yield(k) {
					return
				}
			}
		}) {
			fmt.Fprintf(&b, "%s=%s\n", k, form.Get(k))
		}
	}
	return strings.NewReplacer(address, "http://server", notifytest.Token, "TOKEN", url.QueryEscape(address), "http%3A%2F%2Fserver").Replace(b.String())
}
