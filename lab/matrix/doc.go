// Package matrix shows on real hosts whether what was there before a release is there
// again after it was taken back: for many things that may have been changed on a host,
// and many that may fail on the way. Each case is done by Slipway, and by what one
// would do without it: Capistrano's rollback, or apt-get told the old version.
//
// Whether a host is as it was is decided by an oracle of its own (Snapshot), which
// shares nothing with slipway-host and never asks it. The tests run the cases and hold
// the table in docs/restore.md to what they found. Nothing else imports the package,
// and it changes nothing outside of lab hosts.
package matrix
