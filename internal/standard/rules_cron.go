package standard

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/slipway-deploy/slipway/internal/manifest"
	"github.com/slipway-deploy/slipway/internal/standard/crontab"
)

// cronRules: no cron for what does not listen.
func cronRules() []Rule {
	const why = "A job of cron has no state that can be asked, no journal, no dependency and no limit, and keeps running in the middle of a deploy. A unit and its timer are stopped before a change and started after it."
	const mend = "Add the unit and the timer that the finding writes out, list the timer under `timers:`, and take the line out."
	rule := func(id, wants, mend string, check func(*look)) Rule {
		return Rule{ID: id, Severity: Error, check: check, Wants: wants, Why: why, Mend: mend}
	}
	artifact := rule("cron.artifact", "The built artifact brings no crontab, and its scripts install none.", mend, artifactCron)
	artifact.Deploy = true
	return []Rule{
		rule("cron.crontab", "Nothing of a worker or a batch job is started by a crontab, or a file for /etc/cron.d.", mend, crontabs),
		rule("cron.reboot", "Nothing is started by an `@reboot` line.", "Add the unit that the finding writes out: `WantedBy=multi-user.target` starts it at boot.", reboots),
		rule("cron.directory", "Nothing is put into cron.hourly, cron.daily, cron.weekly or cron.monthly.", mend, cronScripts),
		rule("cron.command", "No script calls crontab, or writes below /etc/cron.d.", "Install units instead, and take the call out.", cronCalls),
		rule("cron.ansible", "No Ansible task makes a cron job.", "Template the unit and the timer, enable the timer with the systemd module, and make the task `state: absent` once.", ansibleCron),
		rule("cron.puppet", "No Puppet resource is a cron job.", "Declare the unit and the timer as files and the timer as a service, and make the resource `ensure => absent` once.", puppetCron),
		artifact,
	}
}

// cron notes one job, or those of one call, with the units that replace them.
func (l *look) cron(at place, mend, message string, jobs ...crontab.Job) {
	l.cronIn(at, at.file, mend, message, jobs...)
}

// cronIn is cron for jobs that are written in a file of their own name.
func (l *look) cronIn(at place, file, mend, message string, jobs ...crontab.Job) {
	f := l.found(at, mend, "%s", message)
	if l.Manifest.Type == manifest.Listener {
		f.Severity = Warning
	}
	for _, j := range jobs {
		origin := fmt.Sprintf("%s:%d", file, max(j.Line, 1))
		for _, u := range j.Units(l.unitFor(j), origin, l.Manifest.Service) {
			f.Units = append(f.Units, Unit{Name: u.Name, Text: u.Text})
		}
		if j.Problem != "" {
			f.Mend = printable("no unit can be written for it as it stands (" + j.Problem + "); " + f.Mend)
		}
	}
}

// unitFor names the units of a job, each name once.
func (l *look) unitFor(j crontab.Job) string {
	name := crontab.Slug(j.Program())
	if name == "" {
		name = "job"
	}
	if service := crontab.Slug(l.Manifest.Service); name != service && !strings.HasPrefix(name, service+"-") {
		name = service + "-" + name
	} else if name == service {
		name += "-job"
	}
	free := name
	for n := 2; l.names[free]; n++ {
		free = fmt.Sprintf("%s-%d", name, n)
	}
	l.names[free] = true
	return free
}

const replaceMend = "replace it by the unit and timer that are written out here, and list the timer under timers:"

// says is a job for a message. Its arguments may hold a password and are left out.
func says(j crontab.Job) string {
	if j.Command == "" {
		return "a line that cron would read"
	}
	return fmt.Sprintf("cron starts %s (%s)", j.Program(), j.When)
}

// jobs lists the jobs of the crontabs of the project.
func (l *look) jobs(take func(f file, j crontab.Job)) {
	for _, f := range l.tree.of(userTab, systemTab) {
		for _, j := range crontab.File(f.data, formatOf(f.kind)) {
			if j.User == "" && strings.Contains(path.Dir(f.path), "cron") && f.kind == userTab && f.sure {
				j.User = path.Base(f.path) // spool/cron/crontabs/USER
			}
			take(f, j)
		}
	}
}

func crontabs(l *look) {
	l.jobs(func(f file, j crontab.Job) {
		if !j.Schedule.Boot {
			l.cron(place{f.path, j.Line, j.Column}, replaceMend, says(j), j)
		}
	})
}

func reboots(l *look) {
	l.jobs(func(f file, j crontab.Job) {
		if j.Schedule.Boot {
			l.cron(place{f.path, j.Line, j.Column}, "replace it by the unit that is written out here", says(j), j)
		}
	})
}

func cronScripts(l *look) {
	for _, f := range l.tree.of(cronScript) {
		l.cron(place{file: f.path}, "install the script as a program, add the unit and timer that are written out here, and list the timer under timers:",
			"cron runs this script "+period(f.path), scriptJob(l.Manifest.Service, f.path))
	}
}

// period is how often a script of cron is run: the word in its path.
func period(name string) string {
	for _, p := range []string{"hourly", "daily", "weekly", "monthly"} {
		if strings.Contains(name, "cron."+p) {
			return p
		}
	}
	return "daily"
}

// scriptJob is the job that a script stands for once it is a program of the service.
func scriptJob(service, name string) crontab.Job {
	base := path.Base(name)
	for _, p := range []string{".cron.hourly", ".cron.daily", ".cron.weekly", ".cron.monthly", "cron.hourly", "cron.daily", "cron.weekly", "cron.monthly"} {
		base = strings.TrimSuffix(base, p)
	}
	if base == "" || base == service {
		base = period(name)
	}
	j := crontab.Line("@"+period(name)+" root /usr/lib/"+service+"/"+crontab.Slug(base), crontab.System)
	j.Line = 1
	return j
}

func cronCalls(l *look) {
	for _, f := range l.tree.of(shell) {
		for _, c := range crontab.Shell(f.data) {
			jobs := c.Jobs
			if len(jobs) == 0 {
				jobs = l.installed(c)
			}
			l.cron(place{f.path, c.Line, c.Column}, "install systemd units instead of calling it; slipway restarts the timers that are listed under timers:", "the script gives jobs to cron: "+c.Text, jobs...)
		}
	}
}

// installed are the jobs of a file of the project that a call installs, when its name does
// not show that it is a crontab: one that shows it is told of where it is.
func (l *look) installed(c crontab.Call) []crontab.Job {
	for _, f := range l.tree.of(maybeTab) {
		if path.Base(f.path) == c.File {
			return crontab.File(f.data, crontab.User)
		}
	}
	return nil
}

func ansibleCron(l *look) {
	for _, f := range l.tree.of(yaml) {
		for _, j := range crontab.Ansible(f.data) {
			l.cron(place{f.path, j.Line, j.Column}, "template the unit and timer that are written out here, enable the timer, and make this task state: absent for one release", "the task makes a cron job: "+says(j), j)
		}
	}
}

func puppetCron(l *look) {
	for _, f := range l.tree.of(puppet) {
		for _, j := range crontab.Puppet(f.data) {
			l.cron(place{f.path, j.Line, j.Column}, "declare the unit and timer that are written out here, and make this resource ensure => absent for one release", "the resource makes a cron job: "+says(j), j)
		}
	}
}

// artifactCron looks at what would go out: it may bring what no file of the project shows.
func artifactCron(l *look) {
	if l.Artifact == nil {
		return
	}
	var seen tree
	for _, name := range slices.Sorted(maps.Keys(l.Artifact.Files)) {
		seen.look(name, l.Artifact.Files[name])
	}
	for _, f := range seen.files {
		at, in := place{file: l.Artifact.File}, f.path
		switch f.kind {
		case userTab, systemTab:
			for _, j := range crontab.File(f.data, formatOf(f.kind)) {
				l.cronIn(at, in, replaceMend, fmt.Sprintf("%s in the artifact: %s", inside(f, j.Line), says(j)), j)
			}
		case cronScript:
			l.cronIn(at, in, replaceMend, fmt.Sprintf("%s in the artifact: cron runs this script %s", f.path, period(f.path)), scriptJob(l.Manifest.Service, f.path))
		case shell:
			for _, c := range crontab.Shell(f.data) {
				l.cronIn(at, in, "install systemd units instead", fmt.Sprintf("%s in the artifact gives jobs to cron: %s", inside(f, c.Line), c.Text), c.Jobs...)
			}
		}
	}
}

func inside(f file, line int) string { return fmt.Sprintf("%s:%d", f.path, line) }
