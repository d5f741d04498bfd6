package migration

import (
	"slices"
	"strconv"
	"strings"
)

// width is what a change of a column's type means for old code.
type width int

const (
	narrows width = iota
	holdsMore
	harmless
)

// ranks order types that hold ever more.
var ranks = [][]string{
	{"tinyint", "smallint", "mediumint", "integer", "bigint", "numeric"},
	{"real", "double precision"},
	{"tinytext", "text", "mediumtext", "longtext"},
	{"tinyblob", "blob", "mediumblob", "longblob"},
}

var synonyms = map[string]string{
	"int": "integer", "int4": "integer", "int2": "smallint", "int8": "bigint", "serial": "integer", "bigserial": "bigint", "smallserial": "smallint",
	"serial4": "integer", "serial8": "bigint", "character varying": "varchar", "character": "char", "bpchar": "char", "bool": "boolean", "decimal": "numeric",
	"float4": "real", "float8": "double precision", "double": "double precision", "float": "double precision",
	"timestamptz": "timestamp with time zone", "timestamp without time zone": "timestamp", "nvarchar": "varchar",
}

// typed takes a type apart into its name and its arguments.
func typed(kind string) (name string, args []string, rest string) {
	name, after, found := strings.Cut(kind, "(")
	name = strings.TrimSpace(name)
	if found {
		inner, tail, _ := strings.Cut(after, ")")
		rest = strings.TrimSpace(tail)
		for part := range strings.SplitSeq(inner, ",") {
			args = append(args, strings.TrimSpace(part))
		}
	}
	if s, ok := synonyms[name]; ok {
		name = s
	}
	return name, args, rest
}

// widening compares two types.
func widening(before, after string) width {
	was, wasArgs, wasRest := typed(before)
	is, isArgs, isRest := typed(after)
	if wasRest != isRest {
		return narrows
	}
	if was == is {
		return widerArguments(was, wasArgs, isArgs)
	}
	for _, rank := range ranks {
		from, to := slices.Index(rank, was), slices.Index(rank, is)
		if from >= 0 && to > from && (is != "numeric" || isArgs == nil) {
			return holdsMore
		}
	}
	if (was == "varchar" || was == "char") && (is == "text" || is == "mediumtext" || is == "longtext" || is == "varchar" && isArgs == nil) || was == "text" && is == "varchar" && isArgs == nil {
		return harmless
	}
	return narrows
}

func widerArguments(name string, was, is []string) width {
	switch {
	case slices.Equal(was, is):
		return harmless
	case name == "enum" || name == "set":
		if len(is) >= len(was) && slices.Equal(was, is[:len(was)]) {
			return holdsMore
		}
		return narrows
	case strings.HasSuffix(name, "int") || name == "integer": // MySQL's display width
		return harmless
	case is == nil:
		return harmless
	case len(was) == 0:
		return narrows
	}
	size, okA := strconv.Atoi(was[0])
	next, okB := strconv.Atoi(is[0])
	if okA != nil || okB != nil || next < size || !slices.Equal(was[1:], is[1:]) {
		return narrows
	}
	if name == "numeric" {
		return holdsMore
	}
	return harmless
}
