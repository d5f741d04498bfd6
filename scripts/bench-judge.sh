#!/usr/bin/env bash
# Compares Slipway's judge with its rivals on seeded traffic and writes
# docs/bench-judge.md; all rows go to dist/bench-judge.json and .csv.
# Arguments go to the benchmark: scripts/bench-judge.sh -stream steady -healthy 900
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p dist
exec go run ./lab/judgebench/cmd/judgebench -json dist/bench-judge.json -csv dist/bench-judge.csv "$@"
