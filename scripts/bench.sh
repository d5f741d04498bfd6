#!/usr/bin/env bash
# Measures Slipway beside Capistrano, a stock playbook and Ansible's floor on lab
# hosts, prints the table and writes docs/bench.md. Needs root, and bin/slipway.
# Arguments go to the benchmark: scripts/bench.sh -rounds 3
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "$(id -u)" != 0 ]; then
  echo "bench: lab hosts need root; run it as root: sudo make bench" >&2
  exit 1
fi
if ! command -v cap >/dev/null; then
  echo "bench: Capistrano is missing; install Debian's package: apt install capistrano" >&2
  exit 1
fi
exec go run ./lab/bench/cmd/bench "$@"
