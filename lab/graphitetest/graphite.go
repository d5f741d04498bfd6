package graphitetest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/slipway-deploy/slipway/lab/process/processtest"
)

// Config says what a Graphite is like.
type Config struct {
	Host       string // the address that it listens on
	Retentions string // how often series have values, and for how long they are kept: 10s:1h
	Events     bool   // it keeps events, too; their tables take seconds to make
}

// Graphite is Carbon with the web application beside it.
type Graphite struct {
	Carbon *processtest.Server // takes lines at its address
	Web    *processtest.Server
}

// URL is where it is asked.
func (g *Graphite) URL() string { return "http://" + g.Web.Address }

const settings = `import os
os.environ['GRAPHITE_STORAGE_DIR'] = %[1]q
from graphite.settings import *
SECRET_KEY = 'of a test'
STORAGE_DIR = LOG_DIR = %[1]q
WHISPER_DIR = os.path.join(STORAGE_DIR, 'whisper')
STANDARD_DIRS = [WHISPER_DIR]
INDEX_FILE = os.path.join(STORAGE_DIR, 'index')
DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': os.path.join(STORAGE_DIR, 'db')}}
CARBONLINK_HOSTS = ['%[2]s']
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
MAX_UPDATES_PER_SECOND = 500
ENABLE_TAGS = False
LINE_RECEIVER_INTERFACE = %[2]s
LINE_RECEIVER_PORT = %[3]d
PICKLE_RECEIVER_INTERFACE = %[2]s
PICKLE_RECEIVER_PORT = %[4]d
CACHE_QUERY_INTERFACE = %[2]s
CACHE_QUERY_PORT = %[5]d
`

// Start starts a Graphite, which ends with the test, and waits until both parts of it listen.
func Start(t testing.TB, c Config) *Graphite {
	t.Helper()
	g := prepared(t, c)
	g.Carbon.Start(t)
	g.Web.Start(t)
	return g
}

// prepared is a Graphite that is set up, and of which nothing runs.
func prepared(t testing.TB, c Config) *Graphite {
	t.Helper()
	cache := processtest.Program(t, "carbon-cache", "graphite-carbon")
	processtest.Program(t, "graphite-manage", "graphite-web")
	dir := t.TempDir()
	line, pickle, query := processtest.Free(t, c.Host), processtest.Free(t, c.Host), processtest.Free(t, c.Host)
	web := processtest.Free(t, c.Host).String()
	for name, text := range map[string]string{
		"conf/storage-schemas.conf": "[all]\npattern = .*\nretentions = " + c.Retentions + "\n",
		"conf/carbon.conf":          fmt.Sprintf(carbonConf, dir, c.Host, line.Port, pickle.Port, query.Port),
		"whisper/keep":              "",
		"slipway_graphite.py":       fmt.Sprintf(settings, dir, query),
	} {
		write(t, filepath.Join(dir, name), text)
	}
	// Debian's packages are for Debian's Python.
	django := []string{"/usr/bin/python3", "-m", "django"}
	g := &Graphite{
		Carbon: &processtest.Server{Dir: dir, Address: line.String(), Args: []string{cache, "--config=conf/carbon.conf", "--nodaemon", "start"}},
		Web: &processtest.Server{Dir: dir, Address: web, Args: append(django, "runserver", web, "--noreload", "--nothreading"),
			Env: []string{"PYTHONPATH=" + dir, "DJANGO_SETTINGS_MODULE=slipway_graphite", "PYTHONDONTWRITEBYTECODE=1"}},
	}
	if c.Events {
		migrate := exec.CommandContext(t.Context(), django[0], append(django[1:], "migrate", "--run-syncdb", "-v0")...)
		migrate.Dir, migrate.Env = dir, append(os.Environ(), g.Web.Env...)
		if out, err := migrate.CombinedOutput(); err != nil {
			t.Fatalf("make the tables of graphite-web: %v\n%s", err, out)
		}
	}
	return g
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
