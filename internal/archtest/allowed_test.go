package archtest

import "strings"

// free reports whether a package may import what it likes: mains, and the lab,
// which builds a world around the program.
func free(name string) bool {
	return strings.HasPrefix(name, "cmd/") || name == "lab" || strings.HasPrefix(name, "lab/")
}

// pure packages only decide: standard library without I/O, no clock, no goroutine.
var pure = map[string]bool{
	"internal/rollout":  true,
	"internal/judge":    true,
	"internal/duration": true,
}

var pureImports = []string{
	"cmp", "encoding/json", "errors", "fmt", "iter", "maps", "math", "slices", "sort", "strconv", "strings", "time",
}

// allowed says what each package may import of this module.
var allowed = map[string][]string{
	// decide
	"internal/rollout":      {},
	"internal/rollout/sim":  {"internal/rollout"},
	"internal/duration":     {},
	"internal/judge":        {"internal/duration"},
	"internal/judge/chart":  {"internal/judge"},
	"internal/judge/power":  {"internal/judge"},
	"internal/judge/record": {"internal/judge"},
	// data in, data out
	"internal/manifest":         {"internal/duration"},
	"internal/runbook":          {},
	"internal/runbook/page":     {},
	"internal/standard":         {"internal/manifest", "internal/runbook", "internal/standard/crontab"},
	"internal/standard/crontab": {},
	"internal/fleet":            {},
	"internal/releasable":       {},
	"internal/artifact/debian":  {},
	"internal/artifact":         {"internal/artifact/debian"},
	"internal/artifact/build":   {"internal/artifact", "internal/artifact/debian"},
	// can old and new live together: one package a sort of contract
	"internal/compat": {"internal/compat/avromessage", "internal/compat/configkeys", "internal/compat/finding", "internal/compat/jsonmessage",
		"internal/compat/migration", "internal/compat/openapi", "internal/compat/protobuf"},
	"internal/compat/finding":     {},
	"internal/compat/document":    {},
	"internal/compat/sqltext":     {},
	"internal/compat/openapi":     {"internal/compat/finding"},
	"internal/compat/protobuf":    {"internal/compat/finding"},
	"internal/compat/jsonmessage": {"internal/compat/document", "internal/compat/finding"},
	"internal/compat/avromessage": {"internal/compat/document", "internal/compat/finding"},
	"internal/compat/configkeys":  {"internal/compat/document", "internal/compat/finding"},
	"internal/compat/migration":   {"internal/artifact/debian", "internal/compat/finding", "internal/compat/sqltext"},
	"internal/plan":               {"internal/duration", "internal/rollout", "internal/manifest", "internal/fleet", "internal/artifact", "internal/host"},
	// the host's side: imported by cmd/slipway-host alone
	"internal/host":         {},
	"internal/host/root":    {},
	"internal/host/process": {},
	"internal/host/probe":   {"internal/host"},
	"internal/host/state":   {"internal/host"},
	"internal/host/memory":  {"internal/host", "internal/host/root"},
	"internal/host/unit":    {"internal/host/process", "internal/host/root"},
	"internal/host/deb":     {},
	"internal/host/release": {"internal/host/root"},
	"internal/host/capture": {"internal/host", "internal/host/deb", "internal/host/memory", "internal/host/release", "internal/host/root", "internal/host/state", "internal/host/unit"},
	"internal/host/observe": {"internal/host", "internal/host/probe", "internal/host/process", "internal/host/unit"},
	"internal/host/work": {"internal/artifact", "internal/host", "internal/host/capture", "internal/host/deb", "internal/host/memory", "internal/host/observe", "internal/host/probe",
		"internal/host/process", "internal/host/release", "internal/host/root", "internal/host/state", "internal/host/unit"},
	"internal/host/call": {"internal/host", "internal/host/memory", "internal/host/root", "internal/host/work"},
	// effects
	"internal/host/binary":         {},
	"internal/method":              {"internal/engine", "internal/host", "internal/rollout"},
	"internal/method/methodtest":   {"internal/engine", "internal/host", "internal/rollout"},
	"internal/method/ansible":      {"internal/method", "internal/engine", "internal/host", "internal/host/binary", "internal/rollout"},
	"internal/method/local":        {"internal/method", "internal/engine", "internal/host", "internal/host/binary", "internal/rollout"},
	"internal/method/coexist":      {"internal/compat", "internal/engine", "internal/host", "internal/method", "internal/rollout"},
	"internal/haproxy":             {},
	"internal/secret":              {},
	"internal/git":                 {},
	"internal/releasable/status":   {"internal/releasable"},
	"internal/haproxy/haproxytest": {},
	"internal/traffic":             {"internal/engine", "internal/haproxy", "internal/rollout"},
	"internal/metric":              {"internal/duration", "internal/engine", "internal/haproxy", "internal/host", "internal/rollout", "internal/secret"},
	"internal/notify":              {"internal/rollout"},
	"internal/notify/wire":         {"internal/notify"},
	"internal/notify/chat":         {"internal/notify", "internal/notify/wire"},
	"internal/notify/marker":       {"internal/notify", "internal/notify/wire", "internal/rollout"},
	"internal/notify/channel":      {"internal/notify", "internal/notify/chat", "internal/notify/marker", "internal/notify/wire", "internal/rollout"},
	"internal/notify/outbox":       {"internal/journal", "internal/notify", "internal/rollout"},
	"internal/notify/notifytest":   {"internal/rollout"},
	"internal/journal":             {"internal/rollout"},
	"internal/journal/journaltest": {"internal/journal", "internal/rollout"},
	"internal/work":                {},
	"internal/engine":              {"internal/rollout", "internal/judge", "internal/judge/record", "internal/journal"},
	// what builds all of it: the only one that knows every implementation
	"internal/app": {"internal/artifact", "internal/artifact/build", "internal/compat", "internal/engine", "internal/fleet", "internal/git", "internal/haproxy", "internal/journal",
		"internal/host", "internal/judge", "internal/judge/record", "internal/manifest", "internal/method", "internal/method/ansible", "internal/method/coexist", "internal/method/local", "internal/metric",
		"internal/notify", "internal/notify/channel", "internal/notify/outbox", "internal/plan", "internal/releasable", "internal/releasable/status", "internal/rollout", "internal/runbook", "internal/secret", "internal/standard", "internal/traffic",
		"internal/work"},
	// what people see; the lab and the demo are commands too
	"internal/cli": {"internal/app", "internal/duration", "internal/cli/live", "internal/cli/view", "internal/host", "internal/host/binary", "internal/journal",
		"internal/judge", "internal/judge/chart", "internal/judge/power", "internal/manifest", "internal/plan", "internal/releasable", "internal/rollout", "internal/runbook", "internal/runbook/page", "internal/standard", "internal/traffic", "lab", "lab/load", "lab/local", "lab/pack", "lab/sample"},
	"internal/cli/view": {"internal/duration", "internal/judge", "internal/rollout"},
	"internal/cli/live": {"internal/cli/view", "internal/rollout"},
}
