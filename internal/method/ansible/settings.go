package ansible

import (
	"bufio"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// sshDefault is Ansible's own default for ssh_args without compression: what is sent
// is compressed already. A connection is kept for a minute, as Ansible does.
const sshDefault = "-o ControlMaster=auto -o ControlPersist=60s"

// sshAlive lets a dead host be noticed within a quarter of a minute; what the user set
// comes first on the command line, and so wins.
const sshAlive = "-o ServerAliveInterval=5 -o ServerAliveCountMax=3"

// mostForks bounds how many hosts are worked on at once when the plan does not say.
const mostForks = 64

// forks is how many hosts are worked on at once.
func forks(a where, hosts int) string {
	if a.Forks > 0 {
		return strconv.Itoa(a.Forks)
	}
	return strconv.Itoa(min(hosts, mostForks))
}

// environ is what Ansible inherits: the user's own settings, and what we rely on.
func (r *Runner) environ(w where, builtin bool) []string {
	env := newEnv(r.cfg.Environ)
	env.drop("SLIPWAY_JOURNAL") // its address may hold a password
	if w.Config != "" {
		env.set("ANSIBLE_CONFIG", w.Config)
	}
	args, ok := env.get("ANSIBLE_SSH_ARGS")
	if !ok {
		args, ok = setting(configFile(env, w.project), "ssh_connection", "ssh_args")
	}
	if !ok {
		args = sshDefault
	}
	env.set("ANSIBLE_SSH_ARGS", strings.TrimSpace(args+" "+sshAlive))
	env.set("ANSIBLE_PIPELINING", "1")
	env.set("ANSIBLE_RETRY_FILES_ENABLED", "0")
	env.set("ANSIBLE_NOCOLOR", "1")
	env.set("ANSIBLE_FORCE_COLOR", "0")
	env.set("ANSIBLE_INVENTORY_UNPARSED_FAILED", "1")
	env.set("ANSIBLE_DEPRECATION_WARNINGS", "0")
	env.set("PYTHONIOENCODING", "utf-8")
	env.set("SLIPWAY_EVENTS", "3")
	if builtin {
		// Ours alone: what the user has report or print about plays is for theirs.
		env.set("ANSIBLE_STDOUT_CALLBACK", "default")
		env.set("ANSIBLE_CALLBACKS_ENABLED", "")
		env.set("ANSIBLE_VERBOSITY", "0")
	}
	return env.list
}

// configFile is the ansible.cfg that Ansible will read, in its order; "" when none.
func configFile(env *env, project string) string {
	if c, ok := env.get("ANSIBLE_CONFIG"); ok && c != "" {
		if info, err := os.Stat(c); err == nil && info.IsDir() {
			return filepath.Join(c, "ansible.cfg")
		}
		return c
	}
	candidates := []string{"/etc/ansible/ansible.cfg"}
	if home, ok := env.get("HOME"); ok {
		candidates = append([]string{filepath.Join(home, ".ansible.cfg")}, candidates...)
	}
	// Ansible does not trust a directory in which anybody may write.
	if info, err := os.Stat(project); err == nil && info.Mode().Perm()&0o002 == 0 {
		candidates = append([]string{filepath.Join(project, "ansible.cfg")}, candidates...)
	}
	for _, c := range candidates {
		if info, err := os.Stat(c); err == nil && info.Mode().IsRegular() {
			return c
		}
	}
	return ""
}

// setting reads one key of an INI file; ok is false when it is not set there. A file
// that cannot be read sets nothing: Ansible will say what is wrong with it.
func setting(path, section, key string) (value string, ok bool) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", false
	}
	return iniValue(string(b), section, key)
}

// iniValue follows Python's configparser as far as Ansible uses it: the last setting
// wins, and indented lines continue a value.
func iniValue(text, section, key string) (value string, ok bool) {
	in, continues := false, false
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		line := lines.Text()
		bare := strings.TrimSpace(line)
		switch {
		case bare == "" || bare[0] == '#' || bare[0] == ';':
			continue
		case continues && (line[0] == ' ' || line[0] == '\t'):
			value += " " + bare
		case bare[0] == '[':
			in, continues = bare == "["+section+"]", false
		default:
			k, v, found := strings.Cut(bare, "=")
			if i := strings.IndexByte(bare, ':'); i >= 0 && i < len(k) {
				k, v, found = bare[:i], bare[i+1:], true
			}
			continues = in && found && strings.EqualFold(strings.TrimSpace(k), key)
			if continues {
				value, ok = inline(v), true
			}
		}
	}
	return strings.TrimSpace(value), ok
}

// inline drops a comment at the end of a line, which Ansible marks with " ;".
func inline(v string) string {
	if i := strings.Index(v, " ;"); i >= 0 {
		v = v[:i]
	}
	return strings.TrimSpace(v)
}

// env is an environment in which each name is set once.
type env struct{ list []string }

func newEnv(from []string) *env { return &env{list: append([]string(nil), from...)} }

func (e *env) get(name string) (string, bool) {
	for i := len(e.list) - 1; i >= 0; i-- {
		if v, ok := strings.CutPrefix(e.list[i], name+"="); ok {
			return v, true
		}
	}
	return "", false
}

func (e *env) set(name, value string) {
	e.drop(name)
	e.list = append(e.list, name+"="+value)
}

func (e *env) drop(name string) {
	e.list = slices.DeleteFunc(e.list, func(v string) bool { return strings.HasPrefix(v, name+"=") })
}
