package memory

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/slipway-deploy/slipway/internal/host/root"
)

// Hold is a hold that Slipway put on a package that nobody else held.
type Hold struct {
	Package string    `json:"package"`
	Rollout string    `json:"rollout"`
	At      time.Time `json:"at"`
}

// Held returns the hold; the zero value when there is none.
func (s *Service) Held() (h Hold, err error) {
	data, err := os.ReadFile(s.path("hold.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return h, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &h)
	}
	if err != nil {
		return h, fmt.Errorf("read hold.json: %w", err)
	}
	return h, nil
}

// Hold remembers a hold. It is to be called before dpkg is told, so that a hold that is
// Slipway's is never taken for somebody else's.
func (s *Service) Hold(h Hold) error {
	data, err := json.Marshal(h)
	if err != nil {
		return err
	}
	return root.Write(s.path("hold.json"), append(data, '\n'), 0o600)
}

// Released forgets the hold, after dpkg was told.
func (s *Service) Released() error { return removed(s.path("hold.json")) }
