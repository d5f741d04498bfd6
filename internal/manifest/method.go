package manifest

// methodObject says how hosts are changed.
func methodObject() object[Method] {
	return object[Method]{
		name: "method",
		what: "a mapping",
		one:  true,
		fields: []field[Method]{
			key("ansible", func(m *Method) **Ansible { return &m.Ansible }, pointer(ansibleObject().shape()),
				"Through Ansible, with the project's own inventory."),
			key("local", func(m *Method) **Local { return &m.Local }, pointer(localObject().shape()),
				"A fleet on this machine, to try things out: each host is a directory and a process group."),
		},
	}
}

func ansibleObject() object[Ansible] {
	return object[Ansible]{
		name: "ansible",
		what: "a mapping",
		fields: []field[Ansible]{
			key("inventory", func(a *Ansible) *string { return &a.Inventory }, wordOf(localPath()),
				"Inventory: whatever ansible-inventory reads.").required().such("ops/hosts.yaml"),
			key("hosts", func(a *Ansible) *string { return &a.Hosts }, wordOf(hostPattern()),
				"Hosts of the service, as an Ansible pattern.").defaults("SERVICE, the group of that name"),
			key("playbook", func(a *Ansible) *string { return &a.Playbook }, wordOf(localPath()),
				"The project's own playbook, which then installs the release.").defaults("none: the built-in way, one task for each host"),
			key("forks", func(a *Ansible) *int { return &a.Forks }, forks(),
				"Hosts that Ansible works on at the same time.").defaults("as many as a wave has, at most 64"),
			key("config", func(a *Ansible) *string { return &a.Config }, wordOf(localPath()),
				"The project's ansible.cfg.").defaults("none").such("ops/ansible.cfg"),
			key("variables", func(a *Ansible) *map[string]string { return &a.Variables },
				texts("a mapping of names to values", variableName(), "a value: a text, a number, true or false"),
				"Extra variables for Ansible. They are recorded with the rollout: secrets belong in Ansible's vault.").defaults("none"),
		},
	}
}

// forks is not printed when it is left to the method.
func forks() shape[int] {
	s := whole("a number of hosts", 1, 1000)
	s.write = func(v int) any {
		if v == 0 {
			return nil
		}
		return v
	}
	return s
}

func localObject() object[Local] {
	return object[Local]{
		name: "local",
		what: "a mapping",
		fields: []field[Local]{
			key("directory", func(l *Local) *string { return &l.Directory }, wordOf(localPath()),
				"Holds one directory for each host.").required().such("fleet"),
		},
	}
}
