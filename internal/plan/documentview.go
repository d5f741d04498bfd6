package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

// tone is how a text is to be taken.
type tone string

const (
	calm tone = ""
	good tone = "good"
	bad  tone = "bad"
	warn tone = "warn"
)

// span is a text in a document.
type span struct {
	Text string
	Link string
	Tone tone
	Code bool
}

// block is one of: facts or a table (rows), a list (rows of one), commands (code), or a
// sentence.
type block struct {
	Kind string // facts, table, list, code, say
	Head []string
	Rows [][]span
	Code string
	Say  span
}

// chapter is a heading with what stands under it.
type chapter struct {
	Title  string
	Blocks []block
}

// sheet is a document in the form that is written as Markdown and as HTML.
type sheet struct {
	Title    string
	Warnings []string
	Chapters []chapter
	Foot     string
}

func say(text string) span { return span{Text: text} }

func fact(name, text string) []span { return []span{say(name), say(text)} }

// sheet arranges the document for people.
func (d *Document) sheet() sheet {
	t := &page{plan: d.Plan}
	s := sheet{Title: "Release plan: " + d.Of(), Warnings: d.warnings()}
	add := func(title string, blocks ...block) {
		if len(blocks) > 0 {
			s.Chapters = append(s.Chapters, chapter{title, blocks})
		}
	}
	add("What", d.what(t))
	add("Why", d.why()...)
	add("Prerequisites", results(d.Prerequisites, "Nobody has looked at prerequisites: slipway runbook run does.")...)
	add("Gates", results(d.Gates, "None: the manifest names none that hold before the first host is changed.")...)
	add("Old and new side by side", d.sideBySide())
	add("Hosts", d.hosts())
	add("Stages", d.stages(t)...)
	add("What is tolerated", d.tolerated())
	add("Going back", d.goingBack(t)...)
	add("What stays out of a rollback", d.staysOut())
	add("Contacts", d.people())
	add("Who is told", d.told())
	add("Notes", d.notes()...)
	add("Run this plan", d.run()...)
	s.Foot = fmt.Sprintf("Made by slipway %s for %s, %s. It can be run for %d days, while nothing that it was made for changes.",
		d.Program, d.Plan.By, d.Plan.At.UTC().Format("2006-01-02 15:04 UTC"), int(Lasts.Hours()/24))
	return s
}

// warnings are what nobody may overlook.
func (d *Document) warnings() []string {
	var all []string
	if c := d.Compat; c != nil && !c.RollbackSafe {
		all = append(all, "Going back is not safe after live traffic: what the new version writes, the old one cannot read.")
	}
	if c := d.Compat; c != nil && !c.Compatible {
		all = append(all, "Old and new cannot run side by side, and in a rollout they do.")
	}
	for _, r := range slices.Concat(d.Gates, d.Prerequisites) {
		if r.Answer == Unmet || r.Answer == Waived {
			all = append(all, fmt.Sprintf("%s: %s. %s", r.Name, r.Answer, r.Said))
		}
	}
	if len(d.Contacts) == 0 {
		all = append(all, "Nobody is named whom to turn to: contacts in slipway.yaml.")
	}
	return all
}

// what tells what is brought where.
func (d *Document) what(t *page) block {
	p := d.Plan
	b := block{Kind: "facts", Rows: [][]span{
		fact("service", p.Service+" ("+p.Type+")"), fact("version", p.Release.Version), fact("environment", p.Environment), fact("now", t.now()),
	}}
	if p.Release.Commit != "" {
		b.Rows = append(b.Rows, []span{say("commit"), d.commit(p.Release.Commit)})
	}
	for _, a := range p.Release.Artifacts {
		b.Rows = append(b.Rows, fact("artifact", fmt.Sprintf("%s, %s, %s, %s, %s", a.Name, a.Format, a.Arch, size(a.Size), a.Digest)))
	}
	b.Rows = append(b.Rows, fact("method", t.method()))
	if h := t.haproxy(); h != nil {
		b.Rows = append(b.Rows, fact("traffic", fmt.Sprintf("%s, backend %s", plural(len(h.Sockets), "HAProxy", "HAProxies"), h.Public)))
	}
	b.Rows = append(b.Rows, fact("plan", p.ID), fact("made", "by "+p.By+", "+p.At.UTC().Format("2006-01-02 15:04 UTC")))
	if p.ApprovedBy != "" {
		b.Rows = append(b.Rows, fact("approved", "by "+p.ApprovedBy))
	}
	if d.Runbook != "" {
		b.Rows = append(b.Rows, fact("runbook", d.Runbook))
	}
	if p.Link != "" {
		b.Rows = append(b.Rows, []span{say("to be seen at"), {Text: p.Link, Link: p.Link}})
	}
	return b
}

// commit is the id of a commit, with its address.
func (d *Document) commit(id string) span {
	s := span{Text: shortCommit(id), Code: true}
	if d.CommitLink != "" {
		s.Link = strings.ReplaceAll(d.CommitLink, "{{commit}}", id)
	}
	return s
}

// why are the commits that the release brings.
func (d *Document) why() []block {
	if len(d.Plan.Changes) == 0 {
		return []block{{Kind: "say", Say: say("Which commits it brings is not known: no tag or artifact tells the commit of the version that is live.")}}
	}
	b := block{Kind: "table", Head: []string{"commit", "what", "by"}}
	for _, c := range d.Plan.Changes {
		b.Rows = append(b.Rows, []span{d.commit(c.Commit), say(c.Subject), say(c.By)})
	}
	return []block{b}
}

// results are gates or prerequisites, each with its answer.
func results(all []Result, none string) []block {
	if len(all) == 0 {
		return []block{{Kind: "say", Say: say(none)}}
	}
	b := block{Kind: "table", Head: []string{"what", "answer", "because"}}
	for _, r := range all {
		tones := map[Answer]tone{Met: good, Unmet: bad, Waived: warn}
		b.Rows = append(b.Rows, []span{say(r.Name), {Text: string(r.Answer), Tone: tones[r.Answer]}, say(r.Said)})
	}
	return []block{b}
}

func (d *Document) sideBySide() block {
	c := d.Compat
	if c == nil {
		return block{Kind: "say", Say: say("Not looked at: the manifest declares no contracts.")}
	}
	answer := func(ok bool, yes, no string) span {
		if ok {
			return span{Text: yes, Tone: good}
		}
		return span{Text: no, Tone: bad}
	}
	b := block{Kind: "facts", Rows: [][]span{
		{say("side by side"), answer(c.Compatible, "compatible", "not compatible")},
		{say("going back after live traffic"), answer(c.RollbackSafe, "safe", "not safe: an explicit yes is asked for")},
	}}
	for _, f := range c.Findings {
		b.Rows = append(b.Rows, fact("found", f))
	}
	return b
}

// hosts are all hosts in the order in which they are changed.
func (d *Document) hosts() block {
	b := block{Kind: "table", Head: []string{"host", "zone", "now", "stage", "wave", "goes back"}}
	for _, s := range (&page{plan: d.Plan}).seats() {
		b.Rows = append(b.Rows, []span{say(s.Name), say(zone(s.Zone)), say(installed(s.From)), say(d.Plan.Stages[s.stage].Name), say(strconv.Itoa(s.wave + 1)), say(goesBack(s.Back))})
	}
	return b
}

// stages are the stages with their gates.
func (d *Document) stages(t *page) []block {
	var all []block
	done, waiting, before := 0, []string(nil), []string(nil)
	for i, s := range d.Plan.Stages {
		hosts := s.Hosts()
		done += len(hosts)
		b := block{Kind: "facts", Rows: [][]span{fact(fmt.Sprintf("%d. %s", i+1, s.Name), t.which(s, waiting, before))}}
		if s.Approval {
			b.Rows = append(b.Rows, fact("approval", "a person promotes before the first host is changed"))
		}
		b.Rows = append(b.Rows, fact("exposure", t.open(s, done)))
		if s.Kind == rollout.StageInternal && d.Plan.Rehearse {
			b.Rows = append(b.Rows, fact("rehearsal", "each host is updated, put back, compared with what it was, and updated again"))
		}
		for _, c := range s.Checks {
			b.Rows = append(b.Rows, fact("check", check(c)+", on every updated host"))
		}
		for _, m := range s.Metrics {
			b.Rows = append(b.Rows, fact("judge", metric(m, s.Kind == rollout.StageComplete)))
		}
		b.Rows = append(b.Rows, fact("then", t.gate(s)))
		all = append(all, b)
		before = append(before, hosts...)
		waiting = nil
		if s.Kind == rollout.StageInternal && d.Plan.Traffic != nil {
			waiting = hosts
		}
	}
	return all
}

func (d *Document) tolerated() block {
	p := d.Plan
	budget := "no host may fail: the first one ends the rollout"
	if p.Budget > 0 {
		budget = plural(p.Budget, "host", "hosts") + " may fail, be unreachable or unhealthy; one more ends the rollout"
	}
	const restore = "every changed host goes back to what it was"
	return block{Kind: "facts", Rows: [][]span{
		fact("out at once", "at most "+plural(p.MaxOut, "host", "hosts")+", going back too"), fact("budget", budget),
		fact("on failure", choice(p.OnFail, restore)), fact("if unclear", choice(p.OnUnclear, restore)),
	}}
}

func (d *Document) staysOut() block {
	b := block{Kind: "list"}
	for _, path := range d.Plan.Spec.Data {
		b.Rows = append(b.Rows, []span{say(path + ": data, never touched")})
	}
	b.Rows = append(b.Rows, []span{say("databases, queues, and what other services have taken up since")})
	if d.Plan.Traffic == nil {
		b.Rows = append(b.Rows, []span{say("balancers: none are named")})
	}
	return b
}

func (d *Document) people() block {
	if len(d.Contacts) == 0 {
		return block{Kind: "say", Say: span{Text: "Nobody is named in slipway.yaml.", Tone: bad}}
	}
	b := block{Kind: "table", Head: []string{"who", "for what", "how"}}
	for _, c := range d.Contacts {
		b.Rows = append(b.Rows, []span{say(c.Name), say(c.Role), say(c.How)})
	}
	return b
}

func (d *Document) told() block {
	b := block{Kind: "list"}
	for _, c := range d.Plan.Notify {
		b.Rows = append(b.Rows, []span{say(c.Name + ": " + c.Kind + whereTo(c))})
	}
	if len(b.Rows) == 0 {
		return block{Kind: "say", Say: say("Nobody: the manifest has no notify.")}
	}
	return b
}

func (d *Document) notes() []block {
	if len(d.Plan.Notes) == 0 {
		return nil
	}
	b := block{Kind: "list"}
	for _, n := range d.Plan.Notes {
		b.Rows = append(b.Rows, []span{say(n)})
	}
	return []block{b}
}

// run are the commands of those who approve.
func (d *Document) run() []block {
	return []block{
		{Kind: "code", Code: fmt.Sprintf("slipway deploy plan.json\nslipway status --env %s", d.Plan.Environment)},
		{Kind: "say", Say: say("plan.json is this plan as slipway plan --format json writes it. Who runs it is kept as the one who approved it.")},
	}
}

// cameFrom is the version that every host has now; "" when they differ or one has none.
func (d *Document) cameFrom() string {
	from := d.Plan.Hosts[0].From
	for _, h := range d.Plan.Hosts {
		if h.From != from {
			return ""
		}
	}
	return from
}
