// Package machine boots one Debian host in a container of systemd-nspawn, in a
// network namespace of its own and on a disk of limited size, and ends it again.
// Package lab calls it. It keeps no state of its own: a machine is found again by
// its directory, so that another program, or one that comes after a crash, can end it.
package machine
