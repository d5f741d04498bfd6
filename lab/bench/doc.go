// Package bench measures an update of lab hosts by Slipway beside the same update by
// Capistrano, by a playbook of stock modules, and beside the least that Ansible can
// do on the same hosts; and the engine alone. Its command is what `make bench` runs.
//
// Everything is measured in one run on the same hosts, in rounds in which the order
// rotates. Each contender has a directory, a unit and a port of its own on every host,
// so that none profits from what another left there, and each update brings a version
// that no host has seen. It only measures: nothing here is imported by Slipway.
package bench
