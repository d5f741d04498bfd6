// Package haproxytest runs real HAProxy processes for tests: on loopback, with a
// runtime socket of their own, ended with the test. Tests of haproxy, traffic and
// metric use it; nothing else imports it. It skips a test, with the reason, where
// HAProxy is not installed.
package haproxytest
