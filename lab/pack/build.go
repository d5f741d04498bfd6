package pack

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/slipway-deploy/slipway/lab/sample"
)

// edition is raised when something else in this package changes what it packs.
const edition = 1

// module is the go.mod that the sample is built with: it needs nothing but the
// standard library.
const module = "module github.com/slipway-deploy/slipway\n\ngo 1.22\n"

// source is where the program of a release comes from.
type source struct {
	id    string // names its bytes
	build func(ctx context.Context, dir string) ([]file, error)
}

// builder compiles the sample with Go, or, without Go, wraps a program that can serve it.
func builder(ctx context.Context, cfg Config) (source, error) {
	tool, err := exec.LookPath("go")
	if err == nil {
		return compiler(ctx, tool, cfg.Arch)
	}
	if cfg.Fallback == "" {
		return source{}, errors.New("go is not installed; install Debian's package golang-go, or Go from go.dev, and try again")
	}
	if cfg.Arch != Arch() {
		return source{}, fmt.Errorf("go is not installed, and without it the sample can be packed for %s only, not for %s", Arch(), cfg.Arch)
	}
	return wrapper(cfg.Fallback)
}

func compiler(ctx context.Context, tool, arch string) (source, error) {
	version := exec.CommandContext(ctx, tool, "env", "GOVERSION")
	version.Env = goEnv(arch)
	out, err := version.Output()
	if err != nil {
		return source{}, fmt.Errorf("ask %s for its version: %w", tool, err)
	}
	sum := sha256.New()
	err = walkSource(func(path string, text []byte) error {
		fmt.Fprintf(sum, "%s %d\n%s", path, len(text), text)
		return nil
	})
	if err != nil {
		return source{}, err
	}
	id := strings.TrimSpace(string(out)) + " " + hex.EncodeToString(sum.Sum(nil))
	return source{id: id, build: func(ctx context.Context, dir string) ([]file, error) { return compile(ctx, tool, arch, dir) }}, nil
}

// compile builds the embedded source in a module of its own below dir.
func compile(ctx context.Context, tool, arch, dir string) ([]file, error) {
	work := filepath.Join(dir, "build")
	defer os.RemoveAll(work)
	err := walkSource(func(path string, text []byte) error {
		return writeFile(filepath.Join(work, "lab/sample", path), text)
	})
	if err == nil {
		err = writeFile(filepath.Join(work, "go.mod"), []byte(module))
	}
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, tool, "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=", "-o", "checkout", "./lab/sample/cmd/checkout")
	cmd.Dir, cmd.Env = work, goEnv(arch)
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build: %w: %s", err, out)
	}
	binary, err := os.ReadFile(filepath.Join(work, "checkout"))
	if err != nil {
		return nil, err
	}
	return []file{{"bin/" + sample.Name, 0o755, binary}}, nil
}

// wrapper packs a program with a script that makes it serve the sample.
func wrapper(program string) (source, error) {
	binary, err := os.ReadFile(program)
	if err != nil {
		return source{}, fmt.Errorf("read the program that serves the sample: %w", err)
	}
	sum := sha256.Sum256(binary)
	script := "#!/bin/sh\nexec \"$(dirname \"$(readlink -f \"$0\")\")/slipway\" " + sample.Command + "\n"
	files := []file{{"bin/" + sample.Name, 0o755, []byte(script)}, {"bin/slipway", 0o755, binary}}
	return source{id: hex.EncodeToString(sum[:]), build: func(context.Context, string) ([]file, error) { return files, nil }}, nil
}

// goEnv is this program's environment with everything fixed that would change the
// binary or reach for the network.
func goEnv(arch string) []string {
	return append(os.Environ(), "GOOS=linux", "GOARCH="+arch, "GOAMD64=v1", "GOARM64=v8.0", "CGO_ENABLED=0",
		"GOFLAGS=", "GOWORK=off", "GOPROXY=off", "GOTOOLCHAIN=local", "GOEXPERIMENT=", "GO111MODULE=on")
}

func walkSource(do func(path string, text []byte) error) error {
	return fs.WalkDir(sample.Source, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := sample.Source.ReadFile(path)
		if err != nil {
			return err
		}
		return do(path, text)
	})
}

func writeFile(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644)
}
