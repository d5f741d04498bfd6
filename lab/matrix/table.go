package matrix

import (
	"fmt"
	"slices"
	"strings"
)

// Cell is what the table says of a case with one tool.
type Cell string

// None is the cell of a tool that does not do a case.
const None Cell = "–"

// Words of the outcomes, the beginnings of cells.
const (
	wordRestored = "restored"
	wordPerson   = "needs a person"
	wordDiffers  = "differs"
	wordFails    = "fails"
)

// mostItems is how many items a cell of another tool names.
const mostItems = 3

// OfSlipway is the cell of a case that Slipway did: what it said, which Honest checks.
func (r Result) OfSlipway() Cell {
	if !r.Claim.Done {
		items := r.Claim.Items
		if len(items) == 0 {
			items = []string{r.Claim.Why}
		}
		return cell(wordPerson, items)
	}
	if len(r.Stayed) == 0 {
		return wordRestored
	}
	return cell(wordRestored+"; stays", items(r.Stayed))
}

// OfOther is the cell of a case that another tool did: what the oracle says.
func (r Result) OfOther() Cell {
	names := items(slices.Concat(r.Differences, r.Stayed))
	word := wordDiffers
	if !r.Claim.Done {
		word = wordFails
		if len(names) > 0 {
			word += " and " + wordDiffers
		}
	}
	switch {
	case len(names) == 0 && r.Claim.Done:
		return wordRestored
	case len(names) == 0:
		return Cell(word + "; nothing differs")
	case len(names) > mostItems:
		names = append(names[:mostItems:mostItems], fmt.Sprintf("and %d more", len(names)-mostItems))
	}
	return cell(word, names)
}

func items(all []Difference) []string {
	var names []string
	for _, d := range all {
		names = append(names, d.Item)
	}
	return names
}

func cell(word string, items []string) Cell {
	text := plain(strings.Join(items, "; "))
	text = strings.NewReplacer("|", "/", "\n", " ", "_", "\\_", "*", "\\*").Replace(text)
	return Cell(strings.Join(strings.Fields(word+": "+text), " "))
}

// Word is the outcome without its items.
func (c Cell) Word() string {
	word, _, _ := strings.Cut(string(c), ":")
	word, _, _ = strings.Cut(word, ";")
	return word
}

// Honest says what is wrong with what Slipway claimed; "" when nothing is.
func (r Result) Honest() string {
	if r.Claim.Done && len(r.Differences) > 0 {
		return fmt.Sprintf("it says that all is as it was, and it is not: %v", r.Differences)
	}
	if r.Claim.Done {
		return ""
	}
	if len(r.Claim.Items) == 0 {
		if r.Claim.Why == "" {
			return "it neither restored nor says why"
		}
		return ""
	}
	for _, d := range r.Differences {
		if !r.Claim.Names(d) {
			return fmt.Sprintf("it does not name what is not as it was: %s (it names %v, %s)", d, r.Claim.Items, r.Claim.Why)
		}
	}
	return ""
}

// Line is one line of the table.
type Line struct {
	Row     Row
	Slipway Cell
	Other   Cell
}

// Table writes the lines of one format.
func Table(lines []Line, other string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| case | what was changed | what fails | Slipway | %s |\n|---|---|---|---|---|\n", other)
	for _, l := range lines {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", l.Row.ID, l.Row.Changed, l.Row.Fails, l.Slipway, l.Other)
	}
	return b.String()
}

// Cells reads the cells of a document's tables, by the id of their case.
func Cells(text string) map[string][2]Cell {
	cells := map[string][2]Cell{}
	for line := range strings.Lines(text) {
		f := strings.Split(strings.TrimSpace(line), " | ")
		id, ok := strings.CutPrefix(f[0], "| `")
		if len(f) != 5 || !ok {
			continue
		}
		cells[strings.TrimSuffix(id, "`")] = [2]Cell{Cell(f[3]), Cell(strings.TrimSuffix(f[4], " |"))}
	}
	return cells
}

// Count counts outcomes.
func Count(cells []Cell) string {
	count := map[string]int{}
	var words []string
	for _, c := range cells {
		if c == None {
			continue
		}
		if count[c.Word()] == 0 {
			words = append(words, c.Word())
		}
		count[c.Word()]++
	}
	slices.Sort(words)
	for i, w := range words {
		words[i] = fmt.Sprintf("%d %s", count[w], w)
	}
	return strings.Join(words, ", ")
}

// Fill puts a text between the marks of a name in a document.
func Fill(document, name, text string) (string, error) {
	begin, end := "<!-- "+name+": begin -->\n", "<!-- "+name+": end -->"
	head, rest, ok := strings.Cut(document, begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return "", fmt.Errorf("the document has no marks %q and %q", strings.TrimSpace(begin), end)
	}
	return head + begin + text + end + tail, nil
}
