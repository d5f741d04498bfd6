package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/host/binary"
)

// versionInfo is what this program is.
type versionInfo struct {
	Version  string   `json:"version"`
	Commit   string   `json:"commit,omitempty"`
	Modified bool     `json:"modified,omitempty"` // built from a changed tree
	Go       string   `json:"go"`
	Platform string   `json:"platform"`
	Helpers  []string `json:"helpers"`  // architectures of the helpers inside
	Protocol int      `json:"protocol"` // between slipway and slipway-host
}

func newVersion(env Env) *cobra.Command {
	var out output
	c := &cobra.Command{
		Use:   "version",
		Short: "What this program is",
		Long:  "Version prints the version and commit of this program, and which helpers it carries.",
		Args:  exactly(0, 0, "slipway version"),
		RunE: func(c *cobra.Command, args []string) error {
			v := thisVersion()
			return out.print(env.Out, v, v.String)
		},
	}
	out.bind(c)
	return c
}

func thisVersion() versionInfo {
	v := versionInfo{
		Version: "devel", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
		Helpers: []string{}, Protocol: host.Protocol,
	}
	for _, arch := range []string{binary.AMD64, binary.ARM64} {
		if _, err := binary.For(arch); err == nil {
			v.Helpers = append(v.Helpers, arch)
		}
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if info.Main.Version != "" && info.Main.Version != "(devel)" {
		v.Version = strings.TrimPrefix(info.Main.Version, "v")
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Commit = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	return v
}

func (v versionInfo) String() string {
	helpers := strings.Join(v.Helpers, ", ")
	if helpers == "" {
		helpers = "none: this program was built without them, run make build"
	}
	text := "slipway " + v.Version
	if v.Commit != "" {
		text += " (" + v.Commit[:min(12, len(v.Commit))] + ")"
	}
	return fmt.Sprintf("%s\n%s %s\nhelpers: %s; protocol %d\n", text, v.Go, v.Platform, helpers, v.Protocol)
}
