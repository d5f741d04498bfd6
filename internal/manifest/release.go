package manifest

import "github.com/invopop/jsonschema"

// Release says which commits may be released, and how a release is cut.
type Release struct {
	Branch   string // "": main or master, whichever there is
	Tag      string // name of the tag of a release, with {{version}} in it
	Statuses *Statuses
	Key      string // reference to the key that signs provenance; "": it is not signed
}

// Statuses says who tells what became of the checks of a commit. Exactly one member
// besides Required is set.
type Statuses struct {
	GitHub, GitLab, Gitea *Forge
	Command               []string
	File                  string   // relative to the manifest's directory
	Required              []string // contexts that must be green; none: all that are reported
}

// Forge is a repository on a server that keeps statuses.
type Forge struct {
	Repository string
	Address    string // "": the public server
	Token      string // a reference; "": asked without one
}

// Contact is somebody to turn to when a rollout needs a person.
type Contact struct {
	Name string
	Role string
	How  string // how they are reached
}

func freshRelease() Release { return Release{Tag: "v{{version}}"} }

// releaseObject is what a release must be.
func releaseObject() object[Release] {
	return object[Release]{
		name: "release", what: "a mapping", empty: true, fresh: freshRelease,
		fields: []field[Release]{
			key("branch", func(r *Release) *string { return &r.Branch }, wordOf(branchName()),
				"Branch that releases are cut from; the history of it as the remote has it counts.").defaults("main or master, whichever there is").such("master"),
			key("tag", func(r *Release) *string { return &r.Tag }, wordOf(tagPattern()),
				"Name of the tag of a release.").defaults("v{{version}}").such("checkout-v{{version}}"),
			key("statuses", func(r *Release) **Statuses { return &r.Statuses }, pointer(statusesObject().shape()),
				"Who tells what became of the checks of a commit.").defaults("nobody is asked"),
			key("key", func(r *Release) *string { return &r.Key }, reference(),
				"Key that signs where a release comes from: Ed25519, PKCS #8 in DER, as base64.").defaults("it is not signed").such("env:RELEASE_KEY"),
		},
	}
}

func statusSources() []string { return []string{"github", "gitlab", "gitea", "command", "file"} }

// statusesObject is one source, and what must be green.
func statusesObject() object[Statuses] {
	return object[Statuses]{
		name: "statuses", what: "a mapping",
		rule:   func(r *reader, _ *Statuses, written keys) { exactlyOne(r, statusSources(), written) },
		extend: func(s *jsonschema.Schema) { extendKind(s, statusSources(), nil) },
		fields: []field[Statuses]{
			key("github", func(s *Statuses) **Forge { return &s.GitHub }, pointer(forgeObject("github", "https://api.github.com", false).shape()),
				"A repository at GitHub: commit statuses and check runs."),
			key("gitlab", func(s *Statuses) **Forge { return &s.GitLab }, pointer(forgeObject("gitlab", "https://gitlab.com", false).shape()),
				"A project at GitLab: commit statuses with its jobs, and the newest pipeline as `pipeline`."),
			key("gitea", func(s *Statuses) **Forge { return &s.Gitea }, pointer(forgeObject("gitea", "", true).shape()),
				"A repository at Gitea or Forgejo: commit statuses."),
			key("command", func(s *Statuses) *[]string { return &s.Command }, command(),
				"Command that prints a JSON list of {context, state, url}; {{commit}} is filled in, and it is in SLIPWAY_COMMIT.").such([]string{"ci/status", "{{commit}}"}),
			key("file", func(s *Statuses) *string { return &s.File }, wordOf(localPath()),
				"JSON file that has such a list for each commit.").such("ci/statuses.json"),
			key("required", func(s *Statuses) *[]string { return &s.Required }, list("a list such as [ci/build, ci/test]", 1, wordOf(shownName())),
				"Contexts that must be green.").defaults("all that are reported, and at least one").such([]string{"ci/build"}),
		},
	}
}

func forgeObject(name, public string, must bool) object[Forge] {
	address := key("url", func(f *Forge) *string { return &f.Address }, openURL(remoteAddress()), "Base address of the API.").such("https://" + name + ".example.com")
	if must {
		address = address.required()
	} else {
		address = address.defaults(public)
	}
	return object[Forge]{
		name: "statuses-" + name, what: "a mapping",
		fields: []field[Forge]{
			key("repository", func(f *Forge) *string { return &f.Repository }, wordOf(repositoryName()), "Repository, as OWNER/NAME.").required().such("shop/checkout"),
			address,
			key("token", func(f *Forge) *string { return &f.Token }, reference(), "Token that may read the repository.").defaults("asked without one").such("env:CI_TOKEN"),
		},
	}
}

// contactObject is somebody to turn to.
func contactObject() object[Contact] {
	return object[Contact]{
		name: "contact", what: "a contact",
		fields: []field[Contact]{
			key("name", func(c *Contact) *string { return &c.Name }, wordOf(shownName()), "Who it is: a person or a team.").required().such("Shop on-call"),
			key("role", func(c *Contact) *string { return &c.Role }, wordOf(shownText()), "What they are for.").defaults("none").such("decides about a rollback"),
			key("how", func(c *Contact) *string { return &c.How }, wordOf(shownText()), "How they are reached.").required().such("#shop-oncall, +44 20 7946 0000"),
		},
	}
}

func contacts() shape[[]Contact] {
	return repeatable(`a list such as [{name: Shop on-call, how: "#shop-oncall"}]`, 0, contactObject().shape())
}

func branchName() word {
	return word{what: "the name of a branch such as master or release/2.x", pattern: `^[A-Za-z0-9_][A-Za-z0-9_+-]*([./][A-Za-z0-9_+-]+)*$`}
}

func tagPattern() word {
	return word{what: "the name of a tag with {{version}} in it, such as v{{version}}", pattern: `^([A-Za-z0-9_][A-Za-z0-9_+-]*([./][A-Za-z0-9_+-]+)*[/-]?)?\{\{version\}\}([A-Za-z0-9_+-]*)$`}
}

func repositoryName() word {
	return word{what: "OWNER/NAME, such as shop/checkout", pattern: `^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)+$`, limit: 500}
}
