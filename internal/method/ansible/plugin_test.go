package ansible

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// python is the interpreter that has Ansible.
func python(t *testing.T) string {
	t.Helper()
	need(t, "ansible-playbook")
	path, err := exec.LookPath("ansible-playbook")
	must(t, err)
	text, err := os.ReadFile(path)
	must(t, err)
	line, err := bufio.NewReader(bytes.NewReader(text)).ReadString('\n')
	must(t, err)
	words := strings.Fields(strings.TrimPrefix(line, "#!"))
	if len(words) == 0 || !strings.Contains(line, "python") {
		t.Skipf("%s is started by %q", path, line)
	}
	return words[0]
}

// TestWhetherTheHelperMayHaveBegun: a host may only count as untouched when ssh never had
// a session; anything that is not known for certain counts as begun.
func TestWhetherTheHelperMayHaveBegun(t *testing.T) {
	t.Parallel()
	said := map[string]bool{
		"ssh: connect to host web1 port 22: Connection refused":       false,
		"ssh: connect to host web1 port 22: Connection timed out":     false,
		"ops@web1: Permission denied (publickey).":                    false,
		"kex_exchange_identification: read: Connection reset by peer": false,
		"Host key verification failed.":                               false,
		"":                                                            true,
		"Timeout, server web1 not responding.":                        true,
		"Shared connection to web1 closed.":                           true,
		"Read from remote host web1: Connection timed out":            true,
		"Read from remote host web1: No route to host\r\nclient_loop: send disconnect: x":   true,
		"slipway-host: begun\nssh: connect to host web1 port 22: Connection refused":        true,
		"slipway-host: begun\nprerm: cannot remove: Permission denied\nlost the connection": true,
	}
	words, err := json.Marshal(said)
	must(t, err)
	const program = "import json, sys; sys.dont_write_bytecode = True; sys.path.insert(0, sys.argv[1]); import slipway; " +
		"print(json.dumps({w: slipway._began(w) for w in json.load(sys.stdin)}))"
	cmd := exec.CommandContext(t.Context(), python(t), "-c", program, "play/action_plugins")
	cmd.Stdin = bytes.NewReader(words)
	out, err := cmd.Output()
	must(t, err)
	var got map[string]bool
	must(t, json.Unmarshal(out, &got))
	for w, want := range said {
		if is, ok := got[w]; !ok || is != want {
			t.Errorf("%q: begun is %v, want %v", w, is, want)
		}
	}
}
