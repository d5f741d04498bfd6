// Package notifytest is what the tests of channels share: a rollout with every notice
// that there is, and contract servers, which accept of each vendor's interface what its
// documents allow, remember what they accepted, and misbehave when told to.
//
// Tests alone import it.
package notifytest
