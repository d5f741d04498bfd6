package plan

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
)

//go:embed document.html.tmpl
var documentPage string

// HTML writes the document as one page that needs nothing else: no scripts, no pictures,
// nothing from elsewhere.
func (d *Document) HTML(w io.Writer) error {
	page, err := template.New("document").Funcs(template.FuncMap{"safe": safeLink}).Parse(documentPage)
	if err != nil {
		return fmt.Errorf("read the page of the release plan: %w", err)
	}
	var b bytes.Buffer
	if err := page.Execute(&b, d.sheet()); err != nil {
		return fmt.Errorf("write the release plan: %w", err)
	}
	_, err = w.Write(b.Bytes())
	return err
}
