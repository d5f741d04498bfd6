//go:build lab

package matrix

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// rounds are how often a figure is taken; the median counts.
const rounds = 3

// TestRehearsalCost measures on one host what a rehearsal adds to an update: the update,
// the way back and the update again, beside the update alone.
func TestRehearsalCost(t *testing.T) {
	if !*update {
		t.Skip("figures are taken with -update, on a quiet machine")
	}
	w := theLab(t)
	h := <-w.hosts
	defer func() { w.hosts <- h }()
	var b strings.Builder
	b.WriteString("\n| on one host | update | rehearsal (update, restore, update) | of it the restore |\n|---|---:|---:|---:|\n")
	for _, format := range []string{"deb", "tar.gz"} {
		var once, thrice, back []time.Duration
		for range rounds {
			took, err := w.rehearse(t.Context(), h, format)
			if err != nil {
				t.Fatal(err)
			}
			once = append(once, took[0])
			thrice = append(thrice, took[0]+took[1]+took[2])
			back = append(back, took[1])
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", format, median(once), median(thrice), median(back))
	}
	fmt.Fprintf(&b, "\nMedians of %d rounds.\n\n", rounds)
	d := readDocument(t)
	d.fills["figures"] = b.String()
	d.write(t)
	t.Log(b.String())
}

// rehearse updates a fresh host, takes it back and updates it again, and says how long
// each took.
func (w *world) rehearse(ctx context.Context, h *Host, format string) ([3]time.Duration, error) {
	var took [3]time.Duration
	j := &job{row: Row{Format: format}}
	if err := h.Renew(ctx, w.begin(j)...); err != nil {
		return took, err
	}
	s := w.slipwayFor(h, j)
	for i := range took {
		start := time.Now()
		if i != 1 {
			if err := s.Deploy(ctx, "1.1.0"); err != nil {
				return took, err
			}
		} else if c := s.Back(ctx); !c.Done {
			return took, errors.New(c.Why)
		}
		took[i] = time.Since(start)
	}
	return took, nil
}

func median(all []time.Duration) string {
	slices.Sort(all)
	return fmt.Sprintf("%.1f s", all[len(all)/2].Seconds())
}
