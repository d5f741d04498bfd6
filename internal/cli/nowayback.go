package cli

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"github.com/slipway-deploy/slipway/internal/app"
	"github.com/slipway-deploy/slipway/internal/plan"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// planText is a plan for people, with what nobody may overlook in red.
func planText(env Env, p *rollout.Plan) (string, error) {
	var text strings.Builder
	if err := plan.Text(&text, p); err != nil || len(p.Unsafe) == 0 {
		return text.String(), err
	}
	bad := env.theme(env.Out).Bad
	var b strings.Builder
	for line := range strings.Lines(text.String()) {
		if strings.HasPrefix(line, plan.Alarm) {
			line = bad.Render(strings.TrimSuffix(line, "\n")) + "\n"
		}
		b.WriteString(line)
	}
	return b.String(), nil
}

// noWayBack is what is typed for a yes to a plan without a safe way back: more than a key.
const noWayBack = "no way back"

// acceptNoWayBack asks for an explicit yes to a plan that is not safe to take back; --yes is
// none. Without a yes creating the rollout is refused.
func acceptNoWayBack(ctx context.Context, a *app.App, p *rollout.Plan, opts deployOptions, env Env) error {
	switch {
	case len(p.Unsafe) == 0:
		return nil
	case opts.noWayBack:
	case opts.yes || !env.terminal() || opts.out == asJSON:
		return nil
	default:
		question := fmt.Sprintf("After live traffic %s %s may have no way back. Type %q to go on:", p.Service, p.Release.Version, noWayBack)
		if err := spelled(ctx, env, question, noWayBack); err != nil {
			return err
		}
	}
	a.Accept(p)
	return nil
}

// spelled asks for words in the terminal; anything else is a no.
func spelled(ctx context.Context, env Env, question, words string) error {
	fmt.Fprintf(env.Out, "\n%s ", question)
	answer := make(chan string, 1)
	go func() { // as in confirm
		line, err := bufio.NewReader(env.In).ReadString('\n')
		if err != nil {
			line = ""
		}
		answer <- strings.TrimSpace(line)
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(env.Out)
		return errInterrupted
	case text := <-answer:
		if text == words {
			return nil
		}
	}
	return errDeclined
}
