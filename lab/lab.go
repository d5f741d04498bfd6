package lab

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/slipway-deploy/slipway/lab/machine"
)

// ErrUnsupported is wrapped by what Supported returns.
var ErrUnsupported = errors.New("this machine cannot boot hosts")

// ErrNone means that there is no lab of a name.
var ErrNone = errors.New("there is no such lab")

// Lab is a lab that is up, or what is left of one.
type Lab struct{ record record }

// Open returns the lab of a name. One whose coming up was cut off opens too, with
// Info.Ready false.
func Open(name string) (*Lab, error) {
	r, err := load(name)
	if err != nil {
		return nil, err
	}
	return &Lab{record: r}, nil
}

// Info describes the lab, with the pids of the moment.
func (l *Lab) Info() Info {
	info := l.record.Info
	info.Hosts, info.Balancers = slices.Clone(info.Hosts), slices.Clone(info.Balancers)
	for i, m := range l.record.Machines {
		info.Hosts[i].PID = m.PID()
	}
	for i, b := range info.Balancers {
		info.Balancers[i].PID = l.record.balancerPID(b)
	}
	return info
}

// Down takes the lab away, as the function does.
func (l *Lab) Down(ctx context.Context) error { return Down(ctx, l.record.Info.Name) }

// Run runs a command as root on a host, without a shell and without the network, and
// returns what it wrote to standard output. An error carries what it wrote to
// standard error.
func (l *Lab) Run(ctx context.Context, host string, argv ...string) ([]byte, error) {
	m, err := l.machine(host)
	if err != nil {
		return nil, err
	}
	if len(argv) == 0 {
		return nil, errors.New("run nothing: name a command")
	}
	return m.Run(ctx, argv...)
}

// Cut pulls a host's network cable: it is unreachable, and goes on running.
func (l *Lab) Cut(ctx context.Context, host string) error {
	return l.with(host, func(m machine.Machine) error { return m.Cut(ctx) })
}

// Heal undoes Cut.
func (l *Lab) Heal(ctx context.Context, host string) error {
	return l.with(host, func(m machine.Machine) error { return m.Heal(ctx) })
}

// Fill leaves only so many bytes free on a host's disk.
func (l *Lab) Fill(ctx context.Context, host string, free int64) error {
	return l.with(host, func(m machine.Machine) error {
		used, err := m.Used()
		if err != nil {
			return err
		}
		return m.Limit(ctx, used+max(free, 0))
	})
}

// Empty undoes Fill.
func (l *Lab) Empty(ctx context.Context, host string) error {
	return l.with(host, func(m machine.Machine) error { return m.Limit(ctx, m.Disk) })
}

// Stop shuts a host down cleanly; its disk stays.
func (l *Lab) Stop(ctx context.Context, host string) error {
	return l.with(host, func(m machine.Machine) error { return m.Stop(ctx) })
}

// Kill ends a host at once, as a power cut would; its disk stays.
func (l *Lab) Kill(ctx context.Context, host string) error {
	return l.with(host, func(m machine.Machine) error { return m.Kill(ctx) })
}

// Start boots a host that was stopped or killed, and waits until it answers on SSH.
func (l *Lab) Start(ctx context.Context, host string) error {
	return l.with(host, func(m machine.Machine) error {
		if m.PID() != 0 {
			return fmt.Errorf("start %s: it is running", host)
		}
		if err := m.Boot(ctx); err != nil {
			return err
		}
		ready, cancel := context.WithTimeout(ctx, bootTime)
		defer cancel()
		return m.Ready(ready)
	})
}

// Reload makes a balancer read its configuration again, keeping its servers' state
// and its connections.
func (l *Lab) Reload(ctx context.Context, balancer string) error {
	b, err := l.balancer(balancer)
	if err != nil {
		return err
	}
	return l.record.reload(ctx, b)
}

// StopBalancer ends a balancer at once; StartBalancer starts it again.
func (l *Lab) StopBalancer(ctx context.Context, balancer string) error {
	b, err := l.balancer(balancer)
	if err != nil {
		return err
	}
	return l.record.endBalancer(ctx, b)
}

// StartBalancer starts a balancer that was stopped.
func (l *Lab) StartBalancer(ctx context.Context, balancer string) error {
	b, err := l.balancer(balancer)
	if err != nil {
		return err
	}
	if pid := l.record.balancerPID(b); pid != 0 {
		return fmt.Errorf("start balancer %s: it is running", balancer)
	}
	return l.record.startBalancer(ctx, b)
}

func (l *Lab) with(host string, do func(machine.Machine) error) error {
	m, err := l.machine(host)
	if err != nil {
		return err
	}
	return do(m)
}

func (l *Lab) machine(host string) (machine.Machine, error) {
	for _, m := range l.record.Machines {
		if m.Host == host {
			return m, nil
		}
	}
	return machine.Machine{}, fmt.Errorf("lab %s has no host %q; it has web1 to web%d", l.record.Info.Name, host, len(l.record.Machines))
}

func (l *Lab) balancer(name string) (Balancer, error) {
	for _, b := range l.record.Info.Balancers {
		if b.Name == name {
			return b, nil
		}
	}
	return Balancer{}, fmt.Errorf("lab %s has no balancer %q; it has lb1 to lb%d", l.record.Info.Name, name, len(l.record.Info.Balancers))
}
