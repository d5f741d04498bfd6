// Package compat decides whether the live version of a service and the new one can live
// together: their OpenAPI, Protocol Buffers, JSON Schema and Avro contracts, their SQL
// migrations and their configuration keys, and, with a command of the project's, whether
// they do. Plan, check and the internal stage of a rollout call it. [Check] takes trees
// of files and gives findings: it never asks git, a network, a database or a host. Only
// [Coexist] acts: it runs the project's command on this machine.
package compat
