package proxy

import (
	"fmt"
	"net"
	"regexp"
	"time"
)

// Config is what a proxy does. It owns the listeners from New on.
type Config struct {
	Frontends []Frontend
	Backends  []Backend
	Socket    net.Listener // the runtime socket; whoever reaches it may do everything
	Node      string       // what the proxy calls itself
	Check     Check
}

// Frontend takes requests and gives them to a backend.
type Frontend struct {
	Name     string
	Listener net.Listener
	Backend  string
	Deny     string // paths that begin with it are answered 403; empty: none
}

// Backend is a group of servers that share requests by weight.
type Backend struct {
	Name     string
	Servers  []Server
	Disabled bool // its servers start in maint
}

// Server is one place that requests go to.
type Server struct {
	Name    string
	Address string // host:port
	Weight  int    // 100 when 0
}

// Check says how the health of servers is found out.
type Check struct {
	Path     string        // answered with 200 by a healthy server
	Interval time.Duration // 250 ms when 0
	Fast     time.Duration // while a server comes or goes; 100 ms when 0
	Timeout  time.Duration // 1 s when 0
	Rise     int           // successes that bring a server back; 2 when 0
	Fall     int           // failures that take one out; 2 when 0
}

func (c Check) withDefaults() Check {
	orTime := func(d *time.Duration, otherwise time.Duration) {
		if *d == 0 {
			*d = otherwise
		}
	}
	orTime(&c.Interval, 250*time.Millisecond)
	orTime(&c.Fast, 100*time.Millisecond)
	orTime(&c.Timeout, time.Second)
	if c.Rise == 0 {
		c.Rise = 2
	}
	if c.Fall == 0 {
		c.Fall = 2
	}
	return c
}

// check refuses what cannot be served.
func (c Config) check() error {
	backends := map[string]bool{}
	for _, b := range c.Backends {
		if err := checkName("backend", b.Name); err != nil {
			return err
		}
		if backends[b.Name] {
			return fmt.Errorf("backend %s is there twice", b.Name)
		}
		backends[b.Name] = true
		if err := b.check(); err != nil {
			return err
		}
	}
	for _, f := range c.Frontends {
		if err := checkName("frontend", f.Name); err != nil {
			return err
		}
		if !backends[f.Backend] {
			return fmt.Errorf("frontend %s gives to backend %q, which is not there", f.Name, f.Backend)
		}
	}
	if k := c.Check; k.Interval < 0 || k.Fast < 0 || k.Timeout < 0 || k.Rise < 0 || k.Fall < 0 {
		return fmt.Errorf("health check %+v: times and counts cannot be less than 0", k)
	}
	return nil
}

func (b Backend) check() error {
	seen := map[string]bool{}
	for _, s := range b.Servers {
		if err := checkName("server", s.Name); err != nil {
			return err
		}
		if seen[s.Name] {
			return fmt.Errorf("server %s/%s is there twice", b.Name, s.Name)
		}
		seen[s.Name] = true
		if _, _, err := net.SplitHostPort(s.Address); err != nil {
			return fmt.Errorf("server %s/%s: %w", b.Name, s.Name, err)
		}
		if s.Weight < 0 || s.Weight > mostWeight {
			return fmt.Errorf("server %s/%s has weight %d; it can have 0 to %d", b.Name, s.Name, s.Weight, mostWeight)
		}
	}
	return nil
}

func checkName(what, name string) error {
	if ok, err := regexp.MatchString(`^[A-Za-z0-9_.:-]+$`, name); err != nil || !ok {
		return fmt.Errorf("%s %q: names have letters, digits and _ . : -", what, name)
	}
	return nil
}
