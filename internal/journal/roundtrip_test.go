package journal_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

// TestWhatIsJournalledSurvives fills every field of all that is journalled and has it
// back through JSON: a field that would be lost in a restart fails here first.
func TestWhatIsJournalledSurvives(t *testing.T) {
	t.Parallel()
	for _, v := range []any{rollout.Plan{}, rollout.Event{}, rollout.Command{}, rollout.Head{}, rollout.HostState{}} {
		p := reflect.New(reflect.TypeOf(v))
		n := 0
		fill(t, p.Elem(), &n)
		text, err := json.Marshal(p.Interface())
		if err != nil {
			t.Fatal(err)
		}
		back := reflect.New(reflect.TypeOf(v))
		if err := json.Unmarshal(text, back.Interface()); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(p.Interface(), back.Interface()) {
			t.Errorf("%T does not survive:\n%+v\n%+v", v, p.Elem(), back.Elem())
		}
	}
}

// TestStateIsWhollyStored fails when State gets a part that the journal does not know.
func TestStateIsWhollyStored(t *testing.T) {
	t.Parallel()
	known := map[string]bool{"Plan": true, "Hosts": true, "Head": true}
	for f := range reflect.TypeFor[rollout.State]().Fields() {
		if !known[f.Name] {
			t.Errorf("rollout.State.%s is nowhere in the journal", f.Name)
		}
	}
	if !reflect.TypeFor[rollout.HostState]().Comparable() {
		t.Error("the journal tells changed hosts by comparing them")
	}
}

// fill puts a value of its own into every field.
func fill(t *testing.T, v reflect.Value, n *int) {
	t.Helper()
	*n++
	if v.Type() == reflect.TypeFor[time.Time]() {
		v.Set(reflect.ValueOf(time.Unix(int64(*n), 5).UTC()))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("s" + time.Duration(*n).String())
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Float64:
		v.SetFloat(float64(*n) / 8)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(t, v.Index(0), n)
		fill(t, v.Index(1), n)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(t, key, n)
		fill(t, value, n)
		v.SetMapIndex(key, value)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i), n)
		}
	default:
		t.Fatalf("%s: no way to fill it", v.Type())
	}
}
