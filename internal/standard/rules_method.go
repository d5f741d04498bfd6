package standard

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/slipway-deploy/slipway/internal/manifest"
)

// The methods between which there is a choice.
const (
	Ansible = "ansible"
	Puppet  = "puppet"
)

// Traits are what decides about the method of an environment.
type Traits struct {
	Balanced bool // hosts are drained before they are changed
	Ordered  bool // stages come before the last one, or hosts are changed in waves
	Several  int  // units that are restarted in an order
	Resource string
	// Resource is where Puppet code of the project keeps the package of the service; "" for nowhere.
}

// Fit says which method fits an environment, and why.
type Fit struct {
	Environment string   `json:"environment"`
	Uses        string   `json:"uses"`
	Fits        string   `json:"fits"` // "" when nothing speaks for either
	Because     []string `json:"because"`
}

// Choose decides which method fits. Orchestration across hosts needs Ansible; a host that
// converges by itself to what is written needs nobody to walk over the fleet.
func Choose(t Traits) (method string, because []string) {
	if t.Balanced {
		because = append(because, "hosts are drained from the balancer before they change, so somebody must act across hosts")
	}
	if t.Ordered {
		because = append(because, "hosts change in an order, some before the others")
	}
	if len(because) > 0 {
		if t.Several > 1 {
			because = append(because, fmt.Sprintf("%d units are restarted one after the other", t.Several))
		}
		return Ansible, because
	}
	if t.Resource != "" {
		return Puppet, []string{
			"no balancer and no order: each host converges by itself",
			t.Resource + " already holds the package of the service; two that install it would undo each other",
		}
	}
	return "", []string{"no balancer, no order and no Puppet code: either will do"}
}

func methodRules() []Rule {
	return []Rule{{ID: "method.fit", Severity: Warning, check: methodFit,
		Wants: "The method fits the service: Ansible where hosts are drained or changed in an order, Puppet where single hosts converge.",
		Why:   "Puppet knows no order across hosts. Ansible beside Puppet code that pins the same package is undone by its next run.",
		Mend:  "Change the method, or what speaks for the other one."}}
}

func methodFit(l *look) {
	for _, f := range fits(l) {
		if f.Fits == "" || f.Fits == f.Uses || f.Uses != Ansible && f.Uses != Puppet {
			continue
		}
		mend := "name method: {" + f.Fits + ": ...}, or change what speaks for it"
		l.found(l.written("environments."+f.Environment+".method"), mend, "%s uses %s, and %s fits: %s", f.Environment, f.Uses, f.Fits, strings.Join(f.Because, "; "))
	}
}

// fits explains the choice for each environment.
func fits(l *look) []Fit {
	resource := packageResource(l)
	var all []Fit
	for _, e := range l.Manifest.Environments {
		t := Traits{Balanced: e.Traffic != nil, Ordered: len(e.Stages) > 1, Several: len(l.Manifest.Units), Resource: resource}
		f := Fit{Environment: e.Name, Uses: uses(e.Method)}
		f.Fits, f.Because = Choose(t)
		all = append(all, f)
	}
	return all
}

// uses names the method of an environment.
func uses(m manifest.Method) string {
	switch {
	case m.Ansible != nil:
		return Ansible
	case m.Local != nil:
		return "local"
	}
	return "another"
}

// packageResource is the place of the package of the service in Puppet code, or "".
func packageResource(l *look) string {
	name := l.Manifest.Service
	if d := l.Manifest.Artifact.Deb; d != nil {
		name = d.Package
	}
	wanted := regexp.MustCompile(`\bpackage\s*\{\s*\[?\s*['"]` + regexp.QuoteMeta(name) + `['"]`)
	for _, f := range l.tree.of(puppet) {
		if at := wanted.FindIndex(f.data); at != nil {
			return fmt.Sprintf("%s:%d", f.path, lineOf(f.data, at[0]))
		}
	}
	return ""
}

// lineOf is the line of a byte.
func lineOf(data []byte, at int) int { return 1 + strings.Count(string(data[:at]), "\n") }
