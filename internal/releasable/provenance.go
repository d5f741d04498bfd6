package releasable

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// The names of the formats, as their specifications have them.
const (
	statementType = "https://in-toto.io/Statement/v1"
	predicateType = "https://slsa.dev/provenance/v1"
	buildType     = "https://slipway-deploy.github.io/slipway/build/v1"
	payloadType   = "application/vnd.in-toto+json"
)

// Build is what is stated about how the artifacts of a release came to be.
type Build struct {
	Service, Version string
	Artifacts        []Built
	Source           string // address of the repository, without a password; "" when it has none
	Branch           string // master
	Commit           string
	Manifest         string // slipway.yaml, from the top of the repository
	ManifestDigest   string // sha256:<hex>
	Command          string // of the project; "" when nothing was run
	Builder          string // who built, and where: ann@desk
	Program          string // version of slipway
	Started, Ended   time.Time
}

// Built is one artifact.
type Built struct {
	File   string // checkout_1.4.0_amd64.deb
	Digest string // sha256:<hex>
}

// statement is an in-toto statement with a provenance of SLSA.
type statement struct {
	Type          string     `json:"_type"`
	Subject       []resource `json:"subject"`
	PredicateType string     `json:"predicateType"`
	Predicate     predicate  `json:"predicate"`
}

type resource struct {
	Name   string            `json:"name,omitempty"`
	URI    string            `json:"uri,omitempty"`
	Digest map[string]string `json:"digest"`
}

type predicate struct {
	BuildDefinition struct {
		BuildType            string            `json:"buildType"`
		ExternalParameters   map[string]string `json:"externalParameters"`
		ResolvedDependencies []resource        `json:"resolvedDependencies"`
	} `json:"buildDefinition"`
	RunDetails struct {
		Builder struct {
			ID      string            `json:"id"`
			Version map[string]string `json:"version,omitempty"`
		} `json:"builder"`
		Metadata struct {
			StartedOn  time.Time `json:"startedOn"`
			FinishedOn time.Time `json:"finishedOn"`
		} `json:"metadata"`
	} `json:"runDetails"`
}

// Statement is the provenance as one line of JSON.
func (b Build) Statement() ([]byte, error) {
	s := statement{Type: statementType, PredicateType: predicateType}
	for _, a := range b.Artifacts {
		digest, ok := strings.CutPrefix(a.Digest, "sha256:")
		if !ok {
			return nil, fmt.Errorf("state where %s comes from: its digest %q is none of sha256", a.File, a.Digest)
		}
		s.Subject = append(s.Subject, resource{Name: a.File, Digest: map[string]string{"sha256": digest}})
	}
	if len(s.Subject) == 0 || b.Commit == "" {
		return nil, errors.New("state where a release comes from: it has no artifact or no commit")
	}
	d := &s.Predicate.BuildDefinition
	d.BuildType = buildType
	d.ExternalParameters = map[string]string{"service": b.Service, "version": b.Version, "branch": b.Branch, "manifest": b.Manifest, "command": b.Command}
	d.ResolvedDependencies = []resource{
		{URI: sourceURI(b.Source, b.Branch), Name: "source", Digest: map[string]string{"gitCommit": b.Commit}},
		{Name: b.Manifest, Digest: map[string]string{"sha256": strings.TrimPrefix(b.ManifestDigest, "sha256:")}},
	}
	run := &s.Predicate.RunDetails
	run.Builder.ID = buildType + "?by=" + strings.NewReplacer(" ", "%20", "&", "%26", "#", "%23").Replace(b.Builder)
	run.Builder.Version = map[string]string{"slipway": b.Program}
	run.Metadata.StartedOn, run.Metadata.FinishedOn = b.Started.UTC().Truncate(time.Second), b.Ended.UTC().Truncate(time.Second)
	return oneLine(s)
}

// sourceURI is a repository and a branch as SPDX names downloads.
func sourceURI(source, branch string) string {
	if source == "" {
		return ""
	}
	return "git+" + source + "@refs/heads/" + branch
}

func oneLine(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v) // ends in a line break
	return b.Bytes(), err
}

// envelope is a signed statement, as DSSE has it.
type envelope struct {
	PayloadType string      `json:"payloadType"`
	Payload     []byte      `json:"payload"` // base64 in JSON
	Signatures  []signature `json:"signatures"`
}

type signature struct {
	KeyID string `json:"keyid"`
	Sig   []byte `json:"sig"`
}

// Sign puts a statement into an envelope that is signed with an Ed25519 key: PKCS #8 in
// DER, as base64. The key is never in an error.
func Sign(stated []byte, key string) ([]byte, error) {
	der, err := base64.StdEncoding.DecodeString(strings.TrimSpace(key))
	if err != nil {
		return nil, errors.New("read the signing key: it is not base64")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, errors.New("read the signing key: it is not PKCS #8 in DER")
	}
	private, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("read the signing key: it is %T, and must be one of Ed25519", parsed)
	}
	public := private.Public().(ed25519.PublicKey)
	id := sha256.Sum256(public)
	payload := bytes.TrimRight(stated, "\n")
	return oneLine(envelope{PayloadType: payloadType, Payload: payload, Signatures: []signature{
		{KeyID: hex.EncodeToString(id[:]), Sig: ed25519.Sign(private, preAuth(payloadType, payload))},
	}})
}

// preAuth is what is signed: the type and the payload, each with its length.
func preAuth(kind string, payload []byte) []byte {
	return fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(kind), kind, len(payload), payload)
}

// Verify opens an envelope and returns the statement, when a key has signed it.
func Verify(signed []byte, public ed25519.PublicKey) ([]byte, error) {
	var e envelope
	if err := json.Unmarshal(signed, &e); err != nil {
		return nil, fmt.Errorf("read the envelope: %w", err)
	}
	if e.PayloadType != payloadType {
		return nil, fmt.Errorf("the envelope holds %q, and no statement", e.PayloadType)
	}
	for _, s := range e.Signatures {
		if ed25519.Verify(public, preAuth(payloadType, e.Payload), s.Sig) {
			return e.Payload, nil
		}
	}
	return nil, errors.New("the statement is not signed with this key")
}
