package journaltest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/journal"
)

func observedIsKept(t *testing.T, address string) {
	j, other := Open(t, address), Open(t, address)
	create(t, j, Plan("R1", 2))
	l := acquire(t, j, "R1")
	bake := journal.Look{At: Epoch(), Body: "{\"t\":1}\n"}
	if err := j.AppendSamples(t.Context(), l, 1, bake); err != nil {
		t.Fatal(err)
	}
	for i := range 7 {
		look := journal.Look{At: Epoch().Add(time.Duration(i) * time.Second), Body: fmt.Sprintf("{\"t\":%d}\n", i)}
		if err := j.AppendObserved(t.Context(), l, look, 3); err != nil {
			t.Fatal(err)
		}
	}
	looks, err := other.Samples(t.Context(), "R1", journal.Observed, 0)
	if err != nil || len(looks) != 3 || looks[0].Body != "{\"t\":4}\n" || looks[2].Seq != 7 || !looks[2].At.Equal(Epoch().Add(6*time.Second)) {
		t.Errorf("of seven looks the last three are kept: got %+v, %v", looks, err)
	}
	if looks, err := other.Samples(t.Context(), "R1", 1, 0); err != nil || len(looks) != 1 || looks[0].Body != bake.Body {
		t.Errorf("those of a bake: %+v, %v", looks, err)
	}
	if err := j.Release(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	next := acquire(t, other, "R1")
	if err := j.AppendObserved(t.Context(), l, bake, 3); !errors.Is(err, journal.ErrStale) {
		t.Errorf("from a stale owner: %v", err)
	}
	if err := other.AppendObserved(t.Context(), next, bake, 3); err != nil {
		t.Error(err)
	}
	if looks, err := other.Samples(t.Context(), "R1", journal.Observed, 7); err != nil || len(looks) != 1 || looks[0].Seq != 8 {
		t.Errorf("from the next owner: %+v, %v", looks, err)
	}
}
