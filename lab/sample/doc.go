// Package sample is the service that labs, demos and tests deploy: a small HTTP
// server named checkout whose versions behave well or badly on purpose. Package pack
// builds it from the source embedded here; slipway runs it under a hidden command
// where there is no Go. It uses the standard library alone and stores nothing.
package sample
