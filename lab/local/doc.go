// Package local makes a fleet on machines that cannot boot hosts: each host is a
// directory with a loopback address of its own, in front of them stands package
// proxy instead of HAProxy, and the same plan, rollout and engine deploy to it. The
// command line, the demo and the tests call it. It needs no root, and starts no
// service: deploying does.
package local
