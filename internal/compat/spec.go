package compat

import (
	"io/fs"

	"github.com/slipway-deploy/slipway/internal/compat/finding"
)

// Finding, Place and Kind are the gates' words, named here for callers.
type (
	Finding = finding.Finding
	Place   = finding.Place
	Kind    = finding.Kind
)

// Tree is the files of one version, from git or from its artifact: the caller makes it.
type Tree struct {
	Version string
	FS      fs.FS
}

// Spec says where a project keeps its contracts, and what runs now. Patterns are slash
// paths from the root of the tree; * is within a name, ** any number of directories.
type Spec struct {
	OpenAPI    []OpenAPI
	Proto      []Proto
	JSONSchema []Messages
	Avro       []Messages
	Migrations []Migrations
	Config     []Config
	// Running are the versions on the hosts of the environment; empty means the old
	// tree's version alone. A contracting migration waits for them.
	Running []string
}

// OpenAPI is documents of interfaces that the service serves.
type OpenAPI struct {
	Files []string
	// NewClients: clients of the new version can meet an old host while both run, as
	// pages do that call the host that a balancer picks. Then what is added counts too.
	NewClients bool
}

// Proto is .proto files. Messages are taken to go both ways: what each version writes
// the other reads.
type Proto struct {
	Files []string
	// JSON: the messages are also written as JSON, where names count and not numbers.
	JSON bool
	// NewClients as for OpenAPI: methods that the new version adds count.
	NewClients bool
}

// Direction says who writes the messages of a contract.
type Direction string

// The directions. Both is the zero value's meaning: written and read by this service,
// through a queue or in storage.
const (
	Both     Direction = "both"
	Produces Direction = "produces"
	Consumes Direction = "consumes"
)

// Messages is schemas of messages, JSON Schema or Avro, one a file.
type Messages struct {
	Files     []string
	Direction Direction
}

// Migrations is a directory whose SQL files are applied in the order of their names.
type Migrations struct {
	Dir     string
	Dialect Dialect
}

// Dialect is a database's SQL.
type Dialect string

// The dialects; the zero value is PostgreSQL.
const (
	PostgreSQL Dialect = "postgresql"
	MySQL      Dialect = "mysql"
	SQLite     Dialect = "sqlite"
)

// Config is files with the keys that a version reads: its defaults or its example. The
// format is told by the name: .yaml, .yml, .json, .toml, .ini, .conf, .cfg, .properties, .env.
type Config struct {
	Files []string
}
