package sample

import "embed"

// Source is this package and its command, so that a slipway installed without its
// source tree can build the service. Paths are relative to lab/sample.
//
//go:embed doc.go release.go service.go metrics.go main.go source.go cmd/checkout/main.go
var Source embed.FS
