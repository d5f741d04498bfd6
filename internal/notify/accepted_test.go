package notify_test

import (
	"strings"
	"testing"

	"github.com/slipway-deploy/slipway/internal/notify"
	"github.com/slipway-deploy/slipway/internal/notify/notifytest"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// TestAccepted: the message that a rollout started tells who took a missing way back upon
// themselves, and no later one repeats it.
func TestAccepted(t *testing.T) {
	t.Parallel()
	plan := notifytest.Plan("R-7")
	plan.AcceptedBy = "ann@desk"
	const want = "accepted by ann@desk"
	for kind, says := range map[rollout.NoticeKind]bool{rollout.NoticeStarted: true, rollout.NoticePlanned: true, rollout.NoticeCompleted: false} {
		if text := notify.Compose(plan, rollout.Notice{Kind: kind, Total: 4}).Plain(); strings.Contains(text, want) != says {
			t.Errorf("%s: %s", kind, text)
		}
	}
}
