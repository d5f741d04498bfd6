// Package channel opens what a plan names: it knows every kind of channel, and what
// each is told of when the user does not say. Adding one is a file in chat or marker
// and a line here.
//
// app gives its Opener to outbox, and uses it for `slipway notify test`. It sends
// nothing.
package channel
