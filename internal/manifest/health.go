package manifest

import (
	"slices"
	"strings"
	"time"
)

// healthObject says when a host is healthy.
func healthObject() object[Health] {
	return object[Health]{
		name:  "health",
		what:  "a mapping",
		fresh: freshHealth,
		fields: []field[Health]{
			key("http", func(h *Health) *string { return &h.HTTP }, url(),
				"URL that the host asks itself.").required().such("http://:8080/_status"),
			key("status", func(h *Health) *int { return &h.Status }, whole("a status", 100, 599),
				"Status that the answer must have.").defaults("200"),
			key("expect", func(h *Health) *map[string]string { return &h.Expect },
				texts("a mapping of fields of the JSON answer to their values", jsonField(), "a value: a text, a number, true or false"),
				"Fields that the JSON answer must have, a dot for each level; {{version}} stands for the version that should run.").defaults("none").such(map[string]string{"version": "{{version}}"}),
			key("within", func(h *Health) *time.Duration { return &h.Within }, duration(),
				"How long a host may take to become healthy.").defaults("30s"),
		},
	}
}

// texts is a mapping of names to texts.
func texts(what string, name word, item string) shape[map[string]string] {
	pairs := mapping(what, 0, name, plain(item))
	a := as(pairs, func(es []entry[string]) map[string]string {
		m := map[string]string{}
		for _, e := range es {
			m[e.Key] = e.Value
		}
		return m
	}, func(m map[string]string) []entry[string] {
		var es []entry[string]
		for k, v := range m {
			es = append(es, entry[string]{k, v})
		}
		slices.SortFunc(es, func(a, b entry[string]) int { return strings.Compare(a.Key, b.Key) })
		return es
	}, nil)
	return a.shape
}
