// Package processtest runs real servers for tests: each has a process group of its own,
// ends with the test, and is ended by the kernel when the test's process is killed before
// that. It finds their programs, too, skipping a test that lacks one, and addresses that are
// free, and waits for what servers do.
//
// Tests, and what sets up servers for them, import it; no program does.
package processtest
