package fleet_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/slipway-deploy/slipway/internal/fleet"
)

// listing is what ansible-inventory 2.14 prints for a small inventory.
const listing = `{
  "_meta": {"hostvars": {
    "web1": {"ansible_host": "10.0.0.1", "slipway_zone": "a", "zone": "ignored"},
    "web2": {"zone": "b", "ansible_port": 2222},
    "web10": {"zone": 3, "ansible_ssh_host": "10.0.0.10"},
    "db1": {"zone": ["not", "a", "word"]}
  }},
  "all": {"children": ["ungrouped", "web", "db"]},
  "web": {"children": ["paris", "rome"]},
  "paris": {"hosts": ["web10", "web1"]},
  "rome": {"hosts": ["web2", "web1"]},
  "db": {"hosts": ["db1"]},
  "empty": {}
}`

func TestParse(t *testing.T) {
	t.Parallel()
	inv, err := fleet.Parse([]byte(listing))
	if err != nil {
		t.Fatal(err)
	}
	want := []fleet.Host{
		{Name: "db1", Address: "db1", Groups: []string{"all", "db"}},
		{Name: "web1", Zone: "a", Address: "10.0.0.1", Groups: []string{"all", "paris", "rome", "web"}},
		{Name: "web2", Zone: "b", Address: "web2 port 2222", Groups: []string{"all", "rome", "web"}},
		{Name: "web10", Zone: "3", Address: "10.0.0.10", Groups: []string{"all", "paris", "web"}},
	}
	if !reflect.DeepEqual(inv.Hosts, want) {
		t.Errorf("got  %+v\nwant %+v", inv.Hosts, want)
	}
	if got := inv.Groups["web"]; !slices.Equal(got, []string{"web1", "web2", "web10"}) {
		t.Errorf("group web is %v", got)
	}
	if got, ok := inv.Groups["empty"]; !ok || len(got) != 0 {
		t.Errorf("group empty is %v, %v", got, ok)
	}
	if h, ok := inv.Host("web10"); !ok || h.Zone != "3" {
		t.Errorf("web10 is %+v, %v", h, ok)
	}
	if _, ok := inv.Host("web3"); ok {
		t.Error("web3 was found, and is not there")
	}
}

func TestParseRefused(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]string{
		"":                          "read the inventory: EOF (expected the JSON of ansible-inventory --list)",
		"null":                      "read the inventory: found null, expected the JSON of ansible-inventory --list",
		"[]":                        "read the inventory: json: cannot unmarshal array",
		"{} {}":                     "read the inventory: something follows the JSON of ansible-inventory --list",
		`{"web": [1]}`:              `read the inventory: group "web": json: cannot unmarshal array`,
		`{"_meta": 1}`:              "read the inventory: _meta: json: cannot unmarshal number",
		`{"w": {"hosts": [1]}}`:     `read the inventory: group "w": json: cannot unmarshal number`,
		`{"w": {"hosts": ["a;b"]}}`: `read the inventory: host name "a;b": allowed are letters`,
		`{"w": {"hosts": ["--x"]}}`: `read the inventory: host name "--x": allowed are letters`,
		`{"_meta": {"hostvars": {"a": {"slipway_zone": "x y"}}}}`: `read the inventory: host a: slipway_zone is "x y": allowed are up to 100`,
	} {
		if inv, err := fleet.Parse([]byte(data)); inv != nil || err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got %v, %v; want %s", data, inv, err, want)
		}
	}
}

// FuzzParse: whatever the bytes are, Parse ends in an inventory in which every host
// is there once and can be found, or in an error.
func FuzzParse(f *testing.F) {
	f.Add([]byte(listing))
	f.Add([]byte(`{"a": {"children": ["b"]}, "b": {"children": ["a"], "hosts": ["h"]}}`))
	f.Add([]byte(`{"_meta": {"hostvars": {"x01": {}, "x1": {}}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		inv, err := fleet.Parse(data)
		if err != nil {
			return
		}
		for i, h := range inv.Hosts {
			if i > 0 && fleet.Compare(inv.Hosts[i-1].Name, h.Name) >= 0 {
				t.Fatalf("%q before %q", inv.Hosts[i-1].Name, h.Name)
			}
			if got, ok := inv.Host(h.Name); !ok || got.Name != h.Name {
				t.Fatalf("%q is not found", h.Name)
			}
			for _, g := range h.Groups {
				if !slices.Contains(inv.Groups[g], h.Name) {
					t.Fatalf("%q is in %q and not the other way round", h.Name, g)
				}
			}
		}
	})
}

func TestCompare(t *testing.T) {
	t.Parallel()
	want := []string{"", "a1b2", "a01b10", "a1b10", "db", "web", "web-1", "web1", "web2", "web2.example.com", "web10", "web10a", "web100"}
	got := slices.Clone(want)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(got), func(i, j int) { got[i], got[j] = got[j], got[i] })
	slices.SortFunc(got, fleet.Compare)
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// TestCompareIsAnOrder: it is total, antisymmetric and transitive.
func TestCompareIsAnOrder(t *testing.T) {
	t.Parallel()
	name := rapid.StringMatching(`[a-b]{0,2}[0-3]{0,3}[a-b]{0,1}[0-1]{0,2}`)
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := name.Draw(t, "a"), name.Draw(t, "b"), name.Draw(t, "c")
		if (fleet.Compare(a, b) == 0) != (a == b) || fleet.Compare(a, b) != -fleet.Compare(b, a) {
			t.Fatalf("%q and %q: %d and %d", a, b, fleet.Compare(a, b), fleet.Compare(b, a))
		}
		if fleet.Compare(a, b) < 0 && fleet.Compare(b, c) < 0 && fleet.Compare(a, c) >= 0 {
			t.Fatalf("%q < %q < %q and not %q < %q", a, b, c, a, c)
		}
	})
}

// drawHosts makes a fleet in a few zones of any size.
func drawHosts(t *rapid.T) []fleet.Host {
	n := rapid.IntRange(0, 60).Draw(t, "hosts")
	zones := rapid.IntRange(1, 5).Draw(t, "zones")
	hosts := make([]fleet.Host, n)
	for i := range hosts {
		hosts[i] = fleet.Host{Name: fmt.Sprintf("h%d", i+1), Zone: string(rune('a' + rapid.IntRange(0, zones-1).Draw(t, "zone")))}
	}
	return hosts
}

func shuffled(t *rapid.T, hosts []fleet.Host) []fleet.Host {
	out := slices.Clone(hosts)
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

func namesOf(hosts []fleet.Host) []string {
	out := make([]string, len(hosts))
	for i, h := range hosts {
		out[i] = h.Name
	}
	return out
}

// TestSelect: sizes are exact, nobody is chosen twice, the order of the input does
// not matter, and zones are served evenly, those chosen before counted in.
func TestSelect(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		hosts := drawHosts(t)
		first, err := fleet.Select(hosts, fleet.Choice{Count: rapid.IntRange(0, 5).Draw(t, "first")}, nil)
		if err != nil {
			t.Fatal(err)
		}
		choice, want := fleet.Choice{}, 0
		if rapid.Bool().Draw(t, "percent") {
			p := rapid.IntRange(1, 100).Draw(t, "share")
			choice.Percent = float64(p)
			want = max(0, (len(hosts)*p+99)/100-len(first))
		} else {
			choice.Count = rapid.IntRange(1, 70).Draw(t, "count")
			want = min(choice.Count, len(hosts)-len(first))
		}
		got, err := fleet.Select(hosts, choice, namesOf(first))
		if err != nil || len(got) != want {
			t.Fatalf("got %d hosts, %v; want %d", len(got), err, want)
		}
		chosen := slices.Concat(namesOf(first), namesOf(got))
		slices.Sort(chosen)
		if len(slices.Compact(chosen)) != len(first)+len(got) {
			t.Fatal("a host was chosen twice")
		}
		again, err := fleet.Select(shuffled(t, hosts), choice, namesOf(first))
		if err != nil || !reflect.DeepEqual(got, again) {
			t.Fatalf("another order gives another choice: %v and %v", namesOf(got), namesOf(again))
		}
		even(t, hosts, slices.Concat(first, got))
	})
}

// even: no zone that still has a host is more than one behind another.
func even(t *rapid.T, hosts, chosen []fleet.Host) {
	total, have := map[string]int{}, map[string]int{}
	for _, h := range hosts {
		total[h.Zone]++
	}
	for _, h := range chosen {
		have[h.Zone]++
	}
	for a := range total {
		for b := range total {
			if have[a] < total[a] && have[b] > have[a]+1 {
				t.Fatalf("zone %s has %d of %d and zone %s has %d", a, have[a], total[a], b, have[b])
			}
		}
	}
}

// TestBatch: every host is in one wave, all waves but the last are full, the order of
// the input does not matter, and no zone has more of a wave than its share and one.
func TestBatch(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		hosts := drawHosts(t)
		size := rapid.IntRange(-1, 70).Draw(t, "size")
		waves := fleet.Batch(hosts, size)
		var all []string
		total := map[string]int{}
		for _, h := range hosts {
			total[h.Zone]++
		}
		for i, wave := range waves {
			if len(wave) == 0 || len(wave) > max(1, size) || i < len(waves)-1 && len(wave) != max(1, size) {
				t.Fatalf("wave %d of %d has %d hosts, size %d", i+1, len(waves), len(wave), size)
			}
			all = append(all, namesOf(wave)...)
			proportional(t, wave, total, len(hosts))
		}
		slices.Sort(all)
		if len(slices.Compact(all)) != len(hosts) {
			t.Fatalf("%d hosts in waves, of %d", len(all), len(hosts))
		}
		if again := fleet.Batch(shuffled(t, hosts), size); !reflect.DeepEqual(waves, again) {
			t.Fatal("another order gives other waves")
		}
	})
}

// proportional: a zone's part of a wave is its part of the fleet, give or take what
// cannot be divided. With zones of equal size that is at most one.
func proportional(t *rapid.T, wave []fleet.Host, total map[string]int, n int) {
	have := map[string]int{}
	for _, h := range wave {
		have[h.Zone]++
	}
	equal := true
	for _, size := range total {
		equal = equal && size*len(total) == n
	}
	for z, size := range total {
		fair := float64(len(wave)*size) / float64(n)
		slack := 1 + float64(size*len(total))/float64(n)
		if off := float64(have[z]) - fair; off > slack || off < -slack {
			t.Fatalf("zone %s has %d of a wave of %d, fair is %.1f", z, have[z], len(wave), fair)
		}
		for other := range total {
			if equal && have[z] > have[other]+1 {
				t.Fatalf("zones of equal size have %d and %d of a wave", have[z], have[other])
			}
		}
	}
}

func TestSelectNames(t *testing.T) {
	t.Parallel()
	hosts := []fleet.Host{
		{Name: "web1", Zone: "a", Groups: []string{"all", "web"}},
		{Name: "web2", Zone: "a", Groups: []string{"all", "canaries", "web"}},
		{Name: "web10", Zone: "b", Groups: []string{"all", "canaries", "web"}},
	}
	cases := []struct {
		choice  fleet.Choice
		already []string
		want    string
		err     string
	}{
		{fleet.Choice{Names: []string{"web10", "web1"}}, nil, "[web10 web1]", ""},
		{fleet.Choice{Names: []string{"web1", "web1"}}, nil, "", "host web1 is listed twice: an earlier stage has it"},
		{fleet.Choice{Names: []string{"web1"}}, []string{"web1"}, "", "host web1 is listed twice: an earlier stage has it"},
		{fleet.Choice{Names: []string{"db1"}}, nil, "", "host db1 is not one of the 3 hosts of this rollout"},
		{fleet.Choice{Group: "canaries"}, nil, "[web2 web10]", ""},
		{fleet.Choice{Group: "canaries"}, []string{"web2"}, "[web10]", ""},
		{fleet.Choice{Group: "canaries"}, []string{"web2", "web10"}, "", "group canaries is empty: earlier stages have all of its hosts"},
		{fleet.Choice{Group: "rome"}, nil, "", "group rome is empty or does not exist; these hosts are in canaries, web"},
		{fleet.Choice{Count: 2}, nil, "[web1 web10]", ""},
		{fleet.Choice{Count: 1}, []string{"web1"}, "[web10]", ""},
		{fleet.Choice{Percent: 0.1}, nil, "[web1]", ""},
		{fleet.Choice{Percent: 34}, []string{"web1"}, "[web10]", ""},
		{fleet.Choice{Percent: 10}, []string{"web1"}, "[]", ""},
	}
	for _, c := range cases {
		got, err := fleet.Select(hosts, c.choice, c.already)
		switch {
		case c.err != "" && (err == nil || err.Error() != c.err):
			t.Errorf("%+v after %v: got error %v, want %s", c.choice, c.already, err, c.err)
		case c.err == "" && (err != nil || fmt.Sprint(namesOf(got)) != c.want):
			t.Errorf("%+v after %v: got %v, %v; want %s", c.choice, c.already, namesOf(got), err, c.want)
		}
	}
}

// TestShare: rounding up is exact where floating point is not.
func TestShare(t *testing.T) {
	t.Parallel()
	for n := range 2000 {
		for _, p := range []int{1, 7, 10, 14, 25, 28, 29, 33, 55, 56, 57, 58, 100} {
			want := (n*p + 99) / 100
			if got := fleet.Share(n, float64(p)); got != want {
				t.Fatalf("%d%% of %d: got %d, want %d", p, n, got, want)
			}
		}
	}
}

// BenchmarkParse reads an inventory of 10,000 hosts.
func BenchmarkParse(b *testing.B) {
	vars, hosts := map[string]any{}, []string{}
	for i := range 10_000 {
		name := fmt.Sprintf("web%d", i)
		vars[name] = map[string]string{"zone": string(rune('a' + i%3)), "ansible_host": fmt.Sprintf("10.0.%d.%d", i/250, i%250)}
		hosts = append(hosts, name)
	}
	data, err := json.Marshal(map[string]any{"_meta": map[string]any{"hostvars": vars}, "web": map[string]any{"hosts": hosts}})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := fleet.Parse(data); err != nil {
			b.Fatal(err)
		}
	}
}
