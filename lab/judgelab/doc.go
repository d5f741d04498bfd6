// Package judgelab shows the judge on real hosts: behind HAProxy, under load, with
// releases that answer with errors, are slow, leak memory, or are good while traffic and
// its errors come in bursts. The command below it (`make judge-lab`) calls it and writes
// docs/judge-lab.md.
//
// It brings labs up and takes them away, runs slipway as a user would, and believes what
// slipway prints. It never judges anything itself and is no part of slipway.
package judgelab
