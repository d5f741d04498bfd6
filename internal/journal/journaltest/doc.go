// Package journaltest is the one suite of tests that a journal passes on every
// database, and what tests of other packages need to have a journal: plans, and a
// PostgreSQL server of their own. Only tests import it.
package journaltest
