// Package marker leaves notes of releases in systems that keep them beside their
// graphs: one file a system. A marker says which version production runs from when on,
// and links to the rollout.
//
// channel opens them with settings that manifest has checked and secrets that are
// resolved. Where a system can be asked whether a marker is there already, a second
// attempt asks before it writes. They retry nothing and print no secret.
package marker
