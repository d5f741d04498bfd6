package standard

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"path"
	"strings"
)

// docsURL is where the rules are explained; the anchor of a rule is its id without dots.
const docsURL = "https://slipway-deploy.github.io/slipway/standard.md"

// SARIF is the report in the Static Analysis Results Interchange Format, version 2.1.0,
// which code hosts show beside the lines of a change. Waived findings are there, suppressed.
func (r Report) SARIF(version string) ([]byte, error) {
	driver := sarifDriver{Name: "slipway check", InformationURI: docsURL, Version: version, Rules: []sarifRule{}}
	index := map[string]int{}
	for i, rule := range Rules() {
		index[rule.ID] = i
		driver.Rules = append(driver.Rules, rule.sarif())
	}
	results := []sarifResult{}
	again := map[string]int{}
	for _, f := range r.Findings {
		results = append(results, f.sarif(r.prefix, index[f.Rule], again))
	}
	return json.MarshalIndent(sarifLog{
		Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0",
		Runs: []sarifRun{{Tool: sarifTool{driver}, ColumnKind: "unicodeCodePoints", Results: results}},
	}, "", "  ")
}

func (r Rule) sarif() sarifRule {
	when := "check"
	if r.Release {
		when = "release"
	}
	return sarifRule{
		ID: r.ID, ShortDescription: sarifText{Text: r.Wants}, FullDescription: sarifText{Text: r.Why},
		Help:    sarifText{Text: r.Mend, Markdown: r.Mend},
		HelpURI: docsURL + "#" + anchor(r.ID), DefaultConfiguration: sarifConfiguration{Level: string(r.Severity)},
		Properties: sarifProperties{Tags: []string{"deployment", when}},
	}
}

func (f Finding) sarif(prefix string, index int, again map[string]int) sarifResult {
	message := f.Message + "; " + f.Mend
	for _, u := range f.Units {
		message += "\n\n" + u.Name + "\n\n" + u.Text
	}
	made := sarifResult{
		RuleID: f.Rule, RuleIndex: index, Level: string(f.Severity), Message: sarifText{Text: message},
		Locations: []sarifLocation{{sarifPhysical{
			ArtifactLocation: sarifArtifact{URI: (&url.URL{Path: path.Join(prefix, f.File)}).EscapedPath(), URIBaseID: "%SRCROOT%"},
			Region:           sarifRegion{StartLine: f.Line, StartColumn: f.Column},
		}}},
		PartialFingerprints: map[string]string{"slipway/v1": f.fingerprint(again)},
	}
	if f.Waived != nil {
		made.Suppressions = []sarifSuppression{{Kind: "external", Status: "accepted", Justification: f.Waived.Reason + " (until " + f.Waived.Until + ")"}}
	}
	return made
}

// fingerprint stays the same when lines are added above. The same thing found twice in a
// file is told apart by a number.
func (f Finding) fingerprint(again map[string]int) string {
	sum := sha256.Sum256([]byte(f.Rule + "\x00" + f.File + "\x00" + f.Message))
	text := hex.EncodeToString(sum[:8])
	again[text]++
	if n := again[text]; n > 1 {
		text += ":" + strings.Repeat("i", n)
	}
	return text
}

type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool     `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		InformationURI string      `json:"informationUri"`
		Version        string      `json:"version,omitempty"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID                   string             `json:"id"`
		ShortDescription     sarifText          `json:"shortDescription"`
		FullDescription      sarifText          `json:"fullDescription"`
		Help                 sarifText          `json:"help"`
		HelpURI              string             `json:"helpUri"`
		DefaultConfiguration sarifConfiguration `json:"defaultConfiguration"`
		Properties           sarifProperties    `json:"properties"`
	}
	sarifText struct {
		Text     string `json:"text"`
		Markdown string `json:"markdown,omitempty"`
	}
	sarifConfiguration struct {
		Level string `json:"level"`
	}
	sarifProperties struct {
		Tags []string `json:"tags"`
	}
	sarifResult struct {
		RuleID              string             `json:"ruleId"`
		RuleIndex           int                `json:"ruleIndex"`
		Level               string             `json:"level"`
		Message             sarifText          `json:"message"`
		Locations           []sarifLocation    `json:"locations"`
		PartialFingerprints map[string]string  `json:"partialFingerprints"`
		Suppressions        []sarifSuppression `json:"suppressions,omitempty"`
	}
	sarifLocation struct {
		PhysicalLocation sarifPhysical `json:"physicalLocation"`
	}
	sarifPhysical struct {
		ArtifactLocation sarifArtifact `json:"artifactLocation"`
		Region           sarifRegion   `json:"region"`
	}
	sarifArtifact struct {
		URI       string `json:"uri"`
		URIBaseID string `json:"uriBaseId"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn"`
	}
	sarifSuppression struct {
		Kind          string `json:"kind"`
		Status        string `json:"status"`
		Justification string `json:"justification"`
	}
)
