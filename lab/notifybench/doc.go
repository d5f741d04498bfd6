// Package notifybench measures whether a channel that fails makes a rollout slower: one
// rollout after the other to local fleets, without a channel and with channels that are
// fine, down, slow, limited, broken, cut off and not to be trusted. The command below it
// (`make bench-notify`) calls it and writes its table into docs/notify.md.
//
// It needs no privileges, reaches nothing but this machine, and takes away what it made.
package notifybench
