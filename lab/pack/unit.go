package pack

import (
	"fmt"
	"strings"

	"github.com/slipway-deploy/slipway/lab/sample"
)

// ConfigPath is the service's configuration on a host, a conffile of its package.
const ConfigPath = "/etc/checkout/checkout.conf"

// Unit is the service's systemd unit for a program at a path.
func Unit(program string) string {
	return `[Unit]
Description=Checkout, the sample service
After=network.target

[Service]
Type=notify
EnvironmentFile=-` + ConfigPath + `
ExecStart=` + program + `
User=daemon
Restart=on-failure
RestartSec=1
TimeoutStopSec=15

[Install]
WantedBy=multi-user.target
`
}

// LocalUnit is the unit for a host of a local fleet, where nothing waits to be told
// that the service is ready and each host may need a port of its own.
func LocalUnit(program, host string, port int) string {
	return fmt.Sprintf(`[Unit]
Description=Checkout, the sample service

[Service]
Type=exec
Environment=HOST=%s PORT=%d
ExecStart=%s
Restart=on-failure

[Install]
WantedBy=multi-user.target
`, host, port, program)
}

// conffile is the configuration that a version of the package brings.
func conffile(r sample.Release) string {
	var b strings.Builder
	b.WriteString("# Configuration of checkout: KEY=value, read when it starts.\nPORT=8080\nCURRENCY=EUR\n")
	if r.Version >= "1.2.0" { // a version that changes a conffile, as versions do
		b.WriteString("# LIMIT: most items in a cart.\nLIMIT=50\n")
	}
	return b.String()
}

// The maintainer scripts leave starting and restarting to whoever deploys.
const (
	postinst = `#!/bin/sh
set -e
if [ "$1" = configure ] && [ -d /run/systemd/system ]; then
	systemctl daemon-reload
	if [ -z "$2" ]; then
		systemctl enable --quiet checkout.service || true # it may be masked
	fi
fi
`
	prerm = `#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
	systemctl stop checkout.service
	systemctl disable --quiet checkout.service
fi
`
	postrm = `#!/bin/sh
set -e
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
fi
`
)
