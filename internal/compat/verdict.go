package compat

// Verdict is what the findings come to.
type Verdict struct {
	// Compatible: nothing was found that fails while old and new run side by side.
	Compatible bool `json:"compatible"`
	// RollbackSafe: after live traffic the old version can be put back. When not, a
	// rollout needs an explicit yes.
	RollbackSafe bool `json:"rollback_safe"`
	// Breaking and Unsafe are the findings behind a no, in order.
	Breaking []Finding `json:"breaking,omitempty"`
	Unsafe   []Finding `json:"unsafe,omitempty"`
	// Warnings ask for nothing.
	Warnings []Finding `json:"warnings,omitempty"`
}

// Judge weighs findings. A finding may stand under both Breaking and Unsafe.
func Judge(findings []Finding) Verdict {
	v := Verdict{Compatible: true, RollbackSafe: true}
	for _, f := range findings {
		if f.Breaking {
			v.Compatible = false
			v.Breaking = append(v.Breaking, f)
		}
		if f.RollbackUnsafe {
			v.RollbackSafe = false
			v.Unsafe = append(v.Unsafe, f)
		}
		if !f.Breaking && !f.RollbackUnsafe {
			v.Warnings = append(v.Warnings, f)
		}
	}
	return v
}
