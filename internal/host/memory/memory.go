// Package memory is what the helper remembers of a service on a host, below
// /var/lib/slipway/SERVICE, readable by root only:
//
//	token          the highest fencing token that spoke to this host
//	lock           held while something changes the service, and by whom
//	results/       answers of finished calls, one a call
//	states/        what was recorded before each rollout, one directory a rollout
//	rollouts       every rollout that ever recorded something, one a line
//	artifacts/     packages that the host may have to go back to, by digest
//	releases.json  which digest each version came from
//	trees/         what each release was unpacked to
//	hold.json      the package's hold, when it is Slipway's own
//	requests/      calls that were handed to a worker
//	spare          room for the way back, should the disk be full by then
//
// call and work use it. Everything in it is written so that a power cut leaves the
// old or the new; it never grows past a bound, and knows nothing of what it keeps.
package memory

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/host/root"
)

// Where is the directory on the host that holds one directory a service.
const Where = "/var/lib/slipway"

// Rollouts is for how many rollouts results and states are kept.
const Rollouts = 5

// remembered is how many rollouts are known by name.
const remembered = 1000

// ErrStale means that a newer owner has spoken to this host.
var ErrStale = errors.New("a newer owner has spoken to this host")

// Service is the memory of one service.
type Service struct {
	dir string
}

// Open returns the memory of a service, and makes its directory.
func Open(at root.Dir, service string) (*Service, error) {
	s := &Service{dir: at.Path(Where + "/" + service)}
	if err := os.MkdirAll(filepath.Dir(s.dir), 0o755); err != nil {
		return nil, err
	}
	for _, sub := range []string{"", "results", "states", "artifacts", "requests"} {
		if err := os.MkdirAll(filepath.Join(s.dir, sub), 0o700); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *Service) path(parts ...string) string {
	return filepath.Join(append([]string{s.dir}, parts...)...)
}

// Fence refuses a token that is lower than the highest seen, with ErrStale. A higher
// one is on the disk before Fence returns: from then on the older owner can do nothing.
func (s *Service) Fence(token int64) error {
	unlock, err := flock(s.path("token.lock"))
	if err != nil {
		return err
	}
	defer unlock()
	seen, err := s.Token()
	if err != nil {
		return err
	}
	if token < seen {
		return fmt.Errorf("%w: its token is %d, this one's %d", ErrStale, seen, token)
	}
	if token == seen {
		return nil
	}
	return root.Write(s.path("token"), fmt.Appendln(nil, token), 0o600)
}

// Token returns the highest token seen; 0 before the first.
func (s *Service) Token() (int64, error) {
	data, err := os.ReadFile(s.path("token"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	token, err := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s holds %q; it must hold a number", s.path("token"), data)
	}
	return token, nil
}

// Call identifies a call: a second one with the same identity is the first one again.
type Call struct {
	Rollout string
	Command int
	Verb    host.Verb
}

// Of returns the identity of a request.
func Of(r host.Request) Call { return Call{r.Rollout, r.Command, r.Verb} }

// String is the identity as the name of a file.
func (c Call) String() string { return fmt.Sprintf("%s-%d-%s", c.Rollout, c.Command, c.Verb) }

// Result returns the answer of a call that has finished; ok is false when it has not.
func (s *Service) Result(c Call) (r host.Response, ok bool, err error) {
	data, err := os.ReadFile(s.path("results", c.String()+".json"))
	if errors.Is(err, fs.ErrNotExist) {
		return r, false, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &r)
	}
	if err != nil {
		return r, false, fmt.Errorf("result of %s: %w", c, err)
	}
	r.Adopted = true
	return r, true, nil
}

// Finish keeps the answer of a call.
func (s *Service) Finish(c Call, r host.Response) error {
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return root.Write(s.path("results", c.String()+".json"), data, 0o600)
}

// Recorded returns where the state is that was recorded before a rollout.
func (s *Service) Recorded(rollout string) string { return s.path("states", rollout) }

// States returns the rollouts whose state is kept, the oldest first.
func (s *Service) States() ([]string, error) {
	all, err := s.History()
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(id string) bool {
		_, err := os.Stat(s.Recorded(id))
		return err != nil
	}), nil
}

// Began remembers for good that a rollout recorded a state here: when the state is no
// longer kept, nobody may take that for a host that the rollout never touched.
func (s *Service) Began(rollout string) error {
	all, err := s.History()
	if err != nil || slices.Contains(all, rollout) {
		return err
	}
	all = append(all, rollout)
	all = all[max(0, len(all)-remembered):]
	return root.Write(s.path("rollouts"), []byte(strings.Join(all, "\n")+"\n"), 0o600)
}

// History returns every rollout that recorded a state here, the oldest first.
func (s *Service) History() ([]string, error) {
	data, err := os.ReadFile(s.path("rollouts"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return strings.Fields(string(data)), nil
}

// Releases returns which digest each version came from.
func (s *Service) Releases() (map[string]string, error) {
	all := map[string]string{}
	data, err := os.ReadFile(s.path("releases.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return all, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &all)
	}
	if err != nil {
		return nil, fmt.Errorf("read releases.json: %w", err)
	}
	return all, nil
}

// Name remembers which digest a version came from.
func (s *Service) Name(version, digest string) error {
	all, err := s.Releases()
	if err != nil || all[version] == digest {
		return err
	}
	all[version] = digest
	data, err := json.Marshal(all)
	if err != nil {
		return err
	}
	return root.Write(s.path("releases.json"), append(data, '\n'), 0o600)
}
