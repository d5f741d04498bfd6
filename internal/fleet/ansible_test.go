package fleet_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/slipway-deploy/slipway/internal/fleet"
)

// TestRealAnsible reads what the installed ansible-inventory makes of an inventory
// with ranges, children, group variables and a host in two groups.
func TestRealAnsible(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("ansible-inventory")
	if err != nil {
		t.Skip("ansible-inventory is not installed")
	}
	dir := t.TempDir()
	inventory := filepath.Join(dir, "hosts.ini")
	text := "[paris]\nweb[1:3]\n\n[rome]\nweb4 ansible_host=10.0.0.4 ansible_port=2222\nweb10 slipway_zone=r2\n\n" +
		"[canaries]\nweb2\n\n[web:children]\nparis\nrome\n\n[paris:vars]\nzone=p\n\n[rome:vars]\nzone=r\n"
	if err := os.WriteFile(inventory, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "ansible.cfg")
	if err := os.WriteFile(config, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, "-i", inventory, "--list")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "ANSIBLE_HOME="+dir, "ANSIBLE_LOCAL_TEMP="+dir, "ANSIBLE_CONFIG="+config)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	inv, err := fleet.Parse(out)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, h := range inv.Hosts {
		got = append(got, h.Name+" "+h.Zone+" "+h.Address)
	}
	want := []string{"web1 p web1", "web2 p web2", "web3 p web3", "web4 r 10.0.0.4 port 2222", "web10 r2 web10"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if h, _ := inv.Host("web2"); !slices.Equal(h.Groups, []string{"all", "canaries", "paris", "web"}) {
		t.Errorf("web2 is in %v", h.Groups)
	}
}
