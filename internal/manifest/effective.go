package manifest

import (
	"fmt"

	"github.com/goccy/go-yaml"
)

// YAML prints the manifest with every default written out; parsed again it gives
// an equal manifest.
func (m *Manifest) YAML() ([]byte, error) {
	out, err := yaml.MarshalWithOptions(manifestObject().print(*m), yaml.IndentSequence(true))
	if err != nil {
		return nil, fmt.Errorf("print %s: %w", Name, err)
	}
	return out, nil
}
