// Package app builds Slipway from its parts: journal, store, engine, methods,
// balancers and sources. It is the only package that knows every implementation;
// which one is used is an explicit switch on the plan.
//
// The command line calls it, and later the server. It prints nothing, asks
// nothing, and decides nothing about rollouts: package rollout does.
package app
