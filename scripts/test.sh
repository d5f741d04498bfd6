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
# Only what is tagged for it is run: the other tests of these packages have been, in the steps before.
lab() {
  local files pkgs names
  files=$(grep -rlE '^//go:build lab' --include='*_test.go' cmd internal lab)
  pkgs=$(xargs -n1 dirname <<<"$files" | sort -u | sed 's|^|./|')
  names=$(xargs grep -hoE '^func Test[A-Z][A-Za-z0-9_]*' <<<"$files" | sed 's/^func //' | grep -vx TestMain | sort -u | paste -sd '|')
  [ -n "$names" ] || { echo "no test is tagged lab"; return 1; }
  # One package at a time: they share the machine's bridges and its processors. Their tests wait
  # more than they compute, so that more of them than processors go on at a time.
  # shellcheck disable=SC2086 # one word a package
  go test -tags lab -p 1 -parallel 3 -count 1 -v -timeout 25m -run "^($names)\$" $pkgs | grep -vE '^=== (RUN|PAUSE|CONT|NAME)'
  return "${PIPESTATUS[0]}"
}

step "format" formatted
step "vet" go vet -tags lab ./...
step "modules" go mod tidy -diff
# Whole programs, with their databases, are run by both: raced in part, since the race
# detector makes them some ten times slower; make test-long races all.
programs="./internal/cli ./lab/e2e"
# These only compute, and some three to eight times as long when raced. One that begins to do
# things side by side, in itself or in its tests, is raced like all others.
computing="internal/judge internal/judge/chart internal/judge/power internal/judge/record internal/manifest internal/plan
  internal/standard internal/standard/crontab lab/judgebench/rival lab/judgebench/stream lab/pack"
unraced() {
  local p
  [ -z "${FUZZTIME:-}" ] || return 0
  for p in $computing; do
    grep -qE '^\s*go (func\b|[a-zA-Z_.]+\()|\.Go\(|"sync(/|")|/errgroup"' "$p"/*.go || echo "./$p"
  done
}

unit() {
  local plain raced
  plain=$(unraced)
  # shellcheck disable=SC2086 # one word a package
  raced=$(comm -23 <(go list ./... | grep -vE '/(internal/cli|lab/e2e)$' | sort) <([ -z "$plain" ] || go list $plain | sort))
  # shellcheck disable=SC2086 # one word a package
  go test -race -shuffle=on -timeout 15m $raced
  local code=$?
  # shellcheck disable=SC2086 # one word a package
  [ -z "$plain" ] || go test -shuffle=on -timeout 15m $plain || code=1
  return "$code"
}

step "unit" unit
# They wait more than they compute: more of them than processors at a time. The judge's promises on seeded
# traffic are among them, for the race detector would make those take minutes.
# shellcheck disable=SC2086 # one word a package
step "programs" go test -shuffle=on -parallel 6 -timeout 15m $programs ./lab/judgebench
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
