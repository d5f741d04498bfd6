package lab

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"regexp"
	"strings"
)

// Limits of a lab: a host's number is part of its address, and socket paths may not
// be longer than the kernel takes.
const (
	mostHosts   = 100
	longestName = 24
	longestDir  = 80
)

// Config is what a lab should be. The zero value is a lab named "lab" of six hosts
// that take the tar.gz, behind one balancer.
type Config struct {
	Name      string   // letters, digits and dashes; "lab" when empty
	Hosts     int      // 6 when 0, at most 100
	Dir       string   // where the lab's files go; /var/lib/slipway-lab/NAME when empty
	Format    string   // tar.gz or deb; tar.gz when empty
	Balancers int      // 1 or 2; 1 when 0
	Disk      int64    // bytes each host may write; 1 GiB when 0
	Packages  []string // Debian packages to have on the hosts besides the usual ones
	Pad       int64    // when not 0, also pack the good versions as tar.gz of about so many bytes
	// Fallback is a program that runs the sample service when called with
	// sample.Command, for machines without Go. Empty: Go is needed.
	Fallback string
}

// withDefaults fills in what is empty.
func (c Config) withDefaults() Config {
	if c.Name == "" {
		c.Name = "lab"
	}
	if c.Hosts == 0 {
		c.Hosts = 6
	}
	if c.Dir == "" {
		c.Dir = filepath.Join(registryDir, c.Name)
	}
	if c.Format == "" {
		c.Format = Tarball
	}
	if c.Balancers == 0 {
		c.Balancers = 1
	}
	if c.Disk == 0 {
		c.Disk = 1 << 30
	}
	return c
}

// check refuses what no lab can be.
func (c Config) check() error {
	if err := checkName(c.Name); err != nil {
		return err
	}
	if c.Hosts < 1 || c.Hosts > mostHosts {
		return fmt.Errorf("a lab of %d hosts: it can have 1 to %d", c.Hosts, mostHosts)
	}
	if c.Format != Tarball && c.Format != Deb {
		return fmt.Errorf("artifact format %q: a lab's hosts take %s or %s", c.Format, Tarball, Deb)
	}
	if c.Balancers < 1 || c.Balancers > 2 {
		return fmt.Errorf("a lab with %d balancers: it can have 1 or 2", c.Balancers)
	}
	if c.Disk < 64<<20 {
		return fmt.Errorf("a disk of %d bytes: a host needs 64 MiB or more", c.Disk)
	}
	if c.Pad < 0 {
		return fmt.Errorf("an artifact of %d bytes: it cannot be less than 0", c.Pad)
	}
	for _, p := range c.Packages {
		if !matches(`[a-z0-9][a-z0-9+.-]+`, p) {
			return fmt.Errorf("package %q: names of Debian packages have lower case letters, digits and + . -", p)
		}
	}
	return checkDir(c.Dir)
}

func checkName(name string) error {
	if len(name) > longestName || !matches(`[a-z0-9]([a-z0-9-]*[a-z0-9])?`, name) {
		return fmt.Errorf("lab name %q: it can have up to %d lower case letters, digits, and dashes between them", name, longestName)
	}
	return nil
}

// checkDir holds a lab's directory to what needs no quoting in the files of SSH,
// Ansible and HAProxy that name it.
func checkDir(dir string) error {
	if !filepath.IsAbs(dir) || !matches(`[A-Za-z0-9/._-]+`, dir) || strings.Contains(dir, "/../") {
		return fmt.Errorf("directory %q: a lab's is absolute, and has letters, digits and / . _ - only", dir)
	}
	if len(dir) > longestDir {
		return fmt.Errorf("directory %s has %d letters: the paths of a lab's sockets would be too long; take one of at most %d", dir, len(dir), longestDir)
	}
	return nil
}

func matches(pattern, s string) bool {
	ok, err := regexp.MatchString("^(?:"+pattern+")$", s)
	return err == nil && ok
}

// address is the one of a number in the network of a lab.
func address(network, number int) netip.Addr {
	return netip.AddrFrom4([4]byte{10, 231, byte(network), byte(number)})
}
