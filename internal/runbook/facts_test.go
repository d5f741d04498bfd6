package runbook_test

import "github.com/slipway-deploy/slipway/internal/runbook"

// facts are those of a service with two environments.
func facts() runbook.Facts {
	env := runbook.Flag{Name: "env", Short: "e", Value: true}
	output := runbook.Flag{Name: "output", Short: "o", Value: true}
	yes := runbook.Flag{Name: "yes", Short: "y"}
	verb := func(name string, flags ...runbook.Flag) runbook.Verb {
		return runbook.Verb{Name: name, Flags: append(flags, output)}
	}
	return runbook.Facts{
		Service: "checkout", Type: "listener", Manifest: "slipway.yaml",
		Environments: []runbook.Environment{
			{Name: "staging", Inventory: "ops/staging.yaml", Stages: []string{"complete"}},
			{Name: "production", Inventory: "ops/hosts.yaml", Stages: []string{"internal", "canary", "complete"}},
		},
		Units:  []string{"checkout.service", "checkout-worker@.service", "checkout-cleanup.timer"},
		Health: &runbook.Endpoint{Port: 8080, Path: "/_status"},
		Checks: []runbook.Endpoint{{Port: 8081, Path: "/cart"}},
		Hosts:  []string{"web1", "web2", "web3", "web4", "web5", "web6", "lb1", "lb2", "db1", "stg-web1"},
		Tool: &runbook.Verb{Name: "slipway", Verbs: []runbook.Verb{
			verb("build"), verb("plan", env), verb("deploy", env, yes), verb("promote", env), verb("resume"), verb("abort"), verb("rollback", env, yes),
			verb("status", env), verb("show"), verb("reconcile", env, runbook.Flag{Name: "hosts", Value: true}),
			{Name: "runbook", Verbs: []runbook.Verb{verb("lint"), verb("run"), verb("show")}},
		}},
	}
}
