package manifest

import "time"

// trafficObject is the balancers in front of the service.
func trafficObject() object[Traffic] {
	return object[Traffic]{
		name: "traffic",
		what: "a mapping",
		one:  true,
		fields: []field[Traffic]{
			key("haproxy", func(t *Traffic) **HAProxy { return &t.HAProxy }, pointer(haproxyObject().shape()),
				"One or several HAProxy, through their runtime sockets."),
		},
	}
}

func haproxyObject() object[HAProxy] {
	return object[HAProxy]{
		name:  "haproxy",
		what:  "a mapping",
		fresh: freshHAProxy,
		rule:  twoBackends,
		fields: []field[HAProxy]{
			key("sockets", func(h *HAProxy) *[]string { return &h.Sockets }, list("a list of runtime sockets such as [/run/haproxy/admin.sock]", 1, wordOf(socketName())),
				"Runtime socket of each balancer: a path on this machine, tcp://HOST:PORT, or USER@HOST:PATH through SSH.").required().
				such([]string{"ops@lb1:/run/haproxy/admin.sock"}),
			key("public", func(h *HAProxy) *string { return &h.Public }, wordOf(backendName()),
				"Backend that takes public requests.").required().such("checkout"),
			key("internal", func(h *HAProxy) *string { return &h.Internal }, wordOf(backendName()),
				"Backend that only staff reach.").defaults("none: hosts of the internal stage take no requests").such("checkout_internal"),
			key("server", func(h *HAProxy) *string { return &h.Server }, wordOf(serverName()),
				"Name of a host's server in the backends; {{host}} is the host's name.").defaults("{{host}}"),
			key("drain", func(h *HAProxy) *time.Duration { return &h.Drain }, duration(),
				"Longest wait for the sessions of a host to end.").defaults("30s"),
		},
	}
}

// twoBackends: one backend cannot be both, or an internal host would be live.
func twoBackends(r *reader, h *HAProxy, written keys) {
	if h.Internal != "" && h.Internal == h.Public {
		r.problem(written.node("internal"), Problem{
			Message: "public and internal are the same backend: a host of the internal stage would be live",
			Hint:    "name a second backend, or leave internal out",
		})
	}
}
