package runbook

import (
	"regexp"
	"slices"
	"strings"
)

// programs are those by which a line is known as shell where nothing says that it is.
func programs() []string {
	return strings.Fields(`slipway systemctl journalctl service ssh scp sftp rsync curl wget ansible ansible-playbook ansible-inventory
ansible-vault puppet git make docker docker-compose podman kubectl helm terraform sudo su apt apt-get apt-cache apt-mark dpkg yum dnf
psql pg_dump pg_restore mysql mysqldump redis-cli mongosh sqlite3 cd ls cat tail head grep awk sed jq yq tar gzip unzip cp mv rm mkdir ln
chmod chown find xargs echo printf export source test ps kill pkill top df du free uptime dig host nslookup ping nc telnet netstat ss
openssl gpg go npm yarn pnpm npx node python python3 pip pip3 bundle rake rails cap mix cargo mvn gradle ./gradlew bash sh zsh env watch
timeout nohup screen tmux crontab date hostname whoami id uname which touch tee less vault aws gcloud az gh glab consul nomad nginx
haproxy supervisorctl pm2 flyway liquibase alembic true false command type for if while`)
}

// shellLanguages are what fences of shell are called.
func shellLanguages() []string {
	return []string{"sh", "bash", "zsh", "ksh", "dash", "shell", "console", "shell-session", "shellsession", "terminal", "bash-session", "sh-session", "shellscript"}
}

var (
	// prompt is what a recorded session has before a command.
	prompt = regexp.MustCompile(`^\s*(\$|%|❯|➜|[\w.-]+@[\w.-]+[:\s]?[^\s$#]*\s?[$#]|\[[\w.-]+@[^\]]+\][$#])\s+`)
	// rooted is a prompt only where the fence says that it is a session.
	rooted     = regexp.MustCompile(`^#\s+`)
	assignment = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*=`)
	programish = regexp.MustCompile(`^(\.{0,2}/)?[a-z][a-z0-9_.+-]*(/[A-Za-z0-9_.+-]+)*$`)
	blankFirst = regexp.MustCompile(`^<[A-Za-z][\w.:/|-]*( [\w.:/|-]+)*>`)
	blank      = regexp.MustCompile(`<[A-Za-z][\w.:/|-]*( [\w.:/|-]+)*>`)
)

// chunk is code with the place of each of its lines in the file.
type chunk struct {
	lines  []string
	starts []int // byte in the file of the first byte of each line
}

func (c chunk) text() string { return strings.Join(c.lines, "\n") }

// places tells where each byte of the text is in the file.
func (c chunk) places(l lines) func(int) Position {
	firsts := make([]int, len(c.lines)) // of each line, in the text
	for i := 1; i < len(c.lines); i++ {
		firsts[i] = firsts[i-1] + len(c.lines[i-1]) + 1
	}
	return func(at int) Position {
		n, exact := slices.BinarySearch(firsts, at)
		if !exact {
			n--
		}
		if n < 0 || n >= len(c.starts) {
			return Position{Line: 1, Column: 1}
		}
		return l.position(c.starts[n] + at - firsts[n])
	}
}

// shell takes from a chunk what a shell would run. It is not ok when it does not look
// like shell.
func (c chunk) shell(language string) (chunk, bool) {
	said := slices.Contains(shellLanguages(), language)
	if !said && language != "" {
		return chunk{}, false
	}
	if out, ok := c.session(language); ok {
		return out, true
	}
	if said {
		return c, len(strings.TrimSpace(c.text())) > 0
	}
	for _, line := range c.lines {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		return c, commandLike(line)
	}
	return chunk{}, false
}

// session takes the commands from a recorded session: the lines with a prompt, and those
// that they go on in.
func (c chunk) session(language string) (chunk, bool) {
	var out chunk
	goes := false
	console := strings.Contains(language, "session") || language == "console" || language == "terminal"
	for i, line := range c.lines {
		p := prompt.FindString(line)
		if p == "" && console {
			p = rooted.FindString(line)
		}
		if p == "" && !goes {
			continue
		}
		if p == "" && strings.HasPrefix(line, "> ") {
			p = "> "
		}
		out.lines = append(out.lines, line[len(p):])
		out.starts = append(out.starts, c.starts[i]+len(p))
		goes = strings.HasSuffix(line, `\`)
	}
	return out, len(out.lines) > 0
}

// commandLike reports whether a line looks like a command rather than like text.
func commandLike(line string) bool {
	fields := strings.Fields(strings.TrimPrefix(line, "$ "))
	for len(fields) > 0 && assignment.MatchString(fields[0]) {
		fields = fields[1:]
	}
	if len(fields) == 0 {
		return assignment.MatchString(line)
	}
	first := strings.TrimSuffix(fields[0], ";")
	if slices.Contains(programs(), first) {
		// "find the owner" and "test it" are English.
		return len(fields) == 1 || !english(first, fields[1:])
	}
	if !programish.MatchString(first) {
		return false
	}
	if strings.HasPrefix(first, "./") || strings.HasPrefix(first, "/") && len(fields) > 1 {
		return true
	}
	return slices.ContainsFunc(fields[1:], func(f string) bool { return len(f) > 1 && f[0] == '-' && f[1] != '>' && f != "--" })
}

// english reports whether a word that is also a program goes on as a sentence does.
func english(first string, rest []string) bool {
	if !slices.Contains([]string{"find", "test", "watch", "make", "host", "date", "top", "free", "service", "go", "head", "source", "less", "cat", "which", "id", "if", "for", "while", "cap", "screen", "touch", "export", "kill", "true", "false", "command", "type"}, first) {
		return false
	}
	next := strings.Trim(rest[0], ".,:")
	return slices.Contains([]string{"the", "a", "an", "that", "this", "it", "is", "are", "sure", "your", "our", "all", "any", "for", "to", "of", "out", "you", "there", "one", "name"}, next)
}
