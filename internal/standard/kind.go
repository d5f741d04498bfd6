package standard

import (
	"bytes"
	"errors"
	"io/fs"
	"path"
	"strings"

	"github.com/slipway-deploy/slipway/internal/standard/crontab"
)

func isGone(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// kindOf sorts a file by its name and, where that does not tell, by what is in it. sure
// says of a crontab that it is one whatever is in it.
func kindOf(name string, data []byte) (k kind, sure bool) {
	plain := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(name, ".j2"), ".erb"), ".epp")
	base, ext := path.Base(plain), path.Ext(plain)
	if k, sure := cronKind(plain, base); k != other {
		if sure || crontab.Holds(data, formatOf(k)) {
			return k, sure
		}
		return other, false
	}
	switch {
	case ext == ".service":
		return service, false
	case ext == ".timer":
		return timer, false
	case path.Base(path.Dir(plain)) == "debian" && (base == "service" || strings.HasSuffix(base, ".service")):
		return service, false
	case ext == ".pp":
		return puppet, false
	case isContract(name, base, ext):
		return contract, false
	case ext == ".yml" || ext == ".yaml":
		if bytes.Contains(data, []byte("cron")) {
			return yaml, false
		}
	case isShell(plain, base, ext, data):
		return shell, false
	case (ext == ".txt" || ext == "" || ext == ".conf" || ext == ".tab") && len(data) < 64<<10 && crontab.Holds(data, crontab.User):
		return maybeTab, false
	}
	return other, false
}

// cronKind tells the files that cron reads by where they are or what they are called.
func cronKind(name, base string) (k kind, sure bool) {
	dir := path.Base(path.Dir(name))
	switch dir {
	case "cron.d":
		return systemTab, true
	case "cron.hourly", "cron.daily", "cron.weekly", "cron.monthly":
		return cronScript, true
	case "crontabs":
		return userTab, true
	}
	if dir == "debian" {
		switch last := path.Ext("x." + base); {
		case base == "cron.d" || strings.HasSuffix(base, ".cron.d"):
			return systemTab, true
		case strings.Contains("."+base, ".cron.") && strings.Contains(".hourly.daily.weekly.monthly", last):
			return cronScript, true
		}
	}
	switch {
	case name == "etc/crontab" || strings.HasSuffix(name, "/etc/crontab"):
		return systemTab, true
	case strings.HasSuffix(base, ".cron.d"):
		return systemTab, false
	case base == "crontab", strings.HasSuffix(base, ".crontab"), strings.HasSuffix(base, ".cron"), strings.HasPrefix(base, "crontab."),
		strings.HasSuffix(name, "spool/cron/"+base):
		return userTab, false
	}
	return other, false
}

func formatOf(k kind) crontab.Format {
	if k == systemTab {
		return crontab.System
	}
	return crontab.User
}

// isShell reports whether a shell, or something that runs one line by line, reads a file.
func isShell(name, base, ext string, data []byte) bool {
	if !bytes.Contains(data, []byte("cron")) {
		return false
	}
	switch base {
	case "Makefile", "GNUmakefile", "Dockerfile", "Containerfile", "rules", "postinst", "preinst", "prerm", "postrm":
		return true
	}
	switch ext {
	case ".sh", ".bash", ".mk", ".postinst", ".preinst", ".prerm", ".postrm":
		return true
	}
	line, _, _ := bytes.Cut(data, []byte("\n"))
	return bytes.HasPrefix(line, []byte("#!")) && (bytes.Contains(line, []byte("sh"))) && !bytes.Contains(line, []byte("fish"))
}

// isContract tells what a service and others agree on by its name.
func isContract(name, base, ext string) bool {
	lower := strings.ToLower(base)
	switch {
	case ext == ".proto", ext == ".avsc":
		return true
	case strings.HasPrefix(lower, "openapi.") || strings.HasPrefix(lower, "swagger."):
		return ext == ".yaml" || ext == ".yml" || ext == ".json"
	case ext == ".sql":
		return strings.Contains("/"+path.Dir(name)+"/", "/migrations/") || strings.Contains("/"+path.Dir(name)+"/", "/migrate/")
	}
	return false
}
