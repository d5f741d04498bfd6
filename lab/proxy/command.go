package proxy

import (
	"strings"
	"time"
)

// usage lists what the runtime socket knows, in HAProxy's form.
const usage = `Unknown command. Please enter one of the following commands only:
  disable server (DEPRECATED)             : disable a server for maintenance (use 'set server' instead)
  enable server  (DEPRECATED)             : enable a disabled server (use 'set server' instead)
  get weight <bk>/<srv>                   : report a server's current weight
  set server <bk>/<srv> [opts]            : change a server's state, weight, address or ssl
  set weight <bk>/<srv>  (DEPRECATED)     : change a server's weight (use 'set server' instead)
  show backend                            : list backends in the current running config
  show info [desc|json|typed|float]*      : report information about the running process
  show servers state [<backend>]          : dump volatile server information (all or for a single backend)
  show stat [desc|json|no-maint|typed|up]*: report counters for each proxy and server
`

// answer carries out one command and returns what HAProxy would say, but for the
// line that ends every answer.
func (p *Proxy) answer(command string) string {
	words := strings.Fields(command)
	word := func(i int) string {
		if i < len(words) {
			return words[i]
		}
		return ""
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	switch word(0) + " " + word(1) {
	case "show info":
		return p.info(now)
	case "show backend":
		return p.listBackends()
	case "show stat":
		return p.stat(words[2:], now)
	case "show servers":
		if word(2) == "state" {
			return p.serversState(word(3), now)
		}
	case "set server":
		return p.setServer(word(2), word(3), word(4), now)
	case "set weight":
		return p.on(word(2), func(s *server) string { return s.setWeight(word(3)) })
	case "get weight":
		return p.on(word(2), (*server).tellWeight)
	case "enable server":
		return p.on(word(2), func(s *server) string { s.set(s.admin&forcedDrain, now); return "" })
	case "disable server":
		return p.on(word(2), func(s *server) string { s.set(forcedMaint, now); return "" })
	}
	return usage
}

// on does something with the server that a word names.
func (p *Proxy) on(word string, do func(*server) string) string {
	backend, name, found := strings.Cut(word, "/")
	if !found {
		return "Require 'backend/server'.\n"
	}
	s, refusal := p.find(backend, name)
	if s == nil {
		return refusal
	}
	return do(s)
}
