package plan

import (
	"fmt"
	"regexp"
	"strings"
)

// Refusals is everything that stands in the way of a plan.
type Refusals struct {
	Of   string    `json:"of"` // "checkout 1.1.0 on production"
	List []Refusal `json:"refusals"`
}

// Refusal is one thing that stands in the way.
type Refusal struct {
	Place string   `json:"place"`           // "web3", "stage canary (slipway.yaml:14:9)"
	Hosts []string `json:"hosts,omitempty"` // all hosts it is true of
	Found string   `json:"found"`
	Next  string   `json:"next"` // what to do about it
}

// Error lists every refusal with what to do about it.
func (r *Refusals) Error() string {
	var b strings.Builder
	things := "one thing stands"
	if len(r.List) > 1 {
		things = fmt.Sprintf("%d things stand", len(r.List))
	}
	fmt.Fprintf(&b, "no plan for %s: %s in the way, nothing was changed", r.Of, things)
	for _, one := range r.List {
		fmt.Fprintf(&b, "\n  %s: %s\n      %s", one.Place, one.Found, one.Next)
	}
	return b.String()
}

// refuse notes that something stands in the way at a place that is not a host.
func (b *build) refuse(place, found, next string) {
	b.refused = append(b.refused, Refusal{Place: place, Found: found, Next: next})
}

// refuseHost notes that something stands in the way on a host. Hosts of which the
// same is true are told together.
func (b *build) refuseHost(name, found, next string) {
	found = anyHost(name, oneLine(found))
	for i := range b.refused {
		if r := &b.refused[i]; len(r.Hosts) > 0 && r.Found == found && r.Next == next {
			r.Hosts = append(r.Hosts, name)
			return
		}
	}
	b.refused = append(b.refused, Refusal{Hosts: []string{name}, Found: found, Next: next})
}

// refusals are all that was noted, or nil. In what to do about hosts, {{hosts}}
// stands for their names.
func (b *build) refusals() error {
	if len(b.refused) == 0 {
		return nil
	}
	for i := range b.refused {
		if r := &b.refused[i]; len(r.Hosts) > 0 {
			r.Place = names(r.Hosts, 60)
			r.Next = strings.ReplaceAll(r.Next, "{{hosts}}", listed(r.Hosts))
			self := "HOST"
			if len(r.Hosts) == 1 {
				self = r.Hosts[0]
			}
			r.Found = strings.ReplaceAll(r.Found, "{{host}}", self)
		}
	}
	return &Refusals{Of: fmt.Sprintf("%s %s on %s", b.in.Manifest.Service, b.in.Release.Version, b.env.Name), List: b.refused}
}

// anyHost puts {{host}} where a text names the host, so that the same failure of
// many hosts is the same text.
func anyHost(name, text string) string {
	return regexp.MustCompile(`\b`+regexp.QuoteMeta(name)+`\b`).ReplaceAllLiteralString(text, "{{host}}")
}

// listed is names for a flag of the command line, as many as a person would paste.
func listed(hosts []string) string {
	const most = 12
	if len(hosts) > most {
		return fmt.Sprintf("%s,... (all %d of them)", hosts[0], len(hosts))
	}
	return strings.Join(hosts, ",")
}

// oneLine is the first line of a text that came from elsewhere, at a length that
// can be read, without anything that a terminal would obey.
func oneLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	r := []rune(strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f || c >= 0x80 && c < 0xa0 {
			return ' '
		}
		return c
	}, s))
	if len(r) > 200 {
		return string(r[:197]) + "..."
	}
	return string(r)
}
