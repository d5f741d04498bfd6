package work

import (
	"errors"
	"os"
	"strings"
	"sync"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
)

// environ guards the environment of the process, which is one for all of it.
var environ sync.Mutex

// inert makes a context of DBOS without the variables by which DBOS's own hosting
// overrules a configuration. With another version or executor in them, work that was
// left would never be taken up, or by a process that drives another rollout. They are
// put back afterwards: what Slipway starts may be meant to see them.
func inert(create func() (dbos.Context, error)) (_ dbos.Context, err error) {
	environ.Lock()
	defer environ.Unlock()
	for _, variable := range os.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		if !strings.HasPrefix(name, "DBOS__") {
			continue
		}
		if err := os.Unsetenv(name); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, os.Setenv(name, value)) }()
	}
	return create()
}
