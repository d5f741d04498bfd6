package metric

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// document reads numbers out of JSON over HTTP: a document a host, or one of all.
type document struct {
	web   *web
	now   func() time.Time
	paths map[string][]step // by role
	count counter
}

var _ engine.Source = (*document)(nil)

// atOnce is how many hosts are asked at the same time.
const atOnce = 8

func newDocument(deps Deps, a asked) (*document, error) {
	d := &document{web: newWeb(deps, a, nil), now: deps.Now, paths: map[string][]step{}, count: counter{asked: a}}
	for role, text := range paths(a.ask) {
		p, err := parsePath(a.fill(text))
		if err != nil {
			return nil, err
		}
		d.paths[role] = p
	}
	return d, nil
}

// paths are those that are given, by what they lead to.
func paths(a rollout.Ask) map[string]string {
	all := map[string]string{}
	for role, text := range map[string]string{roleEvents: a.Events, roleExposure: a.Exposure, "value": a.Value} {
		if text != "" {
			all[role] = text
		}
	}
	return all
}

func checkDocument(a rollout.Ask) error {
	if err := checkURL(a.Address); err != nil {
		return err
	}
	for role, text := range paths(a) {
		if _, err := parsePath(text); err != nil {
			return fmt.Errorf("%s: %w", role, err)
		}
		if !strings.Contains(a.Address, "{{host}}") && !strings.Contains(text, "{{host}}") {
			return fmt.Errorf("%s is the same for every host: {{host}} must be in it, or in the address", role)
		}
	}
	return nil
}

// Sample reads the document of each host, or the one of all.
func (d *document) Sample(ctx context.Context, hosts []string) ([]engine.Sample, error) {
	readings, gaps, err := d.read(ctx, hosts)
	if err != nil {
		return nil, err
	}
	var there []string
	for _, h := range hosts {
		if readings[h] != nil {
			there = append(there, h)
		}
	}
	var all []reading
	for _, h := range there {
		all = append(all, readings[h]...)
	}
	samples, more := d.count.either(d.now(), there, all)
	return samples, only(append(gaps, more...))
}

// either takes totals or news, as the settings say.
func (c *counter) either(now time.Time, hosts []string, all []reading) ([]engine.Sample, engine.Gaps) {
	first, span := c.looked.IsZero(), now.Sub(c.looked)
	c.looked = now
	if c.kind != rollout.Gauge && c.ask.Settings["counts"] != "new" {
		samples, err := c.tell(now, hosts, all)
		var gaps engine.Gaps
		errors.As(err, &gaps)
		return samples, gaps
	}
	if first {
		span = 0
	}
	samples, gaps := c.fresh(hosts, all, span)
	if first {
		return nil, gaps
	}
	return samples, gaps
}

// read returns readings by host, and why there are none of some.
func (d *document) read(ctx context.Context, hosts []string) (map[string][]reading, engine.Gaps, error) {
	address := d.count.fill(d.count.ask.Address)
	documents, failed := make([]any, len(hosts)), make([]error, len(hosts))
	if strings.Contains(address, "{{host}}") {
		var wait sync.WaitGroup
		slots := make(chan struct{}, atOnce)
		for i, h := range hosts {
			wait.Go(func() {
				slots <- struct{}{}
				defer func() { <-slots }()
				documents[i], failed[i] = d.get(ctx, strings.ReplaceAll(address, "{{host}}", url.PathEscape(d.count.called(h))))
			})
		}
		wait.Wait()
	} else {
		one, err := d.get(ctx, address)
		if err != nil {
			return nil, nil, err
		}
		for i := range documents {
			documents[i] = one
		}
	}
	out := map[string][]reading{}
	var gaps engine.Gaps
	for i, h := range hosts {
		readings, err := d.readings(documents[i], d.count.called(h))
		if failed[i] != nil {
			err = failed[i]
		}
		if err != nil {
			gaps = append(gaps, d.count.gap(h, err.Error()))
			continue
		}
		out[h] = readings
	}
	return out, gaps, nil
}

func (d *document) get(ctx context.Context, address string) (any, error) {
	b, status, err := d.web.get(ctx, address)
	if err != nil {
		return nil, err
	}
	if status != http.StatusOK {
		return nil, d.web.refused(address, status, "")
	}
	var document any
	if err := decode(b, &document); err != nil {
		return nil, err
	}
	return document, nil
}

// readings are the numbers of one host.
func (d *document) readings(document any, called string) ([]reading, error) {
	var all []reading
	for role, path := range d.paths {
		v, err := follow(path, document, called)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", role, err)
		}
		if v < 0 && role != "value" {
			return nil, fmt.Errorf("%s is %g, and counts are not negative", role, v)
		}
		all = append(all, reading{host: called, role: role, target: called, value: v})
	}
	return all, nil
}
