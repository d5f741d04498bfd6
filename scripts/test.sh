#!/usr/bin/env bash
# Everything that must hold, in the order in which it is cheapest to know.
# SEEDS and FUZZTIME make it longer (make test-long).
set -uo pipefail
cd "$(dirname "$0")/.."
failed=()

step() { # name, command...
  local name=$1 start=$SECONDS
  shift
  echo "== $name"
  if "$@"; then
    echo "-- $name: passed in $((SECONDS - start)) s"
  else
    failed+=("$name")
    echo "-- $name: FAILED after $((SECONDS - start)) s"
  fi
}

formatted() {
  local out
  out=$(gofmt -l cmd internal lab) && [ -z "$out" ] || { echo "gofmt would change: $out"; return 1; }
}

# Lab hosts boot where this machine can; the tests skip themselves, with the reason, where not.
lab() {
  local pkgs
  pkgs=$(grep -rlE '^//go:build lab' --include='*_test.go' cmd internal lab | xargs -n1 dirname | sort -u | sed 's|^|./|')
  # One package at a time: they share the machine's bridges and its processors.
  # shellcheck disable=SC2086 # one word a package
  go test -tags lab -p 1 -count 1 -v -timeout 25m $pkgs | grep -vE '^=== (RUN|PAUSE|CONT|NAME)'
  return "${PIPESTATUS[0]}"
}

step "format" formatted
step "vet" go vet -tags lab ./...
step "modules" go mod tidy -diff
# Whole programs, with their databases, are run by both: raced in part, since the race
# detector makes them some ten times slower; make test-long races all.
programs="./internal/cli ./lab/e2e"
unit() {
  # shellcheck disable=SC2046 # one word a package
  go test -race -shuffle=on -timeout 15m $(go list ./... | grep -vE '/(internal/cli|lab/e2e)$')
}

step "unit" unit
# They wait more than they compute: more of them than processors at a time.
# shellcheck disable=SC2086 # one word a package
# So are the judge's promises on seeded traffic, which the race detector would make take minutes.
step "programs" go test -shuffle=on -parallel 4 -timeout 15m $programs ./lab/judgebench
short=-short
[ -z "${FUZZTIME:-}" ] || short=-short=false
step "programs, raced" go test -race -shuffle=on -timeout 45m "$short" ./internal/cli
step "simulation" go test ./internal/rollout/sim -count 1 -run TestSeeds -v -timeout 0 -seeds "${SEEDS:-100000}"
step "lab" lab
[ -z "${FUZZTIME:-}" ] || step "fuzz" scripts/fuzz.sh "$FUZZTIME"

if [ ${#failed[@]} -gt 0 ]; then
  echo "FAILED: ${failed[*]}"
  exit 1
fi
echo "all passed in $SECONDS s"
