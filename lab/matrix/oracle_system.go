package matrix

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// systemView prints what dpkg and systemd say, a line each: a kind, an item, a value.
// Its arguments are the units of the service.
const systemView = `set -e
dpkg-query -W -f 'package\t${Package}\t${db:Status-Want} ${db:Status-Status} ${Version} ${Architecture}\n'
systemctl list-unit-files --no-legend --plain --full | while read -r name state rest; do printf 'unit\t%s\t%s\n' "$name" "$state"; done
for u; do
	systemctl show -p ActiveState,LoadState,UnitFileState,NeedDaemonReload,FragmentPath,DropInPaths,Nice "$u" | while IFS== read -r key value; do printf 'setting\t%s %s\t%s\n' "$u" "$key" "$value"; done
	pid=$(systemctl show -P MainPID "$u")
	[ "$pid" = 0 ] || printf 'program\t%s\t%s %s\n' "$u" "$(readlink /proc/$pid/exe)" "$(sha256sum </proc/$pid/exe | cut -c -64)"
	[ "$pid" = 0 ] || tr '\0' '\n' </proc/$pid/environ | while read -r line; do printf 'environment\t%s\t%s\n' "$u" "$line"; done
done
dpkg-statoverride --list | while read -r line; do printf 'override\t%s\tyes\n' "$line"; done || true
`

// passing are the variables of a process that differ with each of its starts.
func passing() []string {
	return []string{"INVOCATION_ID", "JOURNAL_STREAM", "SYSTEMD_EXEC_PID", "NOTIFY_SOCKET", "MEMORY_PRESSURE_WATCH", "MEMORY_PRESSURE_WRITE", "WATCHDOG_PID", "LISTEN_PID"}
}

func (s Snapshot) addSystem(text string) error {
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		f := strings.SplitN(lines.Text(), "\t", 3)
		if len(f) != 3 {
			return fmt.Errorf("read %q", lines.Text())
		}
		switch kind, item, value := f[0], f[1], f[2]; kind {
		case "package":
			if err := s.addPackage(item, value); err != nil {
				return err
			}
		case "unit":
			if value != "transient" { // what somebody runs just now
				s.set("unit "+item, value)
			}
		case "setting":
			s.set("unit "+item, value)
		case "program":
			s.set("process "+item+" program", value)
		case "environment":
			if name, _, _ := strings.Cut(value, "="); !slices.Contains(passing(), name) && !strings.HasPrefix(name, "HAPROXY_") { // HAProxy notes its processes there
				s.set("environment of "+item, strings.TrimSpace(s["environment of "+item]+" "+value))
			}
		case "override":
			s.set("dpkg-statoverride "+item, value)
		}
	}
	return lines.Err()
}

// addPackage reads "install installed 1.0 amd64": what is wanted, what is, and of what.
func (s Snapshot) addPackage(name, value string) error {
	f := strings.Fields(value)
	if len(f) < 2 {
		return fmt.Errorf("read %q of package %s", value, name)
	}
	if f[1] == "not-installed" {
		return nil
	}
	s.set("package "+name+" status", f[1])
	if f[1] != "config-files" {
		s.set("package "+name+" version", strings.Join(f[2:], " "))
	}
	if f[0] == "hold" {
		s.set("package "+name+" hold", "yes")
	}
	return nil
}

// addMarks reads which packages apt takes for installed as a dependency.
func (s Snapshot) addMarks(path string) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	name := ""
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		if key == "Package" {
			name = value
		}
		if key == "Auto-Installed" && value == "1" && s["package "+name+" status"] != "" {
			s.set("package "+name+" automatic", "yes")
		}
	}
	return nil
}
