package manifest

import "slices"

// Channels are the kinds of channels, those that people read first, then those that
// keep markers. Who tells them finds its settings here; what has a default is always
// set, and "to" of e-mail is one text with commas, "command" a JSON list of words.
func Channels() []ChannelKind {
	return slices.Concat(chats(), posts(), markers())
}

func chats() []ChannelKind {
	return []ChannelKind{
		{Name: "hipchat", Doc: "A room of HipChat or of one's own HipChat server.", Settings: []Setting{
			must(setting("room", "Name or number of the room.", idText(roomName()))).such("deploys"),
			must(secret("token", "Token of the room or the account.")).such("env:HIPCHAT_TOKEN"),
			plainURL("url", "Base address of the server.").is("https://api.hipchat.com"),
			choice("api", "Version of its interface.", "v2", "v1").is("v2"),
			choice("notify", "When members are notified: of trouble, which is what a person must look at; always; never.", "trouble", "always", "never").is("trouble"),
			choice("color", "Colour of the message.", "yellow", "green", "red", "purple", "gray", "random").inWords("by what happened"),
			wordy("from", "Name that a message comes from; at most 15 characters are shown by v1.", shownName()).is("slipway"),
		}},
		{Name: "slack", Doc: "A channel of Slack, through a webhook, or through its API: then one message a rollout is kept up to date, with details in its thread.",
			Either: []string{"webhook", "token"}, With: map[string]string{"token": "channel"}, Settings: []Setting{
				secret("webhook", "Address of an incoming webhook.").such("env:SLACK_WEBHOOK"),
				secret("token", "Token of a bot, with chat:write.").such("env:SLACK_TOKEN"),
				wordy("channel", "Channel, with a token.", roomName()).such("#deploys"),
				plainURL("url", "Address of the API.").is("https://slack.com/api"),
			}},
		{Name: "mattermost", Doc: "A channel of Mattermost.", Settings: []Setting{
			must(secret("webhook", "Address of an incoming webhook.")).such("env:MATTERMOST_WEBHOOK"),
			wordy("channel", "Channel.", roomName()).inWords("that of the webhook"),
			wordy("username", "Name that a message comes from.", shownName()).is("slipway"),
		}},
		{Name: "rocketchat", Doc: "A channel of Rocket.Chat.", Settings: []Setting{
			must(secret("webhook", "Address of an incoming webhook.")).such("env:ROCKETCHAT_WEBHOOK"),
			wordy("channel", "Channel.", roomName()).inWords("that of the webhook"),
		}},
		{Name: "zulip", Doc: "A topic of a stream of Zulip.", Settings: []Setting{
			must(plainURL("url", "Address of the server.")).such("https://example.zulipchat.com"),
			must(wordy("user", "E-mail address of the bot.", mailAddress())).such("slipway-bot@example.zulipchat.com"),
			must(secret("key", "Key of the bot.")).such("env:ZULIP_KEY"),
			must(wordy("stream", "Stream.", roomName())).such("deploys"),
			wordy("topic", "Topic; {{service}} and {{environment}} are filled in.", shownText()).is("{{service}} on {{environment}}"),
		}},
		{Name: "teams", Doc: "A channel of Microsoft Teams, through a workflow or an incoming webhook.", Settings: []Setting{
			must(secret("webhook", "Address of the webhook.")).such("env:TEAMS_WEBHOOK"),
		}},
		{Name: "discord", Doc: "A channel of Discord.", Settings: []Setting{
			must(secret("webhook", "Address of the webhook.")).such("env:DISCORD_WEBHOOK"),
		}},
		{Name: "telegram", Doc: "A chat of Telegram.", Settings: []Setting{
			must(secret("token", "Token of the bot.")).such("env:TELEGRAM_TOKEN"),
			must(setting("chat", "Id of the chat, or @NAME of a public one.", idText(chatName()))).such("@deploys"),
			plainURL("url", "Address of the API.").is("https://api.telegram.org"),
		}},
		{Name: "matrix", Doc: "A room of Matrix.", Settings: []Setting{
			must(plainURL("url", "Address of the home server.")).such("https://matrix.example.com"),
			must(secret("token", "Access token.")).such("env:MATRIX_TOKEN"),
			must(wordy("room", "Id of the room.", matrixRoom())).such("!deploys:example.com"),
		}},
	}
}

// posts are what is sent to an address, whoever reads it there.
func posts() []ChannelKind {
	return []ChannelKind{
		{Name: "email", Doc: "E-mail.", With: map[string]string{"password": "user", "user": "password"}, Settings: []Setting{
			must(wordy("server", "SMTP server, with its port.", hostPort())).such("mail.example.com:587"),
			must(wordy("from", "Address of the sender.", mailAddress())).such("slipway@example.com"),
			must(setting("to", "Whom it goes to.", joined(mailAddress()))).such([]string{"ops@example.com"}),
			wordy("user", "Name to log in with.", shownName()).inWords("no login"),
			secret("password", "Password to log in with.").such("env:SMTP_PASSWORD"),
			choice("starttls", "Encryption: required, if offered, never; or from the first byte (tls).", "required", "offered", "never", "tls").is("required"),
		}},
		{Name: "webhook", Doc: "A POST of JSON to an address of yours.", Settings: []Setting{
			must(plainURL("url", "Address.")).such("https://hooks.example.com/slipway"),
			secret("secret", "Key of the signature, HMAC with SHA-256.").inWords("not signed"),
			secret("token", "Token that is sent as Authorization: Bearer.").inWords("none"),
		}},
		{Name: "command", Doc: "A command on the machine that drives the rollout; it reads the event as JSON.", Settings: []Setting{
			must(setting("command", "A list of words, or a text for /bin/sh.", commandText())).such([]string{"/usr/local/bin/tell"}),
		}},
	}
}

func markers() []ChannelKind {
	return []ChannelKind{
		{Name: "newrelic", Doc: "Deployment markers of New Relic: for an application through REST v2, for an entity through NerdGraph.", Either: []string{"application", "entity"}, Settings: []Setting{
			must(secret("key", "User key, or REST key with application.")).such("env:NEWRELIC_KEY"),
			setting("application", "Id of the application, a number.", idText(accountNumber())).such("1234567"),
			wordy("entity", "GUID of the entity.", guid()).such("MTIzNDU2fEFQTXxBUFBMSUNBVElPTnwx"),
			choice("region", "Where the account is.", "us", "eu").is("us"),
			plainURL("url", "Address of the API instead of the region's.").inWords("that of the region"),
		}},
		{Name: "graphite", Doc: "Metrics such as PREFIX.ENVIRONMENT.SERVICE.version in Carbon, and events in Graphite.", Settings: []Setting{
			must(wordy("address", "Carbon, plain text.", hostPort())).such("graphite:2003"),
			wordy("prefix", "How the names of metrics begin.", metricPrefix()).is("slipway"),
			plainURL("web", "Address of graphite-web, for events.").inWords("no events").such("http://graphite"),
		}},
		{Name: "grafana", Doc: "Annotations of Grafana.", Settings: []Setting{
			must(plainURL("url", "Address of Grafana.")).such("https://grafana.example.com"),
			must(secret("token", "Token of a service account.")).such("env:GRAFANA_TOKEN"),
			wordy("dashboard", "UID of a dashboard.", guid()).inWords("all of the organisation"),
		}},
		{Name: "prometheus", Doc: "A file for the textfile collector of node_exporter.", Settings: []Setting{
			must(wordy("textfile", "Path of the file.", textfile())).such("/var/lib/prometheus/node-exporter/slipway.prom"),
		}},
		{Name: "datadog", Doc: "Events of Datadog.", Settings: []Setting{
			must(secret("key", "API key.")).such("env:DD_API_KEY"),
			wordy("site", "Site of the account.", domain()).is("datadoghq.com"),
			plainURL("url", "Address of the API instead of the site's.").inWords("that of the site"),
		}},
		{Name: "sentry", Doc: "Releases and deploys of Sentry.", Settings: []Setting{
			must(secret("token", "Auth token with project:releases.")).such("env:SENTRY_TOKEN"),
			must(wordy("organization", "Slug of the organisation.", slug())).such("example"),
			must(wordy("project", "Slug of the project.", slug())).such("checkout"),
			plainURL("url", "Address of Sentry.").is("https://sentry.io"),
		}},
		{Name: "statsd", Doc: "Counters and timers of StatsD.", Settings: []Setting{
			must(wordy("address", "StatsD, over UDP.", hostPort())).such("statsd:8125"),
			wordy("prefix", "How the names of metrics begin.", metricPrefix()).is("slipway"),
		}},
		{Name: "cdevents", Doc: "CDEvents as CloudEvents over HTTP.", Settings: []Setting{
			must(plainURL("url", "Address of the receiver.")).such("https://events.example.com"),
			wordy("source", "Source of the events.", shownName()).is("slipway"),
			secret("token", "Token that is sent as Authorization: Bearer.").inWords("none"),
		}},
		{Name: "otel", Doc: "A trace of the rollout, over OTLP and HTTP.", Settings: []Setting{
			must(plainURL("endpoint", "Address of the collector.")).such("http://collector:4318"),
			secret("headers", "Headers as key=value,key=value.").inWords("none"),
		}},
	}
}

// setting is one of any form.
func setting(name, doc string, form shape[string]) Setting {
	return Setting{Name: name, Doc: doc, form: form}
}

// wordy is a word.
func wordy(name, doc string, w word) Setting { return setting(name, doc, wordOf(w)) }

// plainURL is an address without a password.
func plainURL(name, doc string) Setting { return setting(name, doc, openURL(remoteAddress())) }

// choice is one of a few words.
func choice(name, doc string, values ...string) Setting {
	return setting(name, doc, one("", values...))
}

// secret is a reference.
func secret(name, doc string) Setting {
	s := setting(name, doc, reference())
	s.Secret = true
	return s
}

// must is a setting that has to be written.
func must(s Setting) Setting {
	s.Required = true
	return s
}

// is gives the default.
func (s Setting) is(value string) Setting {
	s.Standard = value
	return s
}

// inWords says what an unwritten setting means.
func (s Setting) inWords(words string) Setting {
	s.Words = words
	return s
}

// such gives an example.
func (s Setting) such(example any) Setting {
	s.Example = example
	return s
}
