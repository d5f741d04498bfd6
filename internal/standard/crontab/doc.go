// Package crontab reads the places where cron jobs are written, crontabs, shell scripts,
// Ansible tasks and Puppet resources, and writes the systemd units that replace each job.
//
// It is for internal/standard. It takes bytes and returns values: it opens no file, runs
// nothing and reads no clock. A schedule means what it means to the cron of Debian.
package crontab
