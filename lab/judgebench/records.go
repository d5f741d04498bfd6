package judgebench

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
)

// WriteJSON writes all rows, of each cell and of all together (rate and share 0).
func (r Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	return e.Encode(r.Rows)
}

// WriteCSV writes the same rows with a header.
func (r Report) WriteCSV(w io.Writer) error {
	c := csv.NewWriter(w)
	rows := [][]string{{"stream", "judge", "fault", "rate", "share", "rollouts", "aborted", "early", "promoted", "held", "lower", "upper", "kept", "median_seconds", "median_hurt"}}
	for _, row := range r.Rows {
		rows = append(rows, []string{
			row.Stream, row.Judge, row.Fault, number(&row.Rate), number(&row.Share), strconv.Itoa(row.N), strconv.Itoa(row.Aborted), strconv.Itoa(row.Early),
			strconv.Itoa(row.Promoted), strconv.Itoa(row.Held), number(&row.Lower), number(&row.Upper), string(row.Kept), number(row.Seconds), number(row.Hurt),
		})
	}
	return c.WriteAll(rows)
}

func number(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'g', 6, 64)
}
