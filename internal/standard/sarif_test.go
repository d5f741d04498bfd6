package standard

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// TestSARIF: the report is SARIF 2.1.0 as far as testdata/sarif.schema.json has it, which
// says of the parts that are used what the published schema says.
func TestSARIF(t *testing.T) {
	t.Parallel()
	schema := sarifSchema(t)
	for name, p := range map[string]Project{"broken": broken(t), "mended": mended(t)} {
		p.Manifest.Standard.Waive = append(p.Manifest.Standard.Waive, waiverOf("cron.reboot"))
		p.Prefix = "services/led ger"
		report := check(t, p)
		text, err := report.SARIF("1.4.0")
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(doc); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var log sarifLog
		if err := json.Unmarshal(text, &log); err != nil {
			t.Fatal(err)
		}
		agrees(t, report, log.Runs[0])
	}
}

// agrees holds what the schema cannot see: rules by their index, places, and suppressions.
func agrees(t *testing.T, report Report, run sarifRun) {
	t.Helper()
	if len(run.Results) != len(report.Findings) || len(run.Tool.Driver.Rules) != len(Rules()) {
		t.Fatalf("%d results of %d findings, %d rules", len(run.Results), len(report.Findings), len(run.Tool.Driver.Rules))
	}
	prints := map[string]bool{}
	for i, f := range report.Findings {
		r := run.Results[i]
		at := r.Locations[0].PhysicalLocation
		if run.Tool.Driver.Rules[r.RuleIndex].ID != f.Rule || r.RuleID != f.Rule || r.Level != string(f.Severity) {
			t.Errorf("result %d is of %s, want %s", i, r.RuleID, f.Rule)
		}
		if at.ArtifactLocation.URI != "services/led%20ger/"+f.File || at.Region.StartLine != f.Line || at.Region.StartColumn != f.Column {
			t.Errorf("result %d is at %+v, want %s", i, at, f.Place())
		}
		if (len(r.Suppressions) == 1) != (f.Waived != nil) {
			t.Errorf("%s: waived %v, %d suppressions", f.Rule, f.Waived, len(r.Suppressions))
		}
		print := r.PartialFingerprints["slipway/v1"]
		if print == "" || prints[print] {
			t.Errorf("%s has the fingerprint %q of another", f.Rule, print)
		}
		prints[print] = true
	}
}

func sarifSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := os.ReadFile("testdata/sarif.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("sarif.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}
