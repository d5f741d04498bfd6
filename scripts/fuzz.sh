#!/usr/bin/env bash
# Fuzzes every fuzz target of the module for the time given.
set -euo pipefail
time=${1:-30s}
for pkg in $(grep -rl --include='*_test.go' '^func Fuzz' internal lab | xargs -n1 dirname | sort -u); do
  for target in $(grep -rhoE '^func Fuzz[A-Za-z0-9_]+' "$pkg"/*_test.go | sed 's/func //'); do
    echo "fuzz: $pkg $target $time"
    go test "./$pkg" -run '^$' -fuzz "^$target\$" -fuzztime "$time"
  done
done
