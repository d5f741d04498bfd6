package live

import (
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/slipway-deploy/slipway/internal/cli/view"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

func fresh(wishes *[]rollout.EventKind) model {
	p := &rollout.Plan{
		ID: "01A", Service: "checkout", Environment: "production", Release: rollout.Release{Version: "1.1.0"},
		Hosts:  []rollout.Host{{Name: "web1", From: "1.0.0"}},
		Stages: []rollout.Stage{{Name: "complete", Kind: rollout.StageComplete, Waves: [][]string{{"web1"}}}},
	}
	return model{
		now: time.Now, wish: func(k rollout.EventKind) { *wishes = append(*wishes, k) },
		screen: view.Screen{State: rollout.New(p), Theme: view.Plain(view.Unicode()), Width: 80, Height: 24},
	}
}

func press(m tea.Model, keys string) tea.Model {
	for _, k := range keys {
		msg := tea.KeyPressMsg{Code: k, Text: string(k)}
		if k == '^' {
			msg = tea.KeyPressMsg{Code: 'c', Mod: tea.ModCtrl}
		}
		m, _ = m.Update(msg)
	}
	return m
}

// TestKeys: what cannot be taken back is asked for twice, in a row.
func TestKeys(t *testing.T) {
	t.Parallel()
	for keys, want := range map[string]string{
		"p": "promote", "r": "resume", "a": "", "aa": "abort", "ac": "", "aca": "", "acc": "complete", "cc": "complete",
		"axa": "", "q": "leave", "^": "leave", "aq": "leave", "pp": "promote promote", "xyz": "", "aaaa": "abort abort",
	} {
		var wishes []rollout.EventKind
		press(fresh(&wishes), keys)
		var got []string
		for _, w := range wishes {
			got = append(got, string(w))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: wishes %q, want %q", keys, got, want)
		}
	}
}

func TestPictureFollows(t *testing.T) {
	t.Parallel()
	var wishes []rollout.EventKind
	var m tea.Model = fresh(&wishes)
	see := func() string { return m.View().Content }
	m = press(m, "a")
	if !strings.Contains(see(), "press a again to abort") {
		t.Errorf("nothing says that a is asked for twice:\n%s", see())
	}
	m, _ = m.Update(note("promote refused"))
	if !strings.Contains(see(), "promote refused") {
		t.Errorf("the note is not shown:\n%s", see())
	}
	m, _ = m.Update(tea.WindowSizeMsg{Width: 40, Height: 12})
	if rows := strings.Split(see(), "\n"); len(rows) > 12 {
		t.Errorf("%d rows after the window became small", len(rows))
	}
	st := fresh(&wishes).screen.State
	st.Phase, st.Pending = rollout.Running, []rollout.Pending{{Command: rollout.Command{ID: 7, Kind: rollout.BakeStage}}}
	m, _ = m.Update(update{state: st})
	m, _ = m.Update(note(""))
	m, _ = m.Update(view.Finding{Command: 7, Stage: "complete", Judged: view.Judged{Verdict: "no data"}})
	if !strings.Contains(see(), "watching complete: no data") {
		t.Errorf("what the judge thinks is not shown:\n%s", see())
	}
	for range 3 * kept {
		m, _ = m.Update(update{state: st, lines: []view.Line{{Text: "told"}}})
	}
	if n := len(m.(model).screen.Lines); n != kept {
		t.Errorf("%d lines are remembered, want %d", n, kept)
	}
	if !strings.Contains(see(), "told") {
		t.Errorf("what was told is not shown:\n%s", see())
	}
	if !m.View().AltScreen || m.View().WindowTitle != "slipway checkout 1.1.0" {
		t.Errorf("view %+v", m.View())
	}
}
