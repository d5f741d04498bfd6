package sample

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Command is the hidden command of slipway that runs Main.
const Command = "lab-sample"

// Name is the service's name, and its package's.
const Name = "checkout"

// ReleaseFile is the name of the file that says what version a binary is and how it
// behaves. It lies one directory above the binary's.
const ReleaseFile = "release.json"

// Release is one version of the service.
type Release struct {
	Service string `json:"service"`
	Version string `json:"version"`
	About   string `json:"about"` // for people: what is special in it
	Behaviour
}

// Behaviour is how the service behaves. All but Broken and Slower can be changed while it runs.
type Behaviour struct {
	Fail      float64       `json:"fail,omitempty"`      // share of /cart answered with 500
	Slow      time.Duration `json:"slow,omitempty"`      // every /cart takes this much longer
	Slower    float64       `json:"slower,omitempty"`    // and so many times as long
	Leak      int           `json:"leak,omitempty"`      // bytes never given back, for each /cart
	Unhealthy bool          `json:"unhealthy,omitempty"` // /_status answers 503
	Broken    bool          `json:"broken,omitempty"`    // it ends right after its start
}

// Releases are the versions that a lab has, oldest first.
func Releases() []Release {
	release := func(version, about string, b Behaviour) Release {
		return Release{Service: Name, Version: version, About: about, Behaviour: b}
	}
	return []Release{
		release("1.0.0", "good", Behaviour{}),
		release("1.1.0", "good", Behaviour{}),
		release("1.2.0", "answers 5 % of its requests with an error", Behaviour{Fail: 0.05}),
		release("1.3.0", "does not start", Behaviour{Broken: true}),
		release("1.4.0", "starts and is never healthy", Behaviour{Unhealthy: true}),
		release("1.5.0", "takes 1.3 times as long, where WORK is set", Behaviour{Slower: 1.3}),
		release("1.6.0", "keeps 32 KiB of memory for each request", Behaviour{Leak: 32 << 10}),
	}
}

// Read reads the release file of the binary that runs.
func Read() (Release, error) {
	exe, err := os.Executable()
	if err != nil {
		return Release{}, fmt.Errorf("find own binary: %w", err)
	}
	if exe, err = filepath.EvalSymlinks(exe); err != nil {
		return Release{}, fmt.Errorf("find own binary: %w", err)
	}
	path := filepath.Join(filepath.Dir(filepath.Dir(exe)), ReleaseFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return Release{}, fmt.Errorf("read release: %w", err)
	}
	var r Release
	if err := json.Unmarshal(text, &r); err != nil {
		return Release{}, fmt.Errorf("read release %s: %w", path, err)
	}
	if r.Version == "" {
		return Release{}, fmt.Errorf("read release %s: it names no version", path)
	}
	return r, nil
}
