// Package lab boots real Debian hosts, with systemd and sshd, in containers on this
// machine, puts HAProxy in front of them, and packs a sample service to deploy to
// them. `slipway lab`, the demo and the end-to-end tests call it.
//
// A lab is a bridge with a /24 of its own, one network namespace, one size-limited
// disk and one container a host, one or two HAProxy processes, and a directory with
// everything a client needs: inventory, SSH key, known_hosts, artifacts, and a
// project with a slipway.yaml. Labs run side by side, and outlive the program that
// brought them up; Down takes one away whole, also after an Up that was cut off.
//
// It never touches anything outside the lab's directory, its registry entry, its
// caches, and the network devices it made itself; but for the kernel's limit of
// inotify instances, which it raises and the last lab puts back. All of it needs root.
package lab
