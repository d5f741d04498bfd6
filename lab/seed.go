package lab

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/slipway-deploy/slipway/lab/image"
	"github.com/slipway-deploy/slipway/lab/machine"
	"github.com/slipway-deploy/slipway/lab/pack"
	"github.com/slipway-deploy/slipway/lab/sample"
)

// keygen makes an SSH key pair without a passphrase and returns its public half.
func keygen(ctx context.Context, path, comment string) (public string, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", err
	}
	out, err := exec.CommandContext(ctx, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("make SSH key %s: %w: %s", path, err, strings.TrimSpace(string(out)))
	}
	text, err := os.ReadFile(path + ".pub")
	return strings.TrimSpace(string(text)), err
}

// seed puts on a host's disk what makes it this lab's, before it boots. It returns
// the host's line of known_hosts.
func (r record) seed(ctx context.Context, m machine.Machine, client string) (known string, err error) {
	root := m.Root()
	public, err := keygen(ctx, filepath.Join(root, "etc/ssh/ssh_host_ed25519_key"), m.Host)
	if err != nil {
		return "", err
	}
	files := map[string]string{
		"etc/hostname":              m.Host + "\n",
		"etc/hosts":                 r.hostsFile(),
		"root/.ssh/authorized_keys": client + "\n",
	}
	if r.Info.Format == Tarball {
		// A .deb brings its unit; for a tar.gz the unit is part of a host's set-up.
		files["etc/systemd/system/"+sample.Name+".service"] = pack.Unit("/opt/" + sample.Name + "/current/bin/" + sample.Name)
	}
	for name, text := range files {
		if err := writeFile(filepath.Join(root, name), text); err != nil {
			return "", err
		}
	}
	if err := seedUser(root, client); err != nil {
		return "", err
	}
	key := strings.Fields(public)
	if len(key) < 2 {
		return "", fmt.Errorf("read SSH host key of %s: found %q", m.Host, public)
	}
	return fmt.Sprintf("%s %s %s\n", m.Address.Addr(), key[0], key[1]), nil
}

// seedUser lets the client's key in for the user that is not root.
func seedUser(root, client string) error {
	dir := filepath.Join(root, "home", image.User, ".ssh")
	keys := filepath.Join(dir, "authorized_keys")
	if err := writeFile(keys, client+"\n"); err != nil {
		return err
	}
	for _, path := range []string{dir, keys} {
		if err := os.Chown(path, image.UID, image.GID); err != nil {
			return err
		}
	}
	return nil
}

// hostsFile lets the hosts find each other, and themselves, by name.
func (r record) hostsFile() string {
	var b strings.Builder
	b.WriteString("127.0.0.1 localhost\n::1 localhost\n")
	for _, h := range r.Info.Hosts {
		fmt.Fprintf(&b, "%s %s\n", h.Address, h.Name)
	}
	return b.String()
}

func writeFile(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o644)
}
