// Package local changes the hosts of a local fleet: each host is a directory on this
// machine, with an address of its own on loopback and a process group for its
// service. It serves where no host can be booted: the demo, tests and trying out.
//
// A local host is changed by the same helper, with the same requests, as a real one.
// app builds a Fleet; the engine calls Run, and plan calls Hosts and Facts. The
// package never touches a file outside the fleet's directory and knows no network.
package local
