package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/lab"
)

// plan replaces what a project's environment says from its stages on.
func plan(t *testing.T, info lab.Info, rest string) {
	t.Helper()
	path := filepath.Join(info.Project, "slipway.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, _, found := strings.Cut(string(text), "    stages:\n")
	if written, _, again := strings.Cut(head, "    # as this test wants it\n"); again {
		head = written
	} else if !found {
		t.Fatalf("%s has no stages:\n%s", path, text)
	}
	if err := os.WriteFile(path, []byte(head+"    # as this test wants it\n"+rest), 0o644); err != nil {
		t.Fatal(err)
	}
}

// keep imports versions of the sample.
func (p program) keep(t *testing.T, info lab.Info, versions ...string) {
	t.Helper()
	for _, v := range versions {
		file, ok := info.Artifact(v)
		if !ok {
			t.Fatalf("no artifact of %s", v)
		}
		args := []string{"build", v, "--import", file}
		if info.Format == lab.Tarball {
			args = append(args, "--arch", info.Hosts[0].Arch)
		}
		p.must(t, 0, args...)
	}
}

// answering asks every host itself which version answers there; "-" for none.
func answering(t *testing.T, info lab.Info) []string {
	t.Helper()
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	var all []string
	for _, h := range info.Hosts {
		version := "-"
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+h.Address+":"+strconv.Itoa(info.Port)+"/_status", nil)
		if err != nil {
			t.Fatal(err)
		}
		if answer, err := client.Do(request); err == nil {
			version = answer.Header.Get("X-Version")
			answer.Body.Close()
		}
		all = append(all, version)
	}
	return all
}

// standing is how every balancer has every server set, in both backends: the states
// and weights that somebody set and the health that it sees.
func standing(t *testing.T, info lab.Info) string {
	t.Helper()
	var b strings.Builder
	for _, lb := range info.Balancers {
		text := ask(t, lb.Socket, "show servers state")
		for l := range strings.Lines(text) {
			// be_id be_name srv_id srv_name srv_addr op_state admin_state uweight iweight ...
			f := strings.Fields(l)
			if len(f) < 9 || strings.HasPrefix(l, "#") {
				continue
			}
			fmt.Fprintf(&b, "%s %s/%s operational %s administrative %s weight %s of %s\n", lb.Name, f[1], f[3], f[5], f[6], f[7], f[8])
		}
	}
	if b.Len() == 0 {
		t.Fatal("no balancer shows any server")
	}
	return b.String()
}
