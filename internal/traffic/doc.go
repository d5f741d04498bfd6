// Package traffic opens hosts to requests and closes them at the balancers in front
// of them. Each balancer is one type in files of its own; HAProxy is the first.
//
// The engine hands it record, drain, expose and return commands; app builds it. It
// never decides when a host may be opened, never changes a host, and never leaves a
// balancer's state other than it was recorded without saying so. docs/haproxy.md
// tells users what it does to their balancers.
package traffic
