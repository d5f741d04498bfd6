package local

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/slipway-deploy/slipway/lab"
	"github.com/slipway-deploy/slipway/lab/proxy"
)

// Command is the hidden command of slipway that calls Balance.
const Command = "lab-balancer"

// What lies in a fleet's directory besides its hosts.
const (
	configFile = "balancer.json"
	logFile    = "balancer.log"
	pidFile    = "balancer.pid"
)

// plan is what a balancer's process is told, in a file.
type plan struct {
	Node    string         `json:"node"`
	Check   string         `json:"check"`
	Servers []proxy.Server `json:"servers"`
}

// planOf is the balancer of a fleet.
func planOf(i lab.Info) plan {
	p := plan{Node: i.Name, Check: "/_status"}
	for _, h := range i.Hosts {
		p.Servers = append(p.Servers, proxy.Server{Name: h.Name, Address: net.JoinHostPort(h.Address, strconv.Itoa(i.Port))})
	}
	return p
}

// config is the same backends and rules as those of a lab's HAProxy.
func (p plan) config(public, internal, socket net.Listener) proxy.Config {
	return proxy.Config{
		Node: p.Node, Socket: socket, Check: proxy.Check{Path: p.Check},
		Frontends: []proxy.Frontend{
			{Name: "public", Listener: public, Backend: lab.PublicBackend, Deny: "/_set"},
			{Name: "internal", Listener: internal, Backend: lab.InternalBackend},
		},
		Backends: []proxy.Backend{
			{Name: lab.PublicBackend, Servers: p.Servers},
			{Name: lab.InternalBackend, Servers: p.Servers, Disabled: true},
		},
	}
}

// Balance runs the balancer that a file describes until ctx ends. Its three listeners
// come from whoever started the process, as descriptors 3 to 5, so that no port is
// ever let go between the two.
func Balance(ctx context.Context, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("run the balancer: %w", err)
	}
	var p plan
	if err := json.Unmarshal(text, &p); err != nil {
		return fmt.Errorf("run the balancer: read %s: %w", path, err)
	}
	var listeners [3]net.Listener
	for i := range listeners {
		f := os.NewFile(uintptr(3+i), fmt.Sprintf("listener %d", i))
		if listeners[i], err = net.FileListener(f); err != nil {
			return fmt.Errorf("run the balancer: descriptor %d is not a listener that a local fleet handed down: %w", 3+i, err)
		}
		f.Close() //nolint:errcheck // FileListener made a copy
	}
	balancer, err := proxy.New(p.config(listeners[0], listeners[1], listeners[2]))
	if err != nil {
		return err
	}
	pid := filepath.Join(filepath.Dir(path), pidFile)
	if err := os.WriteFile(pid, []byte(strconv.Itoa(os.Getpid())), 0o644); err != nil {
		return fmt.Errorf("run the balancer: %w", err)
	}
	return balancer.Serve(ctx)
}
