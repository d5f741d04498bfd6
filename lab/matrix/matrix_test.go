//go:build lab

package matrix

import (
	"context"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/host"
)

var rowsFlag = flag.String("rows", "", "do only the cases whose ids match this expression")

// job is one case to be done with one tool.
type job struct {
	row      Row
	other    bool // not by Slipway
	versions []host.Artifact
	result   Result
	err      error
	took     time.Duration
}

func (j *job) String() string {
	if j.other {
		return j.row.ID + "/without"
	}
	return j.row.ID + "/slipway"
}

func (j *job) cell() Cell {
	if j.other {
		return j.result.OfOther()
	}
	return j.result.OfSlipway()
}

func TestMatrix(t *testing.T) {
	w := theLab(t)
	d := readDocument(t)
	for _, s := range sections() {
		jobs := w.chosen(t, s.rows)
		w.doAll(t, jobs)
		for _, j := range jobs {
			t.Run(j.String(), func(t *testing.T) { j.check(t) })
		}
		d.compare(t, s, jobs)
	}
	d.write(t)
}

// chosen are the cases to be done: those that are named, all, or the daily ones.
func (w *world) chosen(t *testing.T, rows []Row) []*job {
	t.Helper()
	want := regexp.MustCompile(*rowsFlag)
	var jobs []*job
	for _, r := range rows {
		if !want.MatchString(r.ID) || (!long() && *rowsFlag == "" && !r.Daily()) {
			continue
		}
		var versions []host.Artifact
		if r.Real != nil {
			var err error
			if r, versions, err = r.prepare(t.Context(), w.debian); err != nil {
				t.Fatal(err)
			}
		}
		if os.Getenv("MATRIX") != "others" {
			jobs = append(jobs, &job{row: r, versions: versions})
		}
		if all() && !r.Alone {
			jobs = append(jobs, &job{row: r, versions: versions, other: true})
		}
	}
	return jobs
}

// doAll does cases on all hosts at once.
func (w *world) doAll(t *testing.T, jobs []*job) {
	t.Helper()
	start := time.Now()
	var wait sync.WaitGroup
	queue := make(chan *job)
	for range hosts {
		wait.Go(func() {
			for j := range queue {
				w.do(t.Context(), j)
			}
		})
	}
	for _, j := range jobs {
		queue <- j
	}
	close(queue)
	wait.Wait()
	t.Logf("%d cases in %s", len(jobs), time.Since(start).Round(100*time.Millisecond))
}

// do does a case on the next host that is free.
func (w *world) do(ctx context.Context, j *job) {
	h := <-w.hosts
	defer func() { w.hosts <- h }()
	start := time.Now()
	if j.err = h.Renew(ctx, w.begin(j)...); j.err == nil {
		j.result, j.err = Run(ctx, h, j.row, w.tool(h, j))
	}
	j.took = time.Since(start)
}

// begin are the layers of a case.
func (w *world) begin(j *job) []string {
	switch base := j.row.base(); {
	case base == Debian:
		return w.layers.Of("debian", w.debian)
	case base == Bare:
		return w.layers.Of("bare-" + j.row.Format)
	case base == ByHand || (j.other && j.row.Format == "deb"):
		return w.layers.Of("apt")
	case j.other:
		return w.layers.Of("capistrano")
	default:
		return w.layers.Of("slipway-" + j.row.Format)
	}
}

func (w *world) tool(h *Host, j *job) Tool {
	if !j.other {
		return w.slipwayFor(h, j)
	}
	if j.row.Format == "deb" {
		return &Apt{Host: h, Package: j.row.name()}
	}
	c := &Capistrano{Host: h, Releases: w.releases, Project: w.project, Before: "1.0.0"}
	if j.row.base() == Bare {
		c.Before = ""
	}
	return c
}

func (w *world) slipwayFor(h *Host, j *job) *Slipway {
	s := &Slipway{Host: h, Service: j.row.name(), Find: w.releases.OnHost(j.row.Format), Spec: specOf(j.row.Format, j.row.Data), Lost: j.row.Lost, Prefix: "r"}
	if j.row.Real != nil {
		s.Spec = j.row.Real.Spec
		s.Find = func(version string) (host.Artifact, error) {
			i := slices.IndexFunc(j.versions, func(a host.Artifact) bool { return a.Version == version })
			if i < 0 {
				return host.Artifact{}, fmt.Errorf("there is no %s %s", j.row.name(), version)
			}
			return j.versions[i], nil
		}
	}
	return s
}

func (j *job) check(t *testing.T) {
	t.Helper()
	if j.err != nil {
		t.Fatal(j.err)
	}
	r := j.result
	if wrong := r.Honest(); wrong != "" && !j.other {
		t.Error(wrong)
	}
	t.Logf("%s (in %s)", j.cell(), j.took.Round(10*time.Millisecond))
	if r.Note != "" {
		t.Logf("the deploy: %s", brief(r.Note))
	}
	if !r.Claim.Done {
		t.Logf("it says: %s", brief(r.Claim.Why))
	}
	for _, d := range slices.Concat(r.Differences, r.Stayed) {
		t.Logf("differs: %s", brief(d.String()))
	}
}

// brief is the end of a text, which says most.
func brief(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	return text[max(0, len(text)-300):]
}
