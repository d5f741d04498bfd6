package build

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"github.com/slipway-deploy/slipway/internal/artifact"
)

// Config says what to build. Exactly one of File and Tree is set.
type Config struct {
	Dir     string // the project: where the command runs and git is asked
	Format  string // artifact.Deb or artifact.TarGz
	Name    string // package or service name
	Version string // empty: from the tag that git describe finds
	// Arch is a Debian name. Empty: the command is told this machine's, and the
	// artifact is for what its programs are for, or for all when it has none.
	Arch    string
	Command string // run by sh -c; empty: everything is there already
	// File is a pattern, below Dir, of the finished archive that the command leaves.
	File string
	// Tree is a directory, below Dir, that the command leaves and Slipway packs. For a
	// .deb it is the root of the host, and may have a DEBIAN directory.
	Tree   string
	Deb    Package // for a .deb made from a Tree
	Out    string  // directory for what is made from a Tree; it is made when not there
	Limits artifact.Limits
	Log    io.Writer // gets the output of the command as it comes; nil: nobody
}

// Result is a finished artifact.
type Result struct {
	File string        `json:"file"` // absolute path
	Info artifact.Info `json:"info"`
}

// Run builds one artifact and checks it as one that came from elsewhere. When ctx
// ends, the command and what it has started are stopped.
func Run(ctx context.Context, c Config) (Result, error) {
	c, err := c.prepare()
	if err != nil {
		return Result{}, fmt.Errorf("build: %w", err)
	}
	src, err := readSource(ctx, c.Dir)
	if err != nil {
		return Result{}, fmt.Errorf("build %s: %w", c.Name, err)
	}
	if c.Version == "" {
		if c.Version, err = src.version(ctx, c.Name); err != nil {
			return Result{}, fmt.Errorf("build %s: %w", c.Name, err)
		}
	}
	if err := artifact.CheckVersion(c.Format, c.Version); err != nil {
		return Result{}, fmt.Errorf("build %s: %w", c.Name, err)
	}
	result, err := c.build(ctx, src)
	if err != nil {
		return Result{}, fmt.Errorf("build %s %s: %w", c.Name, c.Version, err)
	}
	return result, nil
}

// prepare refuses what cannot be built, and makes paths absolute.
func (c Config) prepare() (Config, error) {
	if c.Format != artifact.Deb && c.Format != artifact.TarGz {
		return c, fmt.Errorf("format %q is not known; deb and tar.gz are", c.Format)
	}
	if err := artifact.CheckName(c.Name); err != nil {
		return c, err
	}
	if c.Arch != "" {
		if err := artifact.CheckArch(c.Arch); err != nil {
			return c, err
		}
	}
	if (c.File == "") == (c.Tree == "") {
		return c, errors.New("say either the file or the directory tree that the build leaves")
	}
	if c.Tree != "" && c.Out == "" {
		return c, errors.New("say the directory that the artifact is to be written to")
	}
	for _, p := range []string{c.File, c.Tree} {
		if p != "" && !filepath.IsLocal(p) {
			return c, fmt.Errorf("%q is not below the project; what a build leaves is named relative to it", p)
		}
	}
	var err error
	if c.Dir, err = filepath.Abs(c.Dir); err != nil {
		return c, err
	}
	if c.Out, err = filepath.Abs(c.Out); err != nil {
		return c, err
	}
	if st, err := os.Stat(c.Dir); err != nil || !st.IsDir() {
		return c, fmt.Errorf("the project %s is not a directory", c.Dir)
	}
	if c.Log == nil {
		c.Log = io.Discard
	}
	return c, nil
}

func (c Config) build(ctx context.Context, src source) (Result, error) {
	before, err := c.leftovers()
	if err != nil {
		return Result{}, err
	}
	if err := c.run(ctx, src); err != nil {
		return Result{}, err
	}
	var file string
	if c.File != "" {
		file, err = c.pick(before)
	} else {
		file, err = c.pack(ctx, src)
	}
	if err != nil {
		return Result{}, err
	}
	want := artifact.Want{Format: c.Format, Name: c.Name, Version: c.Version, Arch: c.Arch, Limits: c.Limits}
	info, err := artifact.Inspect(ctx, file, want)
	if err == nil && info.Commit != "" && src.commit != "" && info.Commit != src.commit {
		err = fmt.Errorf("%s was built from commit %s, and the project is at %s: remove it and build again", file, info.Commit, src.commit)
	}
	if err != nil {
		if c.Tree != "" {
			_ = os.Remove(file) // it is ours, and not sound
		}
		return Result{}, err
	}
	info.Commit, info.Dirty = src.commit, src.dirty
	return Result{File: file, Info: info}, nil
}

// environment is what the build command is told.
func (c Config) environment(src source) []string {
	arch := c.Arch
	if arch == "" {
		arch = hostArch()
	}
	return []string{
		"SLIPWAY_NAME=" + c.Name,
		"SLIPWAY_VERSION=" + c.Version,
		"SLIPWAY_COMMIT=" + src.commit,
		"SLIPWAY_ARCH=" + arch,
		"SOURCE_DATE_EPOCH=" + strconv.FormatInt(src.time.Unix(), 10),
	}
}

// hostArch is Debian's name for the machine this runs on.
func hostArch() string {
	switch runtime.GOARCH {
	case "386":
		return "i386"
	case "arm":
		return "armhf"
	case "ppc64le":
		return "ppc64el"
	case "mips64le":
		return "mips64el"
	}
	return runtime.GOARCH
}

// Stamp is what goes into an archive besides its content.
type Stamp struct {
	Time   time.Time // of everything in it; whole seconds
	Commit string    // empty: unknown, or the tree was changed since
}
