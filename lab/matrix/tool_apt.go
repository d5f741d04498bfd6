package matrix

import (
	"context"
	"fmt"
	"strings"
)

// Apt goes back by telling apt-get the old version.
type Apt struct {
	Host    *Host
	Package string
	before  string
	known   bool
}

var _ Tool = (*Apt)(nil)

// Deploy installs a version; who deploys answers questions about conffiles with "keep
// what is there", and lets go of a hold.
func (a *Apt) Deploy(ctx context.Context, version string) error {
	if !a.known {
		out, err := a.Host.Run(ctx, "sh", "-c", `dpkg-query -W -f '${db:Status-Status} ${Version}' "$1" 2>/dev/null || true`, "sh", a.Package)
		if err != nil {
			return err
		}
		if status, installed, _ := strings.Cut(string(out), " "); status != "not-installed" && status != "config-files" {
			a.before = installed
		}
		a.known = true
	}
	return a.apt(ctx, "install", "--allow-change-held-packages", "--allow-downgrades", a.Package+"="+version)
}

// Back installs the version that was there, or removes the package when none was.
func (a *Apt) Back(ctx context.Context) Claim {
	args := []string{"install", a.Package + "=" + a.before, "--allow-downgrades"}
	if a.before == "" {
		args = []string{"remove", a.Package}
	}
	if err := a.apt(ctx, args...); err != nil {
		return Claim{Why: err.Error()}
	}
	return Claim{Done: true}
}

// Cut kills apt and dpkg.
func (a *Apt) Cut(ctx context.Context) error {
	return a.Host.Script(ctx, "pkill --signal KILL --exact apt-get; pkill --signal KILL --exact dpkg")
}

func (a *Apt) apt(ctx context.Context, args ...string) error {
	out, err := a.Host.Run(ctx, "apt-get", append([]string{"-y", "-qq", "-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold"}, args...)...)
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}
