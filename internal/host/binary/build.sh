#!/bin/sh
# Builds slipway-host for every architecture and puts it where slipway embeds it.
# The same sources and the same Go give the same bytes. Run it from anywhere.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH= cd -- "$here/../../.." && pwd)
out=$here/embed
work=$(mktemp -d "$out/.build.XXXXXX")
trap 'rm -rf "$work"' EXIT INT TERM

cd "$root"
for arch in ${*:-amd64 arm64}; do
	name=slipway-host-linux-$arch
	CGO_ENABLED=0 GOOS=linux GOARCH=$arch go build -trimpath -buildvcs=false \
		-ldflags="-s -w -buildid=" -o "$work/$name" ./cmd/slipway-host
	sha256sum "$work/$name" | cut -d' ' -f1 >"$work/$name.sha256"
	gzip -n -9 "$work/$name"
	# Unchanged helpers keep their time, so that slipway is not linked again for nothing.
	if cmp -s "$work/$name.sha256" "$out/$name.sha256" && [ -f "$out/$name.gz" ]; then
		continue
	fi
	mv "$work/$name.gz" "$out/$name.gz"
	mv "$work/$name.sha256" "$out/$name.sha256"
done
