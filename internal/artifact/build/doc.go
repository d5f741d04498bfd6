// Package build makes artifacts: it runs a project's own build command and takes the
// archive that it leaves, or packs the directory tree that it leaves, so that two
// builds of one commit are the same bytes.
//
// The command line calls it for `slipway build`, the lab for its sample services. It
// runs the build command and git, and nothing else; it does not keep what it made
// (that is artifact.Store's work), and never puts anything on a host.
package build
