package crontab

import (
	"fmt"
	"strings"
	"testing"
)

// told is a job in one line.
func told(j Job) string {
	text := fmt.Sprintf("%d:%d %s [%s] %s", j.Line, j.Column, j.When, j.User, j.Command)
	if j.Input != "" {
		text += fmt.Sprintf(" <%q", j.Input)
	}
	if j.Name != "" {
		text += " #" + j.Name
	}
	if j.Problem != "" {
		text += " !" + j.Problem
	}
	return text
}

func all(jobs []Job) string {
	var lines []string
	for _, j := range jobs {
		lines = append(lines, told(j))
	}
	return strings.Join(lines, "\n")
}

func same(t *testing.T, got, want string) {
	t.Helper()
	want = strings.TrimSpace(want)
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestFile(t *testing.T) {
	t.Parallel()
	const text = `# comment
SHELL=/bin/bash
PATH = /usr/local/bin:/usr/bin
MAILTO="ops@example.com"
  17 3 * * *	/usr/bin/close --day "$(date +\%F)"
@reboot /usr/bin/agent &
5 4 * * 1 /usr/bin/mail -s x ops%Dear all,%%bye
EMPTY=
1 2 3 oops
{% if x %}
{{ minute }} 3 * * * /usr/bin/templated
`
	jobs := File([]byte(text), User)
	same(t, all(jobs), `
5:3 17 3 * * * [] /usr/bin/close --day "$(date +%F)"
6:1 @reboot [] /usr/bin/agent &
7:1 5 4 * * 1 [] /usr/bin/mail -s x ops <"Dear all,\n\nbye\n"
9:1  []  !the line is no cron job: a schedule and a command are expected
11:1 {{ minute }} 3 * [] * * /usr/bin/templated !its schedule is filled in by a template`)
	if j := jobs[0]; j.Shell != "/bin/bash" || len(j.Env) != 3 || j.Env[1] != (Variable{"PATH", "/usr/local/bin:/usr/bin"}) {
		t.Errorf("shell %q, environment %v", j.Shell, j.Env)
	}
	if n := len(jobs[3].Env); n != 4 {
		t.Errorf("the last job has %d variables, want 4", n)
	}
	same(t, all(File([]byte("* * * * * root run-parts /x\n@daily app:grp /usr/bin/y\n0 1 * * * lonely\n"), System)), `
1:1 * * * * * [root] run-parts /x
2:1 @daily [app:grp] /usr/bin/y
3:1  []  !the line is no cron job: a schedule and a command are expected`)
}

func TestAnsible(t *testing.T) {
	t.Parallel()
	const text = `- hosts: all
  tasks:
    - name: close the day
      ansible.builtin.cron:
        name: close
        minute: "17"
        hour: 3
        user: ledger
        job: /usr/bin/close --all
    - name: gone
      cron: name=old state=absent
    - cron: name="with spaces" special_time=reboot job="/usr/bin/agent --x"
    - name: in a block
      block:
        - name: inner
          cron: {minute: "*/5", job: /usr/bin/poll, weekday: "1 - 5"}
    - name: filled in
      cron:
        job: "{{ program }}"
- on:
    schedule:
      - cron: "0 0 * * *"
`
	same(t, all(Ansible([]byte(text))), `
4:7 17 3 * * * [ledger] /usr/bin/close --all #close
12:7 @reboot [] /usr/bin/agent --x #with spaces
16:11 */5 * * * 1-5 [] /usr/bin/poll #inner
18:7 * * * * * [] {{ program }} #filled in !its command is filled in by a template`)
	for _, other := range []string{"services:\n  cron:\n    image: x\n", "jobs:\n - cron: {image: x}\n", "cron: [", "\tcron", "cron: &a [*a]"} {
		if jobs := Ansible([]byte(other)); len(jobs) > 0 {
			t.Errorf("%q has jobs: %s", other, all(jobs))
		}
	}
}

func TestPuppet(t *testing.T) {
	t.Parallel()
	const text = `class ledger {
  # cron { 'comment': command => '/no' }
  cron { 'close the day':
    command => '/usr/bin/close --note "it\'s; }"',
    user    => 'ledger',
    hour    => 3,
    minute  => [0, 30],
    weekday => '1-5',
  }
  $text = "cron { 'string': }"
  cron {
    'one': command => "/usr/bin/one", special => 'daily';
    'two': command => "/usr/bin/two", monthday => 1;
  }
  cron { 'old': ensure => absent, command => '/usr/bin/old' }
  cron { 'fill': command => "${prefix}/run" }
  file { '/etc/cron.allow': ensure => present }
}
`
	same(t, all(Puppet([]byte(text))), `
3:3 0,30 3 * * 1-5 [ledger] /usr/bin/close --note "it's; }" #close the day
11:3 @daily [] /usr/bin/one #one
11:3 * * 1 * * [] /usr/bin/two #two
16:3 * * * * * [] ${prefix}/run #fill !its command is filled in by Puppet`)
}

func TestShell(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"crontab -l":                           "",
		"crontab -r -u app":                    "",
		"if crontab -l >/dev/null; then :; fi": "",
		"# crontab file":                       "",
		"echo 'edit your crontab'":             "",
		"command -v crontab":                   "",
		"apt-get install cron":                 "",
		"rm -f /etc/cron.d/ledger":             "",
		"test -e /etc/cron.d/ledger":           "",
		"cat /etc/crontab > /tmp/x":            "",
		"crontab -":                            "1 crontab -",
		"crontab jobs.txt":                     "1 crontab FILE jobs.txt",
		"  sudo -u app crontab /tmp/x":         "1 crontab FILE x",
		"crontab -u app - <<EOF\n0 3 * * * /usr/bin/close\nEOF":               "1 crontab -\n2:1 0 3 * * * [] /usr/bin/close",
		`(crontab -l; echo "0 3 * * * /usr/bin/close") | crontab -`:           "1 crontab -\n1:1 0 3 * * * [] /usr/bin/close",
		`echo '5 * * * * root /usr/bin/x' > "$D/etc/cron.d/ledger"`:           "1 /etc/cron.d\n1:1 5 * * * * [root] /usr/bin/x",
		"cat > /etc/cron.d/x <<-'END'\n\t@daily root /usr/bin/y\n\tEND\ntrue": "1 /etc/cron.d\n2:2 @daily [root] /usr/bin/y",
		"\tinstall -m 644 ledger.cron $(DESTDIR)/etc/cron.d/ledger":           "1 /etc/cron.d ledger.cron",
		"cp debian/run /etc/cron.daily/":                                      "1 /etc/cron.daily",
		"COPY jobs.cron /etc/cron.d/":                                         "1 /etc/cron.d jobs.cron",
		"generate | crontab":                                                  "1 crontab",
		"RUN crontab /app/crontab":                                            "1 crontab FILE crontab",
		"crontab < jobs":                                                      "1 crontab - jobs",
	} {
		var got []string
		for _, c := range Shell([]byte(line)) {
			got = append(got, strings.TrimSpace(fmt.Sprintf("%d %s %s", c.Line, c.Text, c.File)))
			for _, j := range c.Jobs {
				got = append(got, told(j))
			}
		}
		if text := strings.Join(got, "\n"); text != want {
			t.Errorf("%q: got %q, want %q", line, text, want)
		}
	}
}

func FuzzJobs(f *testing.F) {
	for _, seed := range []string{"* * * * * a%b\\%c", "- cron: {job: x}", "cron { 'a': command => 'b' }", "echo \"@daily x\" | crontab - <<E\nE", "A='b\n@reboot \\"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text := []byte(s)
		lines := strings.Count(s, "\n") + 1
		jobs := append(File(text, User), File(text, System)...)
		jobs = append(append(jobs, Ansible(text)...), Puppet(text)...)
		for _, c := range Shell(text) {
			if c.Line < 1 || c.Line > lines || c.Column < 1 {
				t.Errorf("%q: a call at %d:%d", s, c.Line, c.Column)
			}
			jobs = append(jobs, c.Jobs...)
		}
		for _, j := range jobs {
			if j.Line < 1 || j.Line > lines {
				t.Errorf("%q: a job in line %d of %d", s, j.Line, lines)
			}
			for _, u := range j.Units("x", "y", "z") {
				wellFormed(t, u)
			}
		}
	})
}
