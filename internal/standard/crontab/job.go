package crontab

import (
	"path"
	"regexp"
	"strings"
)

// Job is one cron job.
type Job struct {
	Line, Column int // where it is written, from 1
	When         string
	Schedule     Schedule
	User         string // "": whose crontab it is in
	Command      string // for Shell
	Shell        string
	Input        string // standard input; ends in a newline when there is any
	Env          []Variable
	Name         string // of the task or resource; may be empty
	// Problem says why no unit can be written for it; "" when one can.
	Problem string
}

// Variable is set in the environment of a job.
type Variable struct{ Name, Value string }

// timed parses the schedule of a job, or notes why it cannot be.
func (j *Job) timed(when string) {
	j.When = when
	if templated(when) {
		j.Problem = "its schedule is filled in by a template"
		return
	}
	s, err := Parse(when)
	if err != nil {
		j.Problem = err.Error()
	}
	zone := j.Schedule.Zone
	j.Schedule = s
	j.Schedule.Zone = zone
}

// templated reports whether somebody fills in a text before cron sees it.
func templated(s string) bool {
	return strings.Contains(s, "{{") || strings.Contains(s, "<%") || strings.Contains(s, "{%")
}

// Program is what the job runs, for people: the name of the first program of its command.
// What is written after it may hold a password and is never part of this.
func (j Job) Program() string {
	for word := range strings.FieldsSeq(j.Command) {
		word = strings.Trim(word, `"'()`)
		name := path.Base(word)
		if strings.Contains(word, "=") || passing()[name] || !programName().MatchString(name) {
			continue
		}
		return name
	}
	return "job"
}

// passing are words that only lead to the program.
func passing() map[string]bool {
	return map[string]bool{"cd": true, "exec": true, "nice": true, "ionice": true, "nohup": true, "env": true, "sudo": true, "test": true,
		"[": true, "sh": true, "bash": true, "flock": true, "timeout": true, "chronic": true, "setsid": true, "if": true, "then": true}
}

func programName() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._-]*[A-Za-z0-9]$`) }
