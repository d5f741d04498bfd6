package manifest

// The words of the file. They reach file names, units, packages, balancers and
// Ansible, so that each is as narrow as what it names allows.

func serviceName() word {
	return word{what: "lower-case letters, digits and . _ -, beginning with a letter or digit, such as checkout", pattern: `^[a-z0-9][a-z0-9._-]*$`, limit: 63}
}

func environmentName() word {
	return word{what: "lower-case letters, digits, _ and -, beginning with a letter, such as production", pattern: `^[a-z][a-z0-9_-]*$`, limit: 63}
}

func packageName() word {
	return word{what: "the name of a Debian package: lower-case letters, digits and + - ., at least two, such as checkout", pattern: `^[a-z0-9][a-z0-9+.-]+$`, limit: 100}
}

func unitName() word {
	return word{what: "the name of a systemd unit such as checkout.service or worker@1.service", pattern: `^[A-Za-z0-9_][A-Za-z0-9_.-]*(@[A-Za-z0-9_.-]+)?\.(service|socket|target|path)$`}
}

func timerName() word {
	return word{what: "the name of a systemd timer such as checkout.timer", pattern: `^[A-Za-z0-9_][A-Za-z0-9_.-]*(@[A-Za-z0-9_.-]+)?\.timer$`}
}

// absolutePath has no "." or ".." in it: such a path could name something else
// than it seems to.
func absolutePath() word {
	return word{what: "an absolute path such as /etc/checkout, without . or .. in it", pattern: `^(/([^/.\x00-\x1f][^/\x00-\x1f]*|\.[^/.\x00-\x1f][^/\x00-\x1f]*|\.\.[^/\x00-\x1f]+))+$`, limit: 1000}
}

// localPath is on the machine that deploys.
func localPath() word {
	return word{what: "a path, absolute or beginning at the directory of the file, such as ops/hosts.yaml", pattern: `^[^-~\x00-\x1f][^\x00-\x1f]*$`, limit: 1000}
}

// fileGlob stays below the directory of the file.
func fileGlob() word {
	const step = `([^/.\x00-\x1f][^/\x00-\x1f]*|\.([^/.\x00-\x1f][^/\x00-\x1f]*)?|\.\.[^/\x00-\x1f]+)`
	return word{what: "a glob below the directory of the file, such as dist/*.deb", pattern: `^` + step + `(/` + step + `)*$`, limit: 1000}
}

// directoryBelow is neither the directory of the file itself nor outside of it.
func directoryBelow() word {
	const step = `([^/.\x00-\x1f][^/\x00-\x1f]*|\.[^/.\x00-\x1f][^/\x00-\x1f]*|\.\.[^/\x00-\x1f]+)`
	return word{what: "a directory below that of slipway.yaml, such as build/root, without . or .. in it", pattern: `^` + step + `(/` + step + `)*$`, limit: 1000}
}

func maintainer() word {
	return word{what: "a name and an address such as Shop <shop@example.com>", pattern: `^[^<>@,\x00-\x1f]*[^<>@,\x00-\x20] <[!-;=?-~]+@[!-;=?-~]+>$`}
}

func dependency() word {
	return word{what: "a package as in the Depends of Debian: adduser, libc6 (>= 2.36) or nginx | apache2", pattern: `^[a-z0-9][A-Za-z0-9+.:~()<>=| -]*$`}
}

func architecture() word {
	return word{what: "an architecture as Debian names it: amd64, arm64, all", pattern: `^[a-z0-9][a-z0-9-]*$`, limit: 32}
}

func shellCommand() word {
	return word{what: "a shell command such as make dist", pattern: `^[^\x00]*[^\x00\s][^\x00]*$`, limit: 10_000}
}

func hostName() word {
	return word{what: "the name of a host such as web1", pattern: `^[A-Za-z0-9_][A-Za-z0-9_.:-]*$`, limit: 253}
}

func groupName() word {
	return word{what: "the name of a group of the inventory such as canaries", pattern: `^[A-Za-z_][A-Za-z0-9_.-]*$`, limit: 128}
}

func hostPattern() word {
	return word{what: "an Ansible host pattern such as checkout or web:&paris", pattern: `^[A-Za-z0-9_*~!\[(.][A-Za-z0-9_.:&!,*~()\[\]|^$?+-]*$`, limit: 500}
}

func variableName() word {
	return word{what: "the name of an Ansible variable: letters, digits and _", pattern: `^[A-Za-z_][A-Za-z0-9_]*$`, limit: 100}
}

// address is a URL whose host may be left out: then the host asks itself. It has no
// room for a user and a password, because it is printed.
func address() word {
	return word{what: `a URL such as http://:8080/_status, where no host means the host itself`, pattern: `^https?://(([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?|:[0-9]{1,5})(/[!-~]*)?$`, limit: 2000}
}

func jsonField() word {
	return word{what: "a field of the JSON answer such as version or build.version", pattern: `^[A-Za-z0-9_][A-Za-z0-9_.-]*$`}
}

func shownText() word {
	return word{what: "a text of one line", pattern: `^[^\x00-\x1f]+$`, limit: 1000}
}

func argument() word {
	return word{what: "a word of a command", pattern: `^[^\x00]*$`, limit: 10_000}
}

func socketName() word {
	return word{what: "a runtime socket: /run/haproxy/admin.sock, tcp://10.0.0.1:9999 or ops@lb1:/run/haproxy/admin.sock", pattern: `^(/[!-~]+|tcp://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\]):[0-9]{1,5}|([A-Za-z0-9_][A-Za-z0-9_.-]*@)?[A-Za-z0-9][A-Za-z0-9.-]*:/[!-~]+)$`, limit: 500}
}

func backendName() word {
	return word{what: "the name of a backend such as checkout", pattern: `^[A-Za-z0-9_.:-]+$`}
}

func serverName() word {
	return word{what: "the name of a server in the backends, such as {{host}} or {{host}}-8080", pattern: `^([A-Za-z0-9_.:-]|\{\{host\}\})+$`}
}

func metricName() word {
	return word{what: "the name of a metric: lower-case letters, digits, _ and -, beginning with a letter, such as errors", pattern: `^[a-z][a-z0-9_-]*$`, limit: 63}
}

func channelName() word {
	return word{what: "the name of a channel: lower-case letters, digits, . _ and -, such as ops-chat", pattern: `^[a-z0-9][a-z0-9._-]*$`, limit: 63}
}

func templateText() word {
	return word{what: "a text/template of Go", pattern: `^[^\x00]*[^\x00\s][^\x00]*$`, limit: 10_000}
}

func queryText() word {
	return word{what: "a query of the source", pattern: `^[^\x00]*[^\x00\s][^\x00]*$`, limit: 10_000}
}

// remoteAddress is a URL of another machine; like address it has no room for a password.
func remoteAddress() word {
	return word{what: "a URL such as https://example.com, without a user or a password", pattern: `^https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?(/[!-~]*)?$`, limit: 2000}
}

// hostAddress is one that may name the host that is asked about.
func hostAddress() word {
	return word{what: "a URL such as http://{{host}}:8080/stats, without a user or a password", pattern: `^https?://(([A-Za-z0-9.-]|\{\{host\}\})+|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?(/[!-~]*)?$`, limit: 2000}
}

func databaseAddress() word {
	return word{what: "postgres://USER@HOST:PORT/DATABASE, without the password, or sqlite:/PATH", pattern: `^(postgres(ql)?://([A-Za-z0-9_.-]+@)?([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])?(:[0-9]{1,5})?/[!-~]*|sqlite:/[^\x00-\x1f]+)$`, limit: 2000}
}

func hostPort() word {
	return word{what: "a host and a port such as graphite:2003", pattern: `^([A-Za-z0-9_.-]+|\[[0-9A-Fa-f:]+\]):[0-9]{1,5}$`, limit: 300}
}

func mailAddress() word {
	return word{what: "an e-mail address such as ops@example.com", pattern: `^[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]+@[A-Za-z0-9.-]+$`, limit: 254}
}

func roomName() word {
	return word{what: "the name of a room or a channel", pattern: `^[^\x00-\x1f]+$`, limit: 100}
}

func shownName() word {
	return word{what: "a name of one line", pattern: `^[^\x00-\x1f]+$`, limit: 100}
}

func chatName() word {
	return word{what: "the id of a chat such as \"-1001234\", or @NAME", pattern: `^(-?[0-9]{1,20}|@[A-Za-z0-9_]+)$`, limit: 64}
}

func matrixRoom() word {
	return word{what: "the id or the alias of a room such as !deploys:example.com", pattern: `^[!#][^:\x00-\x20]+:[A-Za-z0-9.:-]+$`}
}

func guid() word {
	return word{what: "an id of letters, digits and _ - = |", pattern: `^[A-Za-z0-9_=|-]+$`}
}

func slug() word {
	return word{what: "a slug: letters, digits, _ and -", pattern: `^[A-Za-z0-9_-]+$`, limit: 100}
}

func domain() word {
	return word{what: "a domain such as datadoghq.eu", pattern: `^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$`}
}

func metricPrefix() word {
	return word{what: "a prefix of metrics such as slipway or ops.deploys", pattern: `^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`}
}

func textfile() word {
	return word{what: "an absolute path that ends in .prom", pattern: `^/[^\x00-\x1f]*[^/\x00-\x1f]\.prom$`, limit: 1000}
}

// link is filled in for each rollout.
func linkText() word {
	return word{what: "a URL such as https://deploys.example.com/{{service}}/{{rollout}}; {{service}}, {{environment}}, {{version}}, {{commit}} and {{rollout}} are filled in", pattern: `^https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?(/[!-~]*)?$`, limit: 2000}
}

func awsRegion() word {
	return word{what: "a region such as eu-west-1", pattern: `^[a-z]{2}(-[a-z]+)+-[0-9]$`}
}

func labelName() word {
	return word{what: "a label, tag, column or field: letters, digits and _ . - /", pattern: `^[A-Za-z0-9_][A-Za-z0-9_./-]*$`}
}

// hostText is what a source calls a host.
func hostText() word {
	return word{what: "what the source calls a host, such as {{host}} or {{host}}:9100", pattern: `^([!-z|~]|\{\{host\}\})*\{\{host\}\}([!-z|~]|\{\{host\}\})*$`}
}

func logPattern() word {
	return word{what: "a regular expression as RE2 has it, such as ERROR|panic", pattern: `^[^\x00-\x1f]+$`, limit: 1000}
}

func accountNumber() word {
	return word{what: "a number such as 1234567", pattern: `^[0-9]{1,20}$`}
}
