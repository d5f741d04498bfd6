package marker

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/notify"
	"github.com/slipway-deploy/slipway/internal/notify/notifytest"
	"github.com/slipway-deploy/slipway/internal/notify/wire"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

const graphiteSettings = `import os
os.environ['GRAPHITE_STORAGE_DIR'] = %[1]q
from graphite.settings import *
SECRET_KEY = 'of a test'
STORAGE_DIR = LOG_DIR = %[1]q
WHISPER_DIR = os.path.join(STORAGE_DIR, 'whisper')
STANDARD_DIRS = [WHISPER_DIR]
INDEX_FILE = os.path.join(STORAGE_DIR, 'index')
DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': os.path.join(STORAGE_DIR, 'db')}}
CARBONLINK_HOSTS = ['127.0.0.1:%[2]d']
ALLOWED_HOSTS = ['*']
`

const carbonConf = `[cache]
STORAGE_DIR = %[1]s
CONF_DIR = %[1]s/conf
LOG_DIR = %[1]s
PID_DIR = %[1]s
LOCAL_DATA_DIR = %[1]s/whisper
USER =
MAX_CREATES_PER_MINUTE = inf
ENABLE_TAGS = False
LINE_RECEIVER_INTERFACE = 127.0.0.1
LINE_RECEIVER_PORT = %[2]d
PICKLE_RECEIVER_INTERFACE = 127.0.0.1
PICKLE_RECEIVER_PORT = %[3]d
CACHE_QUERY_INTERFACE = 127.0.0.1
CACHE_QUERY_PORT = %[4]d
`

func put(t *testing.T, text string, path ...string) {
	t.Helper()
	file := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// startGraphite starts Carbon and graphite-web.
func startGraphite(t *testing.T) (carbon, web string) {
	t.Helper()
	cache := notifytest.Program(t, "carbon-cache", "graphite-carbon")
	notifytest.Program(t, "graphite-manage", "graphite-web")
	dir := t.TempDir()
	line, query, page := notifytest.Port(t), notifytest.Port(t), notifytest.Port(t)
	put(t, "[all]\npattern = .*\nretentions = 1s:10m\n", dir, "conf", "storage-schemas.conf")
	put(t, fmt.Sprintf(carbonConf, dir, line, notifytest.Port(t), query), dir, "conf", "carbon.conf")
	put(t, "", dir, "whisper", "keep")
	put(t, fmt.Sprintf(graphiteSettings, dir, query), dir, "slipway_graphite.py")
	env := []string{"PYTHONPATH=" + dir, "DJANGO_SETTINGS_MODULE=slipway_graphite", "PYTHONDONTWRITEBYTECODE=1"}
	migrate := exec.CommandContext(t.Context(), "/usr/bin/python3", "-m", "django", "migrate", "--run-syncdb", "-v0")
	migrate.Dir, migrate.Env = dir, append(os.Environ(), env...)
	if out, err := migrate.CombinedOutput(); err != nil {
		t.Fatalf("make graphite-web's tables: %v\n%s", err, out)
	}
	notifytest.Run(t, dir, line, nil, cache, "--config=conf/carbon.conf", "--nodaemon", "start")
	address := fmt.Sprintf("127.0.0.1:%d", page)
	notifytest.Run(t, dir, page, env, "/usr/bin/python3", "-m", "django", "runserver", address, "--noreload", "--nothreading")
	return fmt.Sprintf("127.0.0.1:%d", line), "http://" + address
}

func ask(t *testing.T, to string, into any) error {
	t.Helper()
	r, err := http.Get(to)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", to, r.Status)
	}
	return json.NewDecoder(r.Body).Decode(into)
}

// TestGraphite: metrics are read back through /render, and events through /events.
func TestGraphite(t *testing.T) {
	t.Parallel()
	carbon, web := startGraphite(t)
	client := wire.New()
	t.Cleanup(client.Close)
	g := &Graphite{Wire: client, Address: carbon, Prefix: "slipway", Web: web}
	if err := g.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	plan := notifytest.Plan("R-7")
	n := rollout.Notice{Key: "9/completed", Kind: rollout.NoticeCompleted, At: time.Now().Add(-5 * time.Second), Updated: 12, Total: 12, Took: 90 * time.Second}
	m := notify.Compose(plan, n)
	for again := range 3 { // twice more, as after lost answers
		if _, err := g.Send(t.Context(), m, &notify.Memory{Again: again > 0}); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]float64{
		"slipway.production.checkout.version.2_4_1": 12, "slipway.production.checkout.version.2_4_0": 0,
		"slipway.production.checkout.duration": 90, "slipway.production.checkout.outcome.completed": 1,
		"slipway.production.checkout.events.completed": 1, "slipway.production.checkout.hosts.updated": 12,
	}
	for name, value := range want {
		notifytest.Until(t, func() error { return rendered(t, web, name, n.At, value) })
	}
	var events []struct {
		What, Data string
		Tags       []string
		When       float64
	}
	if err := ask(t, web+"/events/get_data?tags=slipway&from=-1h", &events); err != nil {
		t.Fatal(err)
	}
	if len(events) != 1 || events[0].What != m.Headline || events[0].Data != m.Plain() || int64(events[0].When) != n.At.Unix() {
		t.Errorf("events are %+v", events)
	}
}

func rendered(t *testing.T, web, name string, at time.Time, want float64) error {
	t.Helper()
	var series []struct{ Datapoints [][2]*float64 }
	query := url.Values{"target": {name}, "format": {"json"}, "from": {"-1min"}}
	if err := ask(t, web+"/render?"+query.Encode(), &series); err != nil {
		return err
	}
	for _, s := range series {
		for _, p := range s.Datapoints {
			if p[0] != nil && int64(*p[1]) == at.Unix() {
				if *p[0] != want {
					t.Fatalf("%s is %g, want %g", name, *p[0], want)
				}
				return nil
			}
		}
	}
	return fmt.Errorf("%s has no value at %d: %d series", name, at.Unix(), len(series))
}

// TestGraphiteDown: errors say where, and no half is called done.
func TestGraphiteDown(t *testing.T) {
	t.Parallel()
	g := &Graphite{Address: fmt.Sprintf("127.0.0.1:%d", notifytest.Port(t)), Prefix: "slipway"}
	_, err := g.Send(t.Context(), notify.Compose(notifytest.Plan("R-7"), notifytest.Notices()[1]), &notify.Memory{})
	if final, _ := notify.Refused(err); err == nil || final || !strings.Contains(err.Error(), "connect to Carbon") {
		t.Errorf("got %v", err)
	}
}
