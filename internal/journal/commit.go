//go:build !crashpoint

package journal

import "database/sql"

func commit(tx *sql.Tx) error { return tx.Commit() }
