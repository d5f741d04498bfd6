package marker

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/slipway-deploy/slipway/internal/notify"
	"github.com/slipway-deploy/slipway/internal/notify/wire"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// OTel sends a trace of the rollout over OTLP and HTTP, as JSON: a span for each stage
// that was left, and one for the whole once it has ended.
type OTel struct {
	Wire     *wire.Client
	Endpoint string            // of the collector; /v1/traces is added where it has no path
	Headers  map[string]string // secrets
}

var (
	_ notify.Notifier = (*OTel)(nil)
	_ notify.Checker  = (*OTel)(nil)
)

// Send sends the span that the message ends. Its ids are made of the message's key, so
// that a second attempt sends the same span.
func (o *OTel) Send(ctx context.Context, m notify.Message, memory *notify.Memory) (string, error) {
	span, ok := spanOf(m, memory.Text != "" && memory.Text != m.Key)
	if !ok {
		return "", nil
	}
	body, err := encoded(ctx, span)
	if err != nil {
		return "", err
	}
	if err := o.post(ctx, body); err != nil {
		return "", err
	}
	if m.Ended() && memory.Text == "" {
		memory.Text = m.Key // the rollout's own span is sent
	}
	return span.SpanContext.SpanID().String(), nil
}

// spanOf is the span that ends with a message. A rollout that is rolled back after its
// end has its own span already: what follows is a part of it.
func spanOf(m notify.Message, ended bool) (tracetest.SpanStub, bool) {
	root := place(m.Rollout, m.Rollout)
	span := tracetest.SpanStub{
		Name: "rollout " + m.Service + " " + m.Version, SpanContext: root, SpanKind: trace.SpanKindInternal,
		StartTime: m.At.Add(-m.Took), EndTime: m.At, Attributes: attributes(m),
		Resource:             resource.NewSchemaless(attribute.String("service.name", "slipway")),
		InstrumentationScope: instrumentation.Scope{Name: "slipway"},
	}
	switch {
	case m.Kind == rollout.NoticeLeft:
		span.Name = "stage " + m.Stage
		span.SpanContext, span.Parent = place(m.Rollout, m.Key), root
	case m.Ended() && ended:
		span.Name = string(m.Kind)
		span.SpanContext, span.Parent = place(m.Rollout, m.Key), root
	case !m.Ended():
		return span, false
	}
	span.Status.Code = codes.Ok
	if m.Severity == notify.Bad || m.Kind == rollout.NoticeRestored {
		span.Status.Code, span.Status.Description = codes.Error, m.Headline
	}
	return span, true
}

// place names a span: the trace is the rollout's.
func place(rollout, key string) trace.SpanContext {
	t, s := sha256.Sum256([]byte("trace "+rollout)), sha256.Sum256([]byte("span "+key))
	c := trace.SpanContextConfig{TraceFlags: trace.FlagsSampled}
	copy(c.TraceID[:], t[:])
	copy(c.SpanID[:], s[:])
	return trace.NewSpanContext(c)
}

func attributes(m notify.Message) []attribute.KeyValue {
	all := []attribute.KeyValue{
		attribute.String("slipway.rollout", m.Rollout), attribute.String("slipway.service", m.Service),
		attribute.String("deployment.environment.name", m.Environment), attribute.String("slipway.version", m.Version),
		attribute.String("slipway.version.before", m.From), attribute.Int("slipway.hosts.updated", m.Updated),
		attribute.Int("slipway.hosts.failed", m.Failed), attribute.Int("slipway.hosts.total", m.Total),
	}
	if m.Stage != "" {
		all = append(all, attribute.String("slipway.stage", m.Stage), attribute.String("slipway.verdict", string(m.Verdict)))
	}
	if m.Why != "" {
		all = append(all, attribute.String("slipway.why", m.Why))
	}
	return append(all, attribute.String("slipway.outcome", string(m.Kind)))
}

// Check sends a trace of no spans.
func (o *OTel) Check(ctx context.Context) error {
	return o.post(ctx, []byte(`{"resourceSpans":[]}`))
}

func (o *OTel) post(ctx context.Context, body []byte) error {
	where, err := url.Parse(o.Endpoint)
	if err != nil {
		return &notify.Error{Op: "send a trace", Text: "endpoint is not a URL such as http://collector:4318", Final: true}
	}
	to := o.Endpoint
	if strings.Trim(where.Path, "/") == "" {
		to = strings.TrimSuffix(to, "/") + "/v1/traces"
	}
	_, err = o.Wire.Do(ctx, wire.Request{URL: to, Header: o.Headers, Body: body})
	return err
}

// encoded are spans as OTLP's JSON. The exporter makes it, and gives it to us instead of
// a connection: its own errors print addresses, and say less of when to try again.
func encoded(ctx context.Context, spans ...tracetest.SpanStub) ([]byte, error) {
	var kept keeper
	exporter, err := otlptracehttp.New(ctx,
		otlptracehttp.WithEndpointURL("http://collector/v1/traces"), otlptracehttp.WithEncoding(otlptracehttp.EncodingJSON),
		otlptracehttp.WithCompression(otlptracehttp.NoCompression), otlptracehttp.WithHeaders(map[string]string{}),
		otlptracehttp.WithHTTPClient(&http.Client{Transport: &kept}),
		otlptracehttp.WithRetry(otlptracehttp.RetryConfig{Enabled: false}),
	)
	if err != nil {
		return nil, fmt.Errorf("make a trace: %w", err)
	}
	err = exporter.ExportSpans(ctx, tracetest.SpanStubs(spans).Snapshots())
	if err = errors.Join(err, exporter.Shutdown(context.WithoutCancel(ctx))); err != nil {
		return nil, fmt.Errorf("make a trace: %w", err)
	}
	return kept.body, nil
}

// keeper is a transport that keeps what it is given.
type keeper struct{ body []byte }

func (k *keeper) RoundTrip(r *http.Request) (*http.Response, error) {
	var err error
	if k.body, err = io.ReadAll(r.Body); err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}
