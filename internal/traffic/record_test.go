package traffic

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/slipway-deploy/slipway/internal/haproxy"
	"pgregory.net/rapid"
)

func TestRecordsSurviveTheJournal(t *testing.T) {
	t.Parallel()
	seats := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) recordedSeat {
		return recordedSeat{
			Balancer: rapid.String().Draw(t, "balancer"), Backend: rapid.String().Draw(t, "backend"), Server: rapid.String().Draw(t, "server"),
			State:  rapid.SampledFrom([]haproxy.Admin{haproxy.Ready, haproxy.Drain, haproxy.Maint}).Draw(t, "state"),
			Weight: rapid.IntRange(0, haproxy.MaxWeight).Draw(t, "weight"), Up: rapid.Bool().Draw(t, "up"),
		}
	}), 1, 4)
	rapid.Check(t, func(t *rapid.T) {
		want := record{Version: recordVersion, Seats: seats.Draw(t, "seats")}
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := parseRecord(string(text))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v, %v, want %+v", got, err, want)
		}
	})
}

func FuzzParseRecord(f *testing.F) {
	f.Add(`{"v":1,"seats":[{"at":"/s","backend":"b","server":"w1","state":"ready","weight":100,"up":true}]}`)
	f.Add(`{"v":1}{}`)
	f.Add(``)
	f.Fuzz(func(t *testing.T, text string) {
		rec, err := parseRecord(text)
		if err != nil {
			return
		}
		for _, s := range rec.Seats {
			if s.check() != nil || rec.Version != recordVersion {
				t.Fatalf("%q was read as %+v", text, rec)
			}
		}
	})
}
