// Package rival holds the judges that Slipway's is compared with, and Slipway's own behind
// the same interface: Flagger's rule, Argo Rollouts' documented example, Kayenta's judge, a
// fixed-horizon test, and a bake that only waits. Each is written from its project's
// documentation and source, and has the values documented there; where these leave a choice,
// the one that serves it best; where a user would tune them, a tuned variant stands beside
// it. Package judgebench feeds them.
//
// A judge sees every tick once, in order, and remembers what it needs of them. None reads
// a clock or draws a random number: the same ticks get the same verdict.
package rival
