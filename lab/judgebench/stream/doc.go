// Package stream makes the traffic that judges of a canary are compared on: what each
// host of a fleet did, every five seconds, for an hour before a deploy and for the bake
// after it. Package judgebench plays it to the judges.
//
// A rollout is a pure function of its stream, its cell, its fault and its seed: nothing
// here reads a clock, and two rollouts made alike tick alike. What a host does is known
// exactly, so that the requests that a fault has hurt can be counted as well.
package stream
