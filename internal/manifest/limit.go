package manifest

import (
	"encoding/json"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/invopop/jsonschema"
)

// gaugeLimit is the value of a gauge in words.
const gaugeLimit = "a number above 0, alone or with a unit: 250, 1.5GiB, 300ms (units: KiB, MiB, GiB; ms, s)"

const limitPattern = `^[0-9]{1,15}(\.[0-9]{1,6})?(KiB|MiB|GiB|ms|s)?$`

// limit is a share such as 1%, or the value of a gauge.
func limit() shape[Limit] {
	share := percentage(percent)
	return shape[Limit]{
		allowed: percent + "; or " + gaugeLimit,
		kinds:   []kind{text, number, fraction},
		read: func(r *reader, n ast.Node) (Limit, bool) {
			if strings.HasSuffix(scalar(n), "%") {
				p, ok := share.read(r, n)
				return Limit{Value: p / 100, Share: true}, ok
			}
			v, ok := quantity(scalar(n))
			if !ok {
				r.wrong(n, percent+"; or "+gaugeLimit)
			}
			return Limit{Value: v}, ok
		},
		write: func(l Limit) any {
			switch {
			case l.Value == 0:
				return nil
			case l.Share:
				return share.write(math.Round(l.Value*1e6) / 1e4)
			}
			if whole := int64(l.Value); float64(whole) == l.Value {
				return whole
			}
			return strconv.FormatFloat(l.Value, 'f', -1, 64)
		},
		schema: func(d *definitions) *jsonschema.Schema {
			return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
				share.schema(d), {Type: "string", Pattern: limitPattern}, {Type: "number", ExclusiveMinimum: json.Number("0")},
			}}
		},
	}
}

// quantity is the number that a text such as 1.5GiB or 300ms stands for.
func quantity(s string) (float64, bool) {
	if !regexp.MustCompile(limitPattern).MatchString(s) {
		return 0, false
	}
	digits := strings.TrimRight(s, "KMGiBms")
	unit := map[string]float64{"": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "ms": 1e-3, "s": 1}[s[len(digits):]]
	v, err := strconv.ParseFloat(digits, 64)
	// No more than six digits after the point: what is printed is read again as it was.
	v = math.Round(v*unit*1e6) / 1e6
	return v, err == nil && v > 0 && v < 1e15
}
