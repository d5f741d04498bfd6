package rollout_test

import (
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

func TestReminders(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 1, 2, 10, 0, 0, 0, time.UTC)
	s := rollout.New(planOf(t, nil))
	s.Phase, s.Why, s.Since, s.SinceSeq = rollout.Waiting, "stage canary needs an approval", began, 17
	for _, test := range []struct {
		after time.Duration
		key   string
		next  time.Duration // 0: none
	}{
		{0, "", 30 * time.Minute},
		{30*time.Minute - 1, "", 30 * time.Minute},
		{30 * time.Minute, "17/reminder/1", time.Hour},
		{time.Hour, "17/reminder/2", 2 * time.Hour},
		{119 * time.Minute, "17/reminder/2", 2 * time.Hour},
		{2 * time.Hour, "17/reminder/3", 0},
		{90 * 24 * time.Hour, "17/reminder/3", 0},
	} {
		n, next := s.Reminder(began.Add(test.after))
		want := time.Time{}
		if test.next > 0 {
			want = began.Add(test.next)
		}
		if n.Key != test.key || !next.Equal(want) {
			t.Errorf("after %s: %q, next at %s; want %q at %s", test.after, n.Key, next, test.key, want)
		}
		if n.Key != "" && (n.Took != test.after || n.Why != s.Why || n.Kind != rollout.NoticeReminder || n.Total != 6) {
			t.Errorf("after %s it says %+v", test.after, n)
		}
	}
	for _, p := range []rollout.Phase{rollout.Running, rollout.Paused, rollout.NeedsPerson} {
		s.Phase = p
		if n, next := s.Reminder(began.AddDate(1, 0, 0)); n.Key != "" || !next.IsZero() {
			t.Errorf("%s: %+v at %s", p, n, next)
		}
	}
}

func TestChannelsTake(t *testing.T) {
	t.Parallel()
	all, some := rollout.Channel{}, rollout.Channel{Events: []rollout.NoticeKind{rollout.NoticePaused}}
	for kind, want := range map[rollout.NoticeKind][2]bool{
		rollout.NoticePlanned: {true, false}, rollout.NoticeReminder: {true, false}, rollout.NoticePaused: {false, true},
	} {
		if got := [2]bool{all.Takes(kind), some.Takes(kind)}; got != want {
			t.Errorf("%s: %v, want %v", kind, got, want)
		}
	}
}

// TestDebts: what is owed, and in which direction, is read from the state.
func TestDebts(t *testing.T) {
	t.Parallel()
	s := rollout.New(planOf(t, []string{"hosts=3"}))
	live := rollout.HostState{Exposure: rollout.Live, Begun: true, Updated: true}
	s.Hosts = []rollout.HostState{live, {Exposure: rollout.Live, Owed: true}, {Exposure: rollout.None, Begun: true, Failure: "the disk is full"}}
	if debts := s.Debts(); debts != nil {
		t.Errorf("before its end: %+v", debts)
	}
	for _, test := range []struct {
		phase rollout.Phase
		back  bool
		want  []rollout.Debt
	}{
		{rollout.NeedsPerson, false, []rollout.Debt{{Host: "web2"}, {Host: "web3", Restore: true}}},
		{rollout.NeedsPerson, true, []rollout.Debt{{Host: "web1", Restore: true}, {Host: "web2"}, {Host: "web3", Restore: true}}},
	} {
		s.Phase, s.Back = test.phase, test.back
		got := s.Debts()
		if len(got) != len(test.want) {
			t.Fatalf("%+v, want %+v", got, test.want)
		}
		for i := range got {
			if got[i] != test.want[i] {
				t.Errorf("%+v, want %+v", got[i], test.want[i])
			}
		}
	}
}
