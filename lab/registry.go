package lab

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/slipway-deploy/slipway/lab/machine"
)

// registryDir holds one record a lab, and the labs themselves unless they are told to
// be elsewhere. It survives a restart of the computer, as a lab's directory does.
const registryDir = "/var/lib/slipway-lab"

// record is all that must be known to take a lab away, written before the first
// thing of it is made.
type record struct {
	Info     Info              `json:"info"`
	Number   int               `json:"number"` // of its network
	Machines []machine.Machine `json:"machines"`
}

func recordPath(name string) string { return filepath.Join(registryDir, name+".json") }

// load reads the record of a lab.
func load(name string) (record, error) {
	if err := checkName(name); err != nil {
		return record{}, err
	}
	text, err := os.ReadFile(recordPath(name))
	if errors.Is(err, fs.ErrNotExist) {
		return record{}, fmt.Errorf("lab %s: %w", name, ErrNone)
	}
	if err != nil {
		return record{}, fmt.Errorf("lab %s: %w", name, err)
	}
	var r record
	if err := json.Unmarshal(text, &r); err != nil {
		return record{}, fmt.Errorf("lab %s: read %s: %w", name, recordPath(name), err)
	}
	return r, nil
}

// save writes the record whole or not at all.
func (r record) save() error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	tmp := recordPath(r.Info.Name) + ".new"
	if err := os.WriteFile(tmp, append(text, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(tmp, recordPath(r.Info.Name))
}

// forget removes the record; the last one takes the registry with it.
func (r record) forget() error {
	unlock, err := lockRegistry()
	if err != nil {
		return fmt.Errorf("lock %s: %w", registryDir, err)
	}
	defer unlock()
	if err := os.Remove(recordPath(r.Info.Name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if names, err := Names(); err != nil || len(names) > 0 {
		return err
	}
	if err := lowerLimits(); err != nil {
		return err
	}
	os.Remove(registryDir) //nolint:errcheck // it stays when somebody put something there
	return nil
}

// Names lists the labs of this machine, sorted.
func Names() ([]string, error) {
	paths, err := filepath.Glob(filepath.Join(registryDir, "*.json"))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, p := range paths {
		names = append(names, strings.TrimSuffix(filepath.Base(p), ".json"))
	}
	slices.Sort(names)
	return names, nil
}

// claim takes a name and a network for a lab, against every other lab that comes up
// at the same time.
func claim(cfg Config) (record, error) {
	unlock, err := lockRegistry()
	if err != nil {
		return record{}, fmt.Errorf("lock %s: %w", registryDir, err)
	}
	defer unlock()
	if _, err := os.Stat(recordPath(cfg.Name)); err == nil {
		return record{}, fmt.Errorf("lab %s is there already; take it away first: slipway lab down --name %s", cfg.Name, cfg.Name)
	}
	if left, err := os.ReadDir(cfg.Dir); err == nil && len(left) > 0 {
		return record{}, fmt.Errorf("directory %s is not empty; name another one for the lab, or remove it", cfg.Dir)
	}
	if err := raiseLimits(); err != nil {
		return record{}, err
	}
	number, err := freeNetwork()
	if err != nil {
		return record{}, err
	}
	r := layout(cfg, number)
	if err := r.save(); err != nil {
		return record{}, fmt.Errorf("note lab %s down: %w", cfg.Name, err)
	}
	return r, nil
}

// lockRegistry makes the registry and locks it. The last lab to go removes the
// directory, so a lock on one that is gone is taken again on the new one.
func lockRegistry() (unlock func(), err error) {
	for {
		if err := os.MkdirAll(registryDir, 0o755); err != nil {
			return nil, err
		}
		d, err := os.Open(registryDir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if err := syscall.Flock(int(d.Fd()), syscall.LOCK_EX); err != nil {
			d.Close()
			return nil, err
		}
		mine, err := d.Stat()
		now, there := os.Stat(registryDir)
		if err == nil && there == nil && os.SameFile(mine, now) {
			return func() { d.Close() }, nil
		}
		d.Close()
	}
}

// freeNetwork returns the first number whose network no lab and no interface has.
func freeNetwork() (int, error) {
	var taken [256]bool
	names, err := Names()
	if err != nil {
		return 0, err
	}
	for _, name := range names {
		r, err := load(name)
		if err != nil {
			return 0, err
		}
		taken[r.Number&0xff] = true
	}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return 0, fmt.Errorf("list addresses: %w", err)
	}
	for _, a := range addresses {
		p, err := netip.ParsePrefix(a.String())
		if err != nil {
			continue // not an IP network
		}
		for n := range taken {
			taken[n] = taken[n] || p.Overlaps(netip.PrefixFrom(address(n, 0), 24))
		}
	}
	for n := range 255 {
		if !taken[n] && !exists("/sys/class/net/"+bridgeName(n)) {
			return n, nil
		}
	}
	return 0, errors.New("all networks from 10.231.0.0/24 to 10.231.254.0/24 are taken; take labs away first: slipway lab down")
}

func bridgeName(number int) string { return fmt.Sprintf("slipway%d", number) }

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
