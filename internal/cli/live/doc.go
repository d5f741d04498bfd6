// Package live shows one rollout in a terminal, redrawn as it moves and once a
// second, and turns keys into wishes.
//
// The drawing itself is view.Screen, a function of values; this package owns the
// terminal while it runs and gives it back as it was. It acts on nothing: what a
// key asks for is handed to the caller.
package live
