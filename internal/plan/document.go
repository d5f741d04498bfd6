package plan

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

// Document is the release plan of one rollout: the plan, the world that it was made for,
// and what people want to know before they say yes. As JSON it is what they approve, and
// what then runs.
type Document struct {
	Plan    *rollout.Plan `json:"plan"`
	Asked   Asked         `json:"asked"`
	World   World         `json:"world"`
	Program string        `json:"program"` // version of slipway that made it
	// Gates and Prerequisites are what was looked at, with what came of it.
	Gates         []Result `json:"gates"`
	Prerequisites []Result `json:"prerequisites"`
	Compat        *Compat  `json:"compat,omitempty"` // nil: it was not looked at
	Contacts      []Person `json:"contacts"`
	// CommitLink is the address of a commit, with {{commit}} in it; empty: commits have none.
	CommitLink string `json:"commit_link,omitempty"`
	Runbook    string `json:"runbook,omitempty"` // where it is, from the project's directory
}

// Asked is what the plan was asked for, to ask the same again.
type Asked struct {
	File    string   `json:"file"` // of the manifest, from the project's directory
	Only    []string `json:"only,omitempty"`
	Without []string `json:"without,omitempty"`
	Again   bool     `json:"again,omitempty"`
	// Unreleased is why a commit goes out that may not be released; empty: it may.
	Unreleased string `json:"unreleased,omitempty"`
}

// Answer is what came of a gate or a prerequisite.
type Answer string

// The answers.
const (
	Met     Answer = "met"
	Unmet   Answer = "not met"
	Waived  Answer = "waived" // not met, and somebody takes it upon themselves
	Unasked Answer = "not looked at"
)

// Result is one gate or prerequisite.
type Result struct {
	Name   string `json:"name"`
	Answer Answer `json:"answer"`
	Said   string `json:"said,omitempty"`
}

// Compat is whether old and new can live side by side, and whether going back is safe.
type Compat struct {
	Compatible   bool     `json:"compatible"`
	RollbackSafe bool     `json:"rollback_safe"`
	Findings     []string `json:"findings,omitempty"`
}

// Person is somebody to turn to.
type Person struct {
	Name string `json:"name"`
	Role string `json:"role,omitempty"`
	How  string `json:"how"`
}

// format names what the file is.
const format = "slipway release plan, 1"

// sealed is a document in a file, with the digest of what is in it.
type sealed struct {
	Format   string          `json:"format"`
	Digest   string          `json:"digest"`
	Document json.RawMessage `json:"document"`
}

// What callers test for.
var (
	// ErrNoDocument is wrapped when a file is no release plan.
	ErrNoDocument = errors.New("not a release plan")
	// ErrEdited is wrapped when a release plan is not as it was written.
	ErrEdited = errors.New("the release plan was changed after it was made")
)

// JSON writes the document as it is approved and run.
func (d *Document) JSON(w io.Writer) error {
	body, err := json.Marshal(d)
	if err != nil {
		return err
	}
	out, err := json.MarshalIndent(sealed{Format: format, Digest: seal(body), Document: body}, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(out, '\n'))
	return err
}

// seal is the digest of a compact document.
func seal(compact []byte) string {
	sum := sha256.Sum256(compact)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// ParseDocument reads what JSON wrote. Spaces and line breaks may differ, and nothing else:
// ErrEdited is wrapped when the content is not what was sealed. The seal shows mistakes and
// edits; it is no signature.
func ParseDocument(data []byte) (*Document, error) {
	var s sealed
	if err := strict(data, &s); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoDocument, err)
	}
	if s.Format != format {
		return nil, fmt.Errorf("%w: its format is %q, and this slipway reads %q", ErrNoDocument, oneLine(s.Format), format)
	}
	var body bytes.Buffer
	if err := json.Compact(&body, s.Document); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoDocument, err)
	}
	if has := seal(body.Bytes()); has != s.Digest {
		return nil, fmt.Errorf("%w: its digest is %s, and it says %s", ErrEdited, short(has), short(oneLine(s.Digest)))
	}
	d := &Document{}
	if err := strict(body.Bytes(), d); err != nil {
		return nil, fmt.Errorf("%w that this slipway can read: %w", ErrNoDocument, err)
	}
	if d.Plan == nil || d.Plan.ID == "" || len(d.Plan.Stages) == 0 || len(d.Plan.Hosts) == 0 {
		return nil, fmt.Errorf("%w: it has no plan in it", ErrNoDocument)
	}
	return d, nil
}

// strict reads one JSON value that has no key which is not known.
func strict(data []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows it")
	}
	return nil
}
