package channel_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"html"
	"net/url"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/slipway-deploy/slipway/internal/notify"
	"github.com/slipway-deploy/slipway/internal/notify/channel"
	"github.com/slipway-deploy/slipway/internal/notify/notifytest"
	"github.com/slipway-deploy/slipway/internal/rollout"
	"github.com/slipway-deploy/slipway/lab/process/processtest"
)

var pictures = flag.Bool("pictures", false, "draw docs/notify-*.png anew, with chromium")

// one is a rollout as people see it: a canary that is promoted, and aborted after all.
func one() []rollout.Notice {
	var all []rollout.Notice
	for _, i := range []int{1, 3, 4, 7, 9, 12, 13, 14} {
		all = append(all, notifytest.Notices()[i])
	}
	return all
}

const shell = `<!doctype html><meta charset="utf-8"><title>%s</title><style>
body{margin:0;padding:24px 28px;font:15px/1.46 sans-serif;color:#1d1c1d;background:#fff;width:760px}
h1{font-size:15px;color:#616061;margin:0 0 16px;font-weight:normal}
.m{margin:0 0 14px}.who{font-weight:bold;margin-right:8px}.app{background:#ddd;font-size:10px;border-radius:2px;padding:1px 3px;margin-right:6px}
.at{color:#616061;font-size:12px}.a{border-left:4px solid;border-radius:2px;padding:2px 0 2px 12px;margin:4px 0}
.f{display:grid;grid-template-columns:1fr 1fr;gap:6px 16px;font-size:14px}.c{font-size:13px;color:#616061;margin-top:6px}
.t{margin-left:32px;border-left:2px solid #ddd;padding-left:16px}.s{font-size:14px;margin-top:6px}
.row{padding:9px 14px;border-bottom:1px solid #fff;display:flex}.row b:first-child{}.nick{width:90px;color:#333;flex:none}
.mail{border:1px solid #ddd;border-radius:4px;margin:0 0 14px}.head{background:#f5f6f7;padding:8px 16px;font-size:13px;color:#445}
a{color:#1264a3}ul{margin:4px 0;padding-left:22px}</style><h1>%s</h1>
`

// TestPictures draws pages of what really goes over the wire: the pages are golden
// files, and with -pictures chromium makes docs/notify-*.png of them.
func TestPictures(t *testing.T) {
	t.Parallel()
	for name, draw := range map[string]func(t *testing.T) string{"slack": slackPage, "hipchat": hipchatPage, "email": mailPage} {
		t.Run(name, func(t *testing.T) {
			page := draw(t)
			if strings.Contains(page, "<b>fast</b>") {
				t.Error("a commit's subject became markup")
			}
			file := filepath.Join("testdata", "picture-"+name+".html")
			golden(t, file, []byte(page))
			if *pictures {
				shoot(t, file, filepath.Join("..", "..", "..", "docs", "notify-"+name+".png"))
			}
		})
	}
}

func shoot(t *testing.T, page, picture string) {
	t.Helper()
	path, err := filepath.Abs(page)
	if err != nil {
		t.Fatal(err)
	}
	height := "1180"
	if strings.Contains(page, "email") {
		height = "1640"
	}
	c := exec.CommandContext(t.Context(), processtest.Program(t, "chromium", "chromium"), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
		"--user-data-dir="+t.TempDir(), "--window-size=816,"+height, "--screenshot="+picture, "file://"+path)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// sent are the requests that one rollout makes in a world.
func sent(t *testing.T, name string) []notifytest.Request {
	t.Helper()
	w := worlds()[name]
	s := notifytest.Serve(t, w.contract(t))
	c, resolve := w.at(name, s.URL)
	opener := channel.New(resolve)
	t.Cleanup(opener.Close)
	n, err := opener.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	var memory notify.Memory
	for _, notice := range one() {
		if _, err := n.Send(t.Context(), notify.Compose(notifytest.Plan("R-7"), notice), &memory); err != nil {
			t.Fatal(err)
		}
	}
	return s.Requests()
}

func hipchatPage(t *testing.T) string {
	t.Helper()
	page := fmt.Sprintf(shell, "HipChat", "A room of HipChat: one message a step")
	colors := map[string]string{"gray": "#f5f5f5", "green": "#dff5e1", "yellow": "#fdf6d8", "red": "#fbe3e0"}
	for _, r := range sent(t, "hipchat") {
		var m struct{ From, Color, Message string }
		if err := json.Unmarshal(r.Body, &m); err != nil {
			t.Fatal(err)
		}
		page += fmt.Sprintf("<div class=row style='background:%s'><span class=nick>%s</span><span>%s</span></div>\n", colors[m.Color], html.EscapeString(m.From), m.Message)
	}
	return page
}

type slackView struct {
	Color  string
	Blocks []struct {
		Type             string
		Text             *struct{ Type, Text string }
		Fields, Elements []struct{ Text string }
	}
}

func slackPage(t *testing.T) string {
	t.Helper()
	page := fmt.Sprintf(shell, "Slack", "A channel of Slack: one message a rollout, always up to date; its thread holds each step")
	var root, thread string
	for _, r := range sent(t, "slack") {
		form, err := url.ParseQuery(string(r.Body))
		if err != nil {
			t.Fatal(err)
		}
		drawn := slackMessage(t, form)
		switch {
		case strings.HasSuffix(r.Path, "chat.update"):
			root = drawn
		case form.Get("thread_ts") != "":
			thread += drawn
		default:
			root, thread = drawn, thread+drawn
		}
	}
	return page + root + "<div class=t>\n" + strings.TrimPrefix(thread, "") + "</div>\n"
}

func slackMessage(t *testing.T, form url.Values) string {
	t.Helper()
	var all []slackView
	if err := json.Unmarshal([]byte(form.Get("attachments")), &all); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "<div class=m><span class=who>slipway</span><span class=app>APP</span><div>%s</div>", mrkdwn(form.Get("text")))
	named := map[string]string{"good": "#2eb67d", "warning": "#ecb22e", "danger": "#e01e5a"}
	for _, a := range all {
		color := a.Color
		if c, ok := named[color]; ok {
			color = c
		}
		fmt.Fprintf(&b, "<div class=a style='border-color:%s'>", color)
		for _, block := range a.Blocks {
			if len(block.Fields) > 0 {
				b.WriteString("<div class=f>")
				for _, f := range block.Fields {
					b.WriteString("<div>" + mrkdwn(f.Text) + "</div>")
				}
				b.WriteString("</div>")
			}
			if block.Text != nil {
				text := mrkdwn(block.Text.Text)
				if block.Text.Type == "plain_text" {
					text = strings.ReplaceAll(block.Text.Text, "\n", "<br>") // its entities are HTML's
				}
				b.WriteString("<div class=s>" + text + "</div>")
			}
			for _, e := range block.Elements {
				b.WriteString("<div class=c>" + mrkdwn(e.Text) + "</div>")
			}
		}
		b.WriteString("</div>")
	}
	return b.String() + "</div>\n"
}

var (
	slackLink = regexp.MustCompile(`<(https?://[^|>]*)\|([^>]*)>`)
	slackBold = regexp.MustCompile(`(^|\s)\*([^*\n]+)\*`)
)

// mrkdwn is Slack's markup as HTML: its three entities are HTML's too.
func mrkdwn(s string) string {
	s = slackLink.ReplaceAllString(s, "\x01a href='$1'\x02$2\x01/a\x02")
	s = slackBold.ReplaceAllString(s, "$1\x01b\x02$2\x01/b\x02")
	s = strings.NewReplacer("<", "&lt;", ">", "&gt;", "\n", "<br>", "\x01", "<", "\x02", ">").Replace(s)
	return s
}
