package manifest

import (
	"time"

	"github.com/invopop/jsonschema"
)

// Compat says where the contracts of the project are, which are compared with those of the
// version that is live, and how old and new are tried side by side.
type Compat struct {
	OpenAPI    []OpenAPI
	Proto      []Proto
	JSONSchema []Messages
	Avro       []Messages
	Migrations []Migrations
	Config     []Defaults
	Coexist    *Coexist // nil: they are not tried
}

// OpenAPI is documents of interfaces that the service serves.
type OpenAPI struct {
	Files      []string // globs of slash paths, with ** for any directories
	NewClients bool     // clients of the new version meet old hosts
}

// Proto is definitions of Protocol Buffers.
type Proto struct {
	Files      []string
	JSON       bool // the messages are also written as JSON, where names count
	NewClients bool
}

// Direction says who writes messages.
type Direction string

// The directions.
const (
	Both     Direction = "both"
	Produces Direction = "produces"
	Consumes Direction = "consumes"
)

// Messages is schemas of messages, one a file.
type Messages struct {
	Files     []string
	Direction Direction
}

// Dialect is a database's SQL.
type Dialect string

// The dialects.
const (
	PostgreSQL Dialect = "postgresql"
	MySQL      Dialect = "mysql"
	SQLite     Dialect = "sqlite"
)

// Migrations is a directory whose SQL files are applied in the order of their names.
type Migrations struct {
	Dir     string
	Dialect Dialect
}

// Defaults is files with the keys that a version reads on a host.
type Defaults struct{ Files []string }

// Coexist is a command that tries one old and one new host together.
type Coexist struct {
	Run    []string
	Within time.Duration
}

// compatObject is the contracts, by their sort.
func compatObject() object[Compat] {
	return object[Compat]{
		name: "compat", what: "a mapping",
		rule: func(r *reader, c *Compat, written keys) {
			if len(written.value) == 0 {
				r.problem(written.self, Problem{Message: r.subject() + " names no contract", Allowed: "one or more of openapi, proto, json_schema, avro, migrations, config, coexist"})
			}
		},
		extend: func(s *jsonschema.Schema) { s.MinProperties = new(uint64(1)) },
		fields: []field[Compat]{
			key("openapi", func(c *Compat) *[]OpenAPI { return &c.OpenAPI }, contracts("[{files: [api/*.yaml]}]", openAPIObject()),
				"OpenAPI documents of what the service serves.").defaults("none"),
			key("proto", func(c *Compat) *[]Proto { return &c.Proto }, contracts(`[{files: ["proto/**/*.proto"]}]`, protoObject()),
				"Protocol Buffers.").defaults("none"),
			key("json_schema", func(c *Compat) *[]Messages { return &c.JSONSchema }, contracts("[{files: [events/*.json]}]", messagesObject()),
				"JSON Schemas of messages, one a file.").defaults("none"),
			key("avro", func(c *Compat) *[]Messages { return &c.Avro }, contracts("[{files: [events/*.avsc]}]", messagesObject()),
				"Avro schemas of messages, one a file.").defaults("none"),
			key("migrations", func(c *Compat) *[]Migrations { return &c.Migrations }, contracts("[{dir: db/migrations}]", migrationsObject()),
				"SQL migrations.").defaults("none"),
			key("config", func(c *Compat) *[]Defaults { return &c.Config }, contracts("[{files: [config/defaults.yaml]}]", defaultsObject()),
				"Configuration: files with the keys that the service reads on a host, its defaults or examples.").defaults("none"),
			key("coexist", func(c *Compat) **Coexist { return &c.Coexist }, pointer(coexistObject().shape()),
				"A command that tries one old and one new host together, in the first stage.").defaults("they are not tried"),
		},
	}
}

// contracts is a list of one sort.
func contracts[T any](such string, of object[T]) shape[[]T] {
	return repeatable("a list such as "+such, 1, of.shape())
}

func filesOf[T any](at func(*T) *[]string) field[T] {
	return key("files", at, list("a list of globs such as [api/*.yaml]", 1, wordOf(contractFiles())),
		"Files, as globs from the directory of slipway.yaml; ** stands for any directories.").required().such([]string{"api/*.yaml"})
}

func newClients[T any](at func(*T) *bool) field[T] {
	return key("new_clients", at, truthful(),
		"Clients of the new version can meet an old host, as a page does that calls the host which a balancer picks: what is added counts, too.").defaults("false")
}

func openAPIObject() object[OpenAPI] {
	return object[OpenAPI]{name: "openapi", what: "a mapping", fields: []field[OpenAPI]{
		filesOf(func(o *OpenAPI) *[]string { return &o.Files }),
		newClients(func(o *OpenAPI) *bool { return &o.NewClients }),
	}}
}

func protoObject() object[Proto] {
	return object[Proto]{name: "proto", what: "a mapping", fields: []field[Proto]{
		filesOf(func(p *Proto) *[]string { return &p.Files }),
		key("json", func(p *Proto) *bool { return &p.JSON }, truthful(),
			"The messages are also written as JSON, where names count and not numbers.").defaults("false"),
		newClients(func(p *Proto) *bool { return &p.NewClients }),
	}}
}

func messagesObject() object[Messages] {
	return object[Messages]{name: "messages", what: "a mapping", fresh: func() Messages { return Messages{Direction: Both} }, fields: []field[Messages]{
		filesOf(func(m *Messages) *[]string { return &m.Files }),
		key("direction", func(m *Messages) *Direction { return &m.Direction }, one("", Both, Produces, Consumes),
			"Who writes them: both, through a queue or in storage; produces, others read; consumes, others write.").defaults("both"),
	}}
}

func migrationsObject() object[Migrations] {
	return object[Migrations]{name: "migrations", what: "a mapping", fresh: func() Migrations { return Migrations{Dialect: PostgreSQL} }, fields: []field[Migrations]{
		key("dir", func(m *Migrations) *string { return &m.Dir }, wordOf(directoryBelow()),
			"Directory of the files, which are applied in the order of their names.").required().such("db/migrations"),
		key("dialect", func(m *Migrations) *Dialect { return &m.Dialect }, one("", PostgreSQL, MySQL, SQLite),
			"SQL of the database.").defaults("postgresql"),
	}}
}

func defaultsObject() object[Defaults] {
	return object[Defaults]{name: "defaults", what: "a mapping", fields: []field[Defaults]{
		filesOf(func(d *Defaults) *[]string { return &d.Files }),
	}}
}

func coexistObject() object[Coexist] {
	return object[Coexist]{name: "coexist", what: "a mapping", fresh: func() Coexist { return Coexist{Within: 5 * time.Minute} }, fields: []field[Coexist]{
		key("run", func(c *Coexist) *[]string { return &c.Run }, command(),
			"Command on the machine that deploys, in the directory of slipway.yaml: a list of words, or a text for /bin/sh. It is told the two hosts and exits with 0 when they can live together.").required().such([]string{"./test/coexist.sh"}),
		key("within", func(c *Coexist) *time.Duration { return &c.Within }, duration(),
			"How long it may take for each new host.").defaults("5m"),
	}}
}

// contractFiles are looked for in the trees of two commits, where no path leads out.
func contractFiles() word {
	const step = `(\*\*|[^/.\x00-\x1f][^/\x00-\x1f]*|\.[^/.\x00-\x1f][^/\x00-\x1f]*)`
	return word{what: "a glob below the directory of the file, without . or .. in it, such as api/*.yaml or proto/**/*.proto", pattern: `^` + step + `(/` + step + `)*$`, limit: 1000}
}
