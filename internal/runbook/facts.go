package runbook

// Facts are what a runbook is held against. What is nil is not known and not checked.
type Facts struct {
	Service      string
	Type         string // listener, worker or batch
	Manifest     string // name of the manifest, for messages
	Environments []Environment
	Units        []string // units and timers, as the manifest has them
	Health       *Endpoint
	Checks       []Endpoint // checks of stages
	Contacts     []Contact  // whom to turn to
	Link         string     // where people see a rollout, with its placeholders
	Hosts        []string   // every host of the inventories; nil: they could not be read
	Addresses    []string   // of hosts, where they are not their names
	Groups       []string   // of hosts, as inventories have them
	Tool         *Verb      // Slipway's own command line

	// Exists reports whether a path, relative to the runbook, is there; nil: not checked.
	Exists func(path string) bool
}

// Environment is one place that releases go to.
type Environment struct {
	Name      string
	Inventory string // of Ansible; may be empty
	Stages    []string
}

// Contact is somebody to turn to.
type Contact struct {
	Name, Role, How string
}

// Endpoint is something that answers on hosts, such as "http://:8080/_status".
type Endpoint struct {
	Port int
	Path string
}

// Verb is a command of a command line with what it takes.
type Verb struct {
	Name  string
	Flags []Flag
	Verbs []Verb
}

// Flag is an option of a verb.
type Flag struct {
	Name  string // without dashes
	Short string // one letter; may be empty
	Value bool   // takes a value
}
