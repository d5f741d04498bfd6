package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/slipway-deploy/slipway/lab"
	"github.com/slipway-deploy/slipway/lab/image"
	"github.com/slipway-deploy/slipway/lab/pack"
	"github.com/slipway-deploy/slipway/lab/sample"
)

// answerWithin is how long a host may take to say what it serves after an update that
// claims to have waited for that.
const answerWithin = 2 * time.Second

// setUp gives every contender its unit and directory on every host.
func (b *bench) setUp(ctx context.Context, all []contender) error {
	return b.eachHost(func(h lab.Host) error {
		for _, c := range all {
			if c.port == 0 {
				continue
			}
			if err := c.place(h); err != nil {
				return fmt.Errorf("set up %s: %w", h.Name, err)
			}
		}
		_, err := b.lab.Run(ctx, h.Name, "systemctl", "daemon-reload")
		return err
	})
}

// place makes what a host has before the first release comes.
func (c contender) place(h lab.Host) error {
	home := filepath.Join("/opt", c.name)
	dir := filepath.Join(h.Root, home)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if c.user {
		if err := os.Chown(dir, image.UID, image.GID); err != nil {
			return err
		}
	}
	unit := pack.Unit(home + "/current/bin/" + sample.Name)
	unit = strings.Replace(unit, "[Service]\n", "[Service]\nEnvironment=PORT="+strconv.Itoa(c.port)+"\n", 1)
	return os.WriteFile(filepath.Join(h.Root, "etc/systemd/system", c.name+".service"), []byte(unit), 0o644)
}

// serves makes sure that every host serves a version: what did not happen is not
// worth measuring.
func (b *bench) serves(ctx context.Context, port int, version string) error {
	if port == 0 {
		return nil
	}
	client := &http.Client{Timeout: answerWithin, Transport: &http.Transport{DisableKeepAlives: true}}
	return b.eachHost(func(h lab.Host) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://%s:%d/_status", h.Address, port), nil)
		if err != nil {
			return err
		}
		res, err := client.Do(req)
		if err != nil {
			return fmt.Errorf("ask %s what it serves: %w", h.Name, err)
		}
		defer res.Body.Close()
		var st sample.Status
		if err := json.NewDecoder(res.Body).Decode(&st); err != nil {
			return fmt.Errorf("ask %s what it serves: %w", h.Name, err)
		}
		if st.Version != version {
			return fmt.Errorf("%s serves %s, not %s", h.Name, st.Version, version)
		}
		return nil
	})
}

// eachHost does something for all hosts at once, and returns all errors.
func (b *bench) eachHost(do func(lab.Host) error) error {
	errs := make([]error, len(b.info.Hosts))
	var all sync.WaitGroup
	for i, h := range b.info.Hosts {
		all.Go(func() { errs[i] = do(h) })
	}
	all.Wait()
	return errors.Join(errs...)
}
