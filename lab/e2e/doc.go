// Package e2e is the end-to-end tests: they build slipway, run it as a user would, and
// look at hosts and balancers themselves, without asking slipway.
//
// Nobody imports it. The tests on lab hosts are behind the build tag lab (`make test`
// runs them) and skip themselves, with the reason, where hosts cannot boot; those on a
// local fleet run with the other tests, but not with -short. It never calls the
// packages of the program, and leaves nothing behind.
package e2e
