package cli

import (
	"encoding/json"
	"io"

	"github.com/spf13/cobra"
)

// output is the form in which facts are printed: "text" or "json".
type output string

const (
	asText output = "text"
	asJSON output = "json"
)

// bind adds --output to a command.
func (o *output) bind(c *cobra.Command) {
	*o = asText
	c.Flags().VarP(o, "output", "o", "text or json")
}

// String implements pflag.Value.
func (o *output) String() string { return string(*o) }

// Type implements pflag.Value.
func (o *output) Type() string { return "form" }

// Set implements pflag.Value.
func (o *output) Set(s string) error {
	switch form := output(s); form {
	case asText, asJSON:
		*o = form
		return nil
	}
	return usagef("it can be text or json")
}

// print writes a value as JSON, or as the text that it makes.
func (o output) print(w io.Writer, value any, text func() string) error {
	if o == asJSON {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(value)
	}
	_, err := io.WriteString(w, text())
	return err
}
