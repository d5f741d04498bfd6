// Package openapi compares the OpenAPI documents of two versions with oasdiff: what an
// old client may send and expects must hold on a new host. It reads only the trees that
// it is given, and follows a reference nowhere else. internal/compat calls it.
package openapi

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/oasdiff/oasdiff/checker"
	"github.com/oasdiff/oasdiff/diff"
	"github.com/oasdiff/oasdiff/load"

	"github.com/slipway-deploy/slipway/internal/compat/finding"
)

// Compare checks one document that both trees have. With newClients, clients of the new
// version meet old hosts too, and the other direction is checked as well.
func Compare(ctx context.Context, old, new fs.FS, file string, newClients bool) []finding.Finding {
	before, err := open(ctx, old, file)
	if err != nil {
		return []finding.Finding{unreadable(file, err, true)}
	}
	after, err := open(ctx, new, file)
	if err != nil {
		return []finding.Finding{unreadable(file, err, false)}
	}
	found := changes(before, after, file, false)
	if newClients {
		found = append(found, changes(after, before, file, true)...)
	}
	return found
}

// Removed is the finding for a document that the new version no longer has.
func Removed(file string) finding.Finding {
	return finding.Finding{
		Kind: finding.OpenAPI, Rule: "openapi-document-removed", Breaking: true,
		Place: finding.Place{File: file, Old: true},
		What:  "the new version has no such document: its old clients find no interface",
		Mend:  "keep the document where it was, or point the manifest to where it is in both versions",
	}
}

// open loads a document of a tree, with everything it refers to inside that tree.
func open(ctx context.Context, tree fs.FS, file string) (*load.SpecInfo, error) {
	loader := openapi3.NewLoader()
	loader.Context = ctx
	loader.IncludeOrigin = true
	loader.IsExternalRefsAllowed = true
	loader.ReadFromURIFunc = func(_ *openapi3.Loader, location *url.URL) ([]byte, error) {
		if location.Scheme != "" || location.Host != "" {
			return nil, fmt.Errorf("a reference outside the project: %s", location.Redacted())
		}
		return read(tree, path.Clean(location.Path))
	}
	data, err := read(tree, file)
	if err != nil {
		return nil, err
	}
	return parse(loader, data, file)
}

// read gives a file's text. The loader keeps positions only for YAML: JSON with a YAML
// comment after it is read as YAML.
func read(tree fs.FS, name string) ([]byte, error) {
	data, err := fs.ReadFile(tree, name)
	if err == nil && strings.EqualFold(path.Ext(name), ".json") {
		data = append(data[:len(data):len(data)], "\n# JSON\n"...)
	}
	return data, err
}

// parse turns a panic of the loader on strange input into an error: what comes from a
// project's tree may be anything.
func parse(loader *openapi3.Loader, data []byte, file string) (spec *load.SpecInfo, err error) {
	defer func() {
		if r := recover(); r != nil {
			spec, err = nil, fmt.Errorf("the document cannot be read: %v", r)
		}
	}()
	spec, err = load.NewSpecInfoFromData(loader, data, file)
	if err == nil && spec.Spec.OpenAPI == "" {
		err = errors.New("no key openapi: this is not an OpenAPI 3 document")
	}
	return spec, err
}

var atLine = regexp.MustCompile(`line (\d+)`)

func unreadable(file string, err error, old bool) finding.Finding {
	f := finding.Finding{
		Kind: finding.OpenAPI, Rule: "openapi-unreadable", Breaking: !old, RollbackUnsafe: old,
		Place: finding.Place{File: file, Old: old},
		What:  strings.Join(strings.Fields(err.Error()), " "),
		Mend:  "mend the document: without it nothing can be said about old clients",
	}
	if m := atLine.FindStringSubmatch(f.What); m != nil {
		f.Place.Line, _ = strconv.Atoi(m[1])
	}
	return f
}

// changes runs oasdiff from one document to another. With reverse, before is the new one.
func changes(before, after *load.SpecInfo, file string, reverse bool) (found []finding.Finding) {
	defer func() {
		if r := recover(); r != nil {
			found = append(found, unreadable(file, fmt.Errorf("the documents cannot be compared: %v", r), false))
		}
	}()
	report, sources, err := diff.GetWithOperationsSourcesMap(diff.NewConfig(), before, after)
	if err != nil {
		return []finding.Finding{unreadable(file, err, false)}
	}
	text := checker.NewDefaultLocalizer()
	config := checker.NewConfig(checker.GetAllChecks())
	for _, c := range checker.CheckBackwardCompatibility(config, report, sources) {
		if c.GetLevel() < checker.WARN {
			continue
		}
		found = append(found, translate(c, text, file, reverse))
	}
	return found
}

func translate(c checker.Change, text checker.Localizer, file string, reverse bool) finding.Finding {
	f := finding.Finding{
		Kind: finding.OpenAPI, Rule: "openapi-" + c.GetId(),
		What:     strings.TrimSpace(c.GetOperation() + " " + c.GetPath() + ": " + c.GetUncolorizedText(text)),
		Mend:     "keep what old clients send and read; add beside it, and remove when no client is left",
		Breaking: c.GetLevel() >= checker.ERR || wrapsResponse(c.GetId()),
	}
	oldAt, newAt := c.GetBaseSource(), c.GetRevisionSource()
	if reverse {
		oldAt, newAt = newAt, oldAt
		f.Rule = "openapi-new-client-" + c.GetId()
		f.What = "seen from a new client that meets an old host, " + f.What
		f.Mend = "let the old version serve it first, or let new clients do without it while both run"
		f.RollbackUnsafe = f.Breaking
	}
	f.Place = place(oldAt, newAt, file)
	return f
}

// wrapsResponse says that a response may be something else too, which oasdiff only warns
// of: an old client does not know the alternative.
func wrapsResponse(id string) bool {
	return strings.HasPrefix(id, "response-") && strings.Contains(id, "wrapped-in-one-of")
}

// place prefers the new document, where a person can mend it.
func place(oldAt, newAt *checker.Source, file string) finding.Place {
	if newAt != nil && newAt.Line > 0 {
		return finding.Place{File: newAt.File, Line: newAt.Line, Column: newAt.Column}
	}
	if oldAt != nil && oldAt.Line > 0 {
		return finding.Place{File: oldAt.File, Line: oldAt.Line, Column: oldAt.Column, Old: true}
	}
	return finding.Place{File: file}
}
