package unit

import (
	"reflect"
	"strings"
	"testing"
)

func TestParseFile(t *testing.T) {
	t.Parallel()
	const text = `# a comment
[Unit]
Description=anything % $ goes
After=network.target
[Service]
Type=simple
WorkingDirectory=/opt/demo/shared
ExecStart=/opt/demo/current/server --name "two words" 'three more words' a\ b
Environment=PORT=80 "NAME=x y"
Environment=LAST=1
Restart=on-failure
[Install]
WantedBy=multi-user.target
`
	got, err := ParseFile("demo.service", []byte(text))
	want := File{
		Exec:      []string{"/opt/demo/current/server", "--name", "two words", "three more words", "a b"},
		Directory: "/opt/demo/shared", Environment: []string{"PORT=80", "NAME=x y", "LAST=1"},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("%+v, %v", got, err)
	}
}

func TestParseFileRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                      "demo.service: no ExecStart in [Service]",
		"[Service]\nExecStart=server":           `demo.service:2: ExecStart is "server"; it must begin with an absolute path`,
		"[Service]\nExecStart=":                 `demo.service:2: ExecStart is ""`,
		"[Service]\nExecStart=/a\nExecStart=/b": "demo.service:3: a second ExecStart",
		"[Service]\nExecStartPre=/a":            "demo.service:2: ExecStartPre is not known to a local fleet",
		"[Service]\nExecStart=/a $X":            `demo.service:2: ExecStart: has "$"`,
		"[Service]\nExecStart=/a \"b":           "a quote is not closed",
		"[Service]\nExecStart=/a \\":            "ends in a backslash",
		"[Service]\nExecStart=/a ''":            "has an empty word",
		"[Service]\nEnvironment=X":              `Environment has "X"; write KEY=value`,
		"[Service]\nWorkingDirectory=x":         "it must be one absolute path",
		"[Service]\nType=forking":               `type "forking"`,
		"[Service]\nnonsense":                   `found "nonsense"; write Key=value`,
		"[Timer]\nOnCalendar=daily":             `is in section "Timer"`,
		"ExecStart=/a":                          `is in section ""`,
	} {
		_, err := ParseFile("demo.service", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; expected %q", text, err, want)
		}
	}
}

func FuzzParseFile(f *testing.F) {
	f.Add("[Service]\nExecStart=/a 'b c' \"d\\\"e\"\nEnvironment=A=b\n")
	f.Add("[Unit]\n[Service]\nWorkingDirectory=/x\n")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := ParseFile("x", []byte(text))
		if err != nil {
			return
		}
		if len(got.Exec) == 0 || got.Exec[0][0] != '/' {
			t.Fatalf("runs %q", got.Exec)
		}
		for _, e := range got.Environment {
			if strings.IndexByte(e, '=') < 1 {
				t.Fatalf("environment %q", e)
			}
		}
	})
}

func TestParseShow(t *testing.T) {
	t.Parallel()
	const out = `Id=a.service
LoadState=loaded
ActiveState=failed
SubState=failed
Result=exit-code
NRestarts=3
ExecMainStatus=203
MainPID=0
UnitFileState=enabled
EnvironmentFiles=/etc/default/a (ignore_errors=yes)
EnvironmentFiles=/etc/a.env (ignore_errors=no)
Type=simple
RemainAfterExit=no
NeedDaemonReload=yes

Id=b.service
LoadState=not-found
ActiveState=inactive
SubState=dead
UnitFileState=
Type=oneshot
RemainAfterExit=no
`
	got, err := parseShow([]byte(out), []string{"a.service", "b.service"})
	want := []Status{
		{
			Name: "a.service", Load: "loaded", Active: "failed", Sub: "failed", Result: "exit-code", Restarts: 3, Exit: 203, Enabled: "enabled",
			Environment: []string{"/etc/default/a", "/etc/a.env"}, Outdated: true,
		},
		{Name: "b.service", Load: "not-found", Active: "inactive", Sub: "dead", Batch: true},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("%+v, %v", got, err)
	}
	if text := got[0].String(); text != "a.service is failed (failed), result exit-code, exit status 203, restarted 3 times" {
		t.Error(text)
	}
	if text := got[1].String(); text != "b.service is not-found" {
		t.Error(text)
	}
	if _, err := parseShow([]byte(out), []string{"a.service"}); err == nil {
		t.Error("two units for one name")
	}
}
