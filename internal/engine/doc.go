// Package engine is the only part of Slipway that acts. It drives one rollout:
// appends an event and the commands that it caused to the journal in one
// transaction, runs the commands through the effects declared in effects.go, and
// feeds the results back as events. Kill it anywhere: it loads the state again and
// runs the commands that have no result.
//
// app builds it. It decides nothing (rollout does) and speaks no protocol (method,
// traffic and metric do).
package engine
