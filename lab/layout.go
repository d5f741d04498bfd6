package lab

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"time"

	"github.com/slipway-deploy/slipway/lab/image"
	"github.com/slipway-deploy/slipway/lab/machine"
	"github.com/slipway-deploy/slipway/lab/pack"
	"github.com/slipway-deploy/slipway/lab/sample"
)

// The ports of the sample and of the balancers.
const (
	servicePort  = 8080
	publicPort   = 80
	internalPort = 81
	statsPort    = 8404
)

// layout decides everything about a lab before any of it is made: names, addresses
// and paths follow from its configuration and the number of its network.
func layout(cfg Config, number int) record {
	r := record{Number: number, Info: Info{
		Name: cfg.Name, Directory: cfg.Dir, Environment: Environment, Service: sample.Name, Format: cfg.Format, Port: servicePort,
		Project:    filepath.Join(cfg.Dir, "project"),
		Inventory:  filepath.Join(cfg.Dir, "inventory.yaml"),
		Key:        filepath.Join(cfg.Dir, "ssh", "id_ed25519"),
		KnownHosts: filepath.Join(cfg.Dir, "ssh", "known_hosts"),
		User:       image.User,
		Network:    netip.PrefixFrom(address(number, 0), 24).String(),
		Bridge:     bridgeName(number),
		Made:       time.Now().UTC(),
	}}
	for i := range cfg.Hosts {
		r.addHost(cfg, i+1)
	}
	for i := range cfg.Balancers {
		r.addBalancer(i + 1)
	}
	r.Info.Public, r.Info.Internal = r.Info.Balancers[0].Public, r.Info.Balancers[0].Internal
	return r
}

func (r *record) addHost(cfg Config, i int) {
	m := machine.Machine{
		Host:    fmt.Sprintf("web%d", i),
		Bridge:  r.Info.Bridge,
		Address: netip.PrefixFrom(address(r.Number, 10+i), 24),
		Gateway: address(r.Number, 1),
		Link:    fmt.Sprintf("sl%d-%d", r.Number, i),
		Disk:    cfg.Disk,
	}
	m.Name = fmt.Sprintf("slipway%d-%s", r.Number, m.Host)
	m.Dir = filepath.Join(cfg.Dir, "hosts", m.Host)
	r.Machines = append(r.Machines, m)
	zones := []string{"a", "b", "c"}
	r.Info.Hosts = append(r.Info.Hosts, Host{
		Name: m.Host, Address: m.Address.Addr().String(), Zone: zones[(i-1)%len(zones)], Arch: pack.Arch(),
		Root: m.Root(), Console: m.Console(), Link: m.Link,
	})
}

func (r *record) addBalancer(i int) {
	name := fmt.Sprintf("lb%d", i)
	dir := filepath.Join(r.Info.Directory, name)
	at := address(r.Number, i).String()
	r.Info.Balancers = append(r.Info.Balancers, Balancer{
		Name: name, Address: at,
		Socket:   filepath.Join(dir, "admin.sock"),
		Config:   filepath.Join(dir, "haproxy.cfg"),
		State:    filepath.Join(dir, "servers.state"),
		Public:   fmt.Sprintf("http://%s:%d", at, publicPort),
		Internal: fmt.Sprintf("http://%s:%d", at, internalPort),
		Stats:    fmt.Sprintf("http://%s:%d/", at, statsPort),
	})
}
