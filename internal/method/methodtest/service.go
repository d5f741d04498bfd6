package methodtest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// The service of the suite, and where it lies on a host.
const (
	Name      = "sleeper"
	UnitName  = Name + ".service"
	Directory = "/opt/" + Name
	// Starts is a file in which the service leaves a line whenever it is started.
	Starts = Directory + "/shared/starts"
	// Unit is the unit file that a fleet puts on every host.
	Unit = "[Service]\nType=exec\nExecStart=" + Directory + "/current/run\nWorkingDirectory=" + Directory + "\n[Install]\nWantedBy=multi-user.target\n"
)

// program is what a release holds. It finds its directory by itself, since in a local
// fleet that is not where the unit says.
const program = "#!/bin/sh\n# version %s\nd=$(dirname \"$0\")/../..\nmkdir -p \"$d/shared\"\necho started >> \"$d/shared/starts\"\nexec sleep 100000\n"

// Service is the service in two versions, with its store and its gate.
type Service struct {
	Store Store
	Gate  *Gate
	files map[string]rollout.Artifact // by version
}

// Add packs one more version, with so many bytes beside the program.
func (s *Service) Add(t testing.TB, version string, size int) {
	t.Helper()
	b := pack(t, version, size)
	sum := sha256.Sum256(b)
	s.files[version] = rollout.Artifact{
		Format: "tar.gz", Name: Name, Version: version, Arch: "all", Digest: "sha256:" + hex.EncodeToString(sum[:]), Size: int64(len(b)),
	}
	if err := os.WriteFile(filepath.Join(string(s.Store), hex.EncodeToString(sum[:])), b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// Update is the command that brings a version to all hosts of a site.
func (s *Service) Update(site Site, id, version string) engine.Job {
	return update(s.plan(site, id, "", version), 1, site.Hosts...)
}

// NewService packs the service. address is where hosts reach this machine: the health
// of the service is asked from a server here, so that a test can hold it back.
func NewService(t testing.TB, address string) *Service {
	t.Helper()
	s := &Service{Store: Store(t.TempDir()), Gate: newGate(t, address), files: map[string]rollout.Artifact{}}
	for _, version := range []string{"1.0.0", "1.1.0"} {
		s.Add(t, version, 0)
	}
	return s
}

// plan is a rollout of a version to hosts.
func (s *Service) plan(site Site, id, from, version string) *rollout.Plan {
	p := &rollout.Plan{
		ID: id, Service: Name, Type: "worker", Environment: "test", Project: site.Project,
		Release: rollout.Release{Version: version, Artifacts: []rollout.Artifact{s.files[version]}},
		Method:  site.Place,
		Spec: rollout.Spec{
			Format: "tar.gz", Directory: Directory, Keep: 3, Units: []string{UnitName}, Data: []string{Directory + "/shared"},
			Health: &rollout.Health{HTTP: s.Gate.url + "/health", Within: 20 * time.Second},
		},
		Stages: []rollout.Stage{{Name: "complete", Kind: rollout.StageComplete, Checks: []rollout.Check{
			{Name: "gate", HTTP: s.Gate.url + "/check", Status: http.StatusOK, Within: time.Second},
		}}},
	}
	for _, h := range site.Hosts {
		back := rollout.Back{How: "relink"}
		if from == "" {
			back.How = "remove"
		}
		p.Hosts = append(p.Hosts, rollout.Host{Name: h, Arch: "amd64", From: from, Back: back})
	}
	return p
}

// Gate answers for the service: well when open, and badly when shut.
type Gate struct {
	url string

	mu    sync.Mutex
	shut  bool
	asked chan struct{} // closed once somebody asked while it was shut
}

func newGate(t testing.TB, address string) *Gate {
	t.Helper()
	g := &Gate{}
	l, err := net.Listen("tcp", net.JoinHostPort(address, "0"))
	if err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: l, Config: &http.Server{Handler: g, ReadHeaderTimeout: time.Minute}}
	server.Start()
	t.Cleanup(server.Close)
	g.url = server.URL
	return g
}

// Shut makes the service answer badly, and returns what is closed when it was asked.
func (g *Gate) Shut() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut, g.asked = true, make(chan struct{})
	return g.asked
}

// Open makes the service answer well.
func (g *Gate) Open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = false
}

// ServeHTTP answers for the service.
func (g *Gate) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.shut {
		return
	}
	w.WriteHeader(http.StatusServiceUnavailable)
	if g.asked != nil {
		close(g.asked)
		g.asked = nil
	}
}

// Store is a directory of files named after their digests.
type Store string

// Path returns the path of the file with a digest.
func (s Store) Path(_ context.Context, digest string) (string, error) {
	path := filepath.Join(string(s), digest[len("sha256:"):])
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("artifact %s is not in the store: %w", digest, err)
	}
	return path, nil
}

// pack makes a release: the program, and bytes that cannot be compressed.
func pack(t testing.TB, version string, size int) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	w := tar.NewWriter(z)
	ballast := make([]byte, size)
	noise := rand.NewChaCha8(sha256.Sum256([]byte(version)))
	_, err := noise.Read(ballast)
	for name, text := range map[string][]byte{"run": fmt.Appendf(nil, program, version), "ballast": ballast} {
		h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o755, Size: int64(len(text)), ModTime: time.Unix(1e9, 0)}
		if err == nil {
			err = w.WriteHeader(h)
		}
		if err == nil {
			_, err = w.Write(text)
		}
	}
	if err = errors.Join(err, w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
