// Package method is what all ways of changing hosts share: the request that a
// command means to the helper of one host, and the report that the helper's
// answer means to the engine.
//
// The packages below it (ansible, local) build requests and reports here, so that a
// host is told the same and judged the same whichever way it is reached. It runs
// nothing, reaches no host and keeps nothing.
package method
