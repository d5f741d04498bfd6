// Package ansible changes hosts through the user's own Ansible: the ansible-playbook
// that is installed, the project's inventory, connection variables and become.
//
// The built-in way is one play of one task. The task is an action plugin of ours
// that calls the helper on the host, which does all the work in that one call; the
// plugin puts the helper and the artifact there first when they are missing. A
// project's own playbook is run between a capture and a verify by the helper. What
// happens on each host comes back as lines of JSON through a callback plugin, while
// it happens; exit codes of Ansible alone prove nothing and are not trusted.
//
// app builds a Runner; the engine calls Run, and plan calls Inventory, Hosts and
// Facts. The package never decides which hosts are changed or when, never speaks SSH
// itself, and needs no Python on the hosts.
package ansible
