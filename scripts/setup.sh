#!/usr/bin/env bash
# Installs from Debian's packages what building and testing need and this machine
# lacks. Needs root only when something is missing.
set -euo pipefail

# command or file that shows the package is there : package
needs=(
  "gcc:gcc" "git:git" "make:make" "ssh:openssh-client" "sftp:openssh-client" "/usr/sbin/sshd:openssh-server"
  "ansible-playbook:ansible-core" "/usr/sbin/haproxy:haproxy" "debootstrap:debootstrap"
  "systemd-nspawn:systemd-container" "ip:iproute2" "nsenter:util-linux" "tar:tar" "dpkg-deb:dpkg"
  "/usr/lib/postgresql:postgresql"
  "prometheus:prometheus" "carbon-cache:graphite-carbon" "graphite-manage:graphite-web"
  "aiosmtpd:python3-aiosmtpd" "prometheus-node-exporter:prometheus-node-exporter" "collectd:collectd-core" "chromium:chromium"
)
[ "${1:-}" = bench ] && needs+=("cap:capistrano")

missing=()
for need in "${needs[@]}"; do
  probe=${need%%:*} package=${need#*:}
  case $probe in
    /*) [ -e "$probe" ] || missing+=("$package") ;;
    *) PATH=$PATH:/usr/sbin:/sbin command -v "$probe" >/dev/null || missing+=("$package") ;;
  esac
done
if ! command -v go >/dev/null; then
  echo "setup: Go is missing; install Go 1.26 or newer (https://go.dev/dl)" >&2
  exit 1
fi
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "setup: missing packages: ${missing[*]}; install them as root, tests that need them are skipped until then" >&2
  exit 0
fi
echo "setup: installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
# A policy that starts nothing: a balancer or database of the machine is not ours to start.
if [ ! -e /usr/sbin/policy-rc.d ]; then
  printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
  chmod 755 /usr/sbin/policy-rc.d
  trap 'rm -f /usr/sbin/policy-rc.d' EXIT
fi
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
