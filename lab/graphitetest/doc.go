// Package graphitetest runs a real Graphite for tests: Carbon, which takes values and keeps
// them, and the web application, which is asked for them. Both work in a directory of the
// test, and can be killed and started again.
//
// Tests of what reads and of what writes Graphite import it, and those of the lab; no
// program does. A test is skipped, with the reason, where Debian's packages are missing.
package graphitetest
