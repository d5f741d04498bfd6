package local

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/slipway-deploy/slipway/lab"
)

// Environment is the name of the environment in the fleet's slipway.yaml.
const Environment = "local"

// Limits of a fleet: a host's number is part of its address, and the path of a socket
// may not be longer than the kernel takes.
const (
	mostHosts  = 200
	longestDir = 90
)

// Config is what a fleet should be.
type Config struct {
	Dir   string // absolute; made, and removed by Down
	Hosts int    // 6 when 0
	// Cache is where built artifacts are kept; the user's cache directory when empty.
	Cache string
	Pad   int64 // see lab.Config
	// Fallback is a program that runs the sample service when called with
	// sample.Command, for machines without Go. Empty: Go is needed.
	Fallback string
	// Balancer is a command that calls Balance with the argument that is added to it;
	// its process outlives this one. Empty: the balancer runs in this process, until Down.
	Balancer []string
}

func (c Config) check() error {
	if c.Hosts < 1 || c.Hosts > mostHosts {
		return fmt.Errorf("a local fleet of %d hosts: it can have 1 to %d", c.Hosts, mostHosts)
	}
	if !filepath.IsAbs(c.Dir) || strings.ContainsAny(c.Dir, "\n\"\\") {
		return fmt.Errorf("directory %q: a local fleet's is absolute, without quotes and backslashes", c.Dir)
	}
	if len(c.Dir) > longestDir {
		return fmt.Errorf("directory %s has %d letters: the path of the balancer's socket would be too long; take one of at most %d", c.Dir, len(c.Dir), longestDir)
	}
	return nil
}

// The ports of the sample and of the balancer. When another program has the sample's
// on every address, the next one is taken.
const (
	servicePort  = 8080
	publicPort   = 8000
	internalPort = 8001
	balancerHost = 254
)

func address(network, host int) string { return fmt.Sprintf("127.77.%d.%d", network, host) }

// network is a part of the loopback that one fleet has: to listen on the balancer's
// public address is to own it.
type network struct {
	number           int
	public, internal net.Listener
}

func claim() (network, error) {
	for n := range 256 {
		at := func(port int) string { return net.JoinHostPort(address(n, balancerHost), strconv.Itoa(port)) }
		public, err := net.Listen("tcp", at(publicPort))
		if errors.Is(err, syscall.EADDRINUSE) {
			continue // another fleet's
		}
		if err != nil {
			return network{}, fmt.Errorf("listen on %s: %w; a local fleet needs the addresses 127.77.0.0/16, which Linux has without being told", at(publicPort), err)
		}
		internal, err := net.Listen("tcp", at(internalPort))
		if err == nil {
			return network{n, public, internal}, nil
		}
		public.Close()
		if !errors.Is(err, syscall.EADDRINUSE) {
			return network{}, fmt.Errorf("listen on %s: %w", at(internalPort), err)
		}
	}
	return network{}, fmt.Errorf("ports %d and %d are taken on all of 127.77.*.%d: take fleets down, or end the program that listens on every address", publicPort, internalPort, balancerHost)
}

func (n network) close() error { return errors.Join(n.public.Close(), n.internal.Close()) }

// freePort is one that the sample can have on every host.
func (n network) freePort() (int, error) {
	for port := servicePort; port < servicePort+100; port++ {
		l, err := net.Listen("tcp", net.JoinHostPort(address(n.number, 1), strconv.Itoa(port)))
		if err == nil {
			return port, l.Close()
		}
		if !errors.Is(err, syscall.EADDRINUSE) {
			return 0, fmt.Errorf("look for a port: %w", err)
		}
	}
	return 0, fmt.Errorf("ports %d to %d are all taken on %s", servicePort, servicePort+99, address(n.number, 1))
}

// layout decides everything about a fleet before any of it is made.
func layout(cfg Config, n network, port int) lab.Info {
	i := lab.Info{
		Name: filepath.Base(cfg.Dir), Directory: cfg.Dir, Environment: Environment, Service: service, Format: lab.Tarball, Port: port,
		Project: filepath.Join(cfg.Dir, "project"), Fleet: filepath.Join(cfg.Dir, "fleet"),
		Public: "http://" + n.public.Addr().String(), Internal: "http://" + n.internal.Addr().String(),
	}
	zones := []string{"a", "b", "c"}
	for h := range cfg.Hosts {
		name := fmt.Sprintf("web%d", h+1)
		i.Hosts = append(i.Hosts, lab.Host{
			Name: name, Address: address(n.number, h+1), Zone: zones[h%len(zones)], Arch: arch(), Root: filepath.Join(i.Fleet, name),
		})
	}
	i.Balancers = []lab.Balancer{{
		Name: "lb1", Address: address(n.number, balancerHost), Public: i.Public, Internal: i.Internal,
		Socket: filepath.Join(cfg.Dir, "balancer.sock"), Config: filepath.Join(cfg.Dir, configFile),
	}}
	return i
}
