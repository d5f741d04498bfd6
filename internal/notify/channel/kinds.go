package channel

import (
	"github.com/slipway-deploy/slipway/internal/notify"
	"github.com/slipway-deploy/slipway/internal/notify/chat"
	"github.com/slipway-deploy/slipway/internal/notify/marker"
)

// kinds is the list of all channels.
var kinds = map[string]func(config) (notify.Notifier, error){
	"hipchat": func(c config) (notify.Notifier, error) {
		return &chat.HipChat{
			Wire: c.wire, URL: c.or("url", "https://api.hipchat.com"), Room: c.settings["room"], Token: c.secrets["token"],
			V1: c.settings["api"] == "v1", Notify: c.or("notify", "trouble"), Color: c.settings["color"], From: c.or("from", "slipway"),
		}, c.need("room", "token")
	},
	"slack": slack,
	"mattermost": func(c config) (notify.Notifier, error) {
		return &chat.Mattermost{
			Wire: c.wire, Webhook: c.secrets["webhook"], Channel: c.settings["channel"], Username: c.or("username", "slipway"),
		}, c.need("webhook")
	},
	"rocketchat": func(c config) (notify.Notifier, error) {
		return &chat.RocketChat{Wire: c.wire, Webhook: c.secrets["webhook"], Channel: c.settings["channel"]}, c.need("webhook")
	},
	"zulip": func(c config) (notify.Notifier, error) {
		return &chat.Zulip{
			Wire: c.wire, URL: c.settings["url"], User: c.settings["user"], Key: c.secrets["key"],
			Stream: c.settings["stream"], Topic: c.or("topic", "{{service}} on {{environment}}"),
		}, c.need("url", "user", "key", "stream")
	},
	"teams": func(c config) (notify.Notifier, error) {
		return &chat.Teams{Wire: c.wire, Webhook: c.secrets["webhook"]}, c.need("webhook")
	},
	"discord": func(c config) (notify.Notifier, error) {
		return &chat.Discord{Wire: c.wire, Webhook: c.secrets["webhook"]}, c.need("webhook")
	},
	"telegram": func(c config) (notify.Notifier, error) {
		return &chat.Telegram{
			Wire: c.wire, URL: c.or("url", "https://api.telegram.org"), Token: c.secrets["token"], Chat: c.settings["chat"],
		}, c.need("token", "chat")
	},
	"matrix": func(c config) (notify.Notifier, error) {
		return &chat.Matrix{
			Wire: c.wire, URL: c.settings["url"], Token: c.secrets["token"], Room: c.settings["room"],
		}, c.need("url", "token", "room")
	},
	"email": func(c config) (notify.Notifier, error) {
		return &chat.Email{
			Server: c.settings["server"], From: c.settings["from"], To: addresses(c.settings["to"]),
			User: c.settings["user"], Password: c.secrets["password"], StartTLS: c.or("starttls", "required"),
		}, c.need("server", "from", "to")
	},
	"webhook": webhook,
	"command": func(c config) (notify.Notifier, error) {
		all, err := words(c.settings["command"])
		return &chat.Command{Words: all}, err
	},
	"newrelic": newRelic,
	"graphite": func(c config) (notify.Notifier, error) {
		return &marker.Graphite{
			Wire: c.wire, Address: c.settings["address"], Prefix: c.or("prefix", "slipway"), Web: c.settings["web"],
		}, c.need("address")
	},
	"grafana": func(c config) (notify.Notifier, error) {
		return &marker.Grafana{
			Wire: c.wire, URL: c.settings["url"], Token: c.secrets["token"], Dashboard: c.settings["dashboard"],
		}, c.need("url", "token")
	},
	"prometheus": func(c config) (notify.Notifier, error) {
		return &marker.Prometheus{File: c.settings["textfile"]}, c.need("textfile")
	},
	"datadog": func(c config) (notify.Notifier, error) {
		return &marker.Datadog{
			Wire: c.wire, URL: c.or("url", "https://api."+c.or("site", "datadoghq.com")), Key: c.secrets["key"],
		}, c.need("key")
	},
	"sentry": func(c config) (notify.Notifier, error) {
		return &marker.Sentry{
			Wire: c.wire, URL: c.or("url", "https://sentry.io"), Token: c.secrets["token"],
			Organization: c.settings["organization"], Project: c.settings["project"],
		}, c.need("token", "organization", "project")
	},
	"statsd": func(c config) (notify.Notifier, error) {
		return &marker.StatsD{Address: c.settings["address"], Prefix: c.or("prefix", "slipway")}, c.need("address")
	},
	"cdevents": func(c config) (notify.Notifier, error) {
		return &marker.CDEvents{
			Wire: c.wire, URL: c.settings["url"], Source: c.or("source", "slipway"), Token: c.secrets["token"],
		}, c.need("url")
	},
	"otel": func(c config) (notify.Notifier, error) {
		all, err := headers(c.secrets["headers"])
		if err != nil {
			return nil, err
		}
		return &marker.OTel{Wire: c.wire, Endpoint: c.settings["endpoint"], Headers: all}, c.need("endpoint")
	},
}
