// Package fleet knows the hosts of an environment: it reads what
// `ansible-inventory --list` prints, chooses hosts for stages, and cuts them into
// waves, always in the same way for the same hosts and spread over zones.
//
// plan calls it, and the command line for `slipway init` and `doctor`. It resolves
// no Ansible pattern (Ansible does), reaches no host and reads no file.
package fleet
