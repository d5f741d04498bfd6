package marker

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-deploy/slipway/internal/notify"
	"github.com/slipway-deploy/slipway/internal/notify/notifytest"
	"github.com/slipway-deploy/slipway/lab/process/processtest"
)

const collectdConf = `Hostname "here"
FQDNLookup false
Interval 1
BaseDir "%[1]s"
PIDFile "%[1]s/pid"
LoadPlugin statsd
LoadPlugin csv
<Plugin statsd>
  Host "127.0.0.1"
  Port "%[2]d"
  TimerUpper true
</Plugin>
<Plugin csv>
  DataDir "%[1]s/csv"
  StoreRates false
</Plugin>
`

// TestStatsD: collectd's StatsD counts what we send.
func TestStatsD(t *testing.T) {
	t.Parallel()
	binary, err := os.Stat("/usr/sbin/collectd")
	if err != nil {
		t.Skip("collectd is not installed: apt-get install collectd-core")
	}
	dir, at := t.TempDir(), processtest.Free(t, processtest.Loopback)
	put(t, fmt.Sprintf(collectdConf, dir, at.Port), dir, "collectd.conf")
	server := &processtest.Server{Dir: dir, Args: []string{"/usr/sbin/" + binary.Name(), "-f", "-C", filepath.Join(dir, "collectd.conf")}}
	server.Start(t)
	s := &StatsD{Address: at.String(), Prefix: "slipway"}
	plan, notices := notifytest.Plan("R-7"), notifytest.Notices()
	m := notify.Compose(plan, notices[len(notices)-1])
	// UDP tells nobody when the other side has begun to listen.
	processtest.Until(t, func() error {
		if _, err := s.Send(t.Context(), m, &notify.Memory{}); err != nil {
			return err
		}
		return counted(dir, map[string]string{
			"derive-slipway.production.checkout.events.completed": "", "gauge-slipway.production.checkout.hosts.updated": "12.0",
		})
	})
}

// counted fails while collectd has not written the values.
func counted(dir string, want map[string]string) error {
	for name, value := range want {
		files, err := filepath.Glob(filepath.Join(dir, "csv", "here", "statsd", name+"-*"))
		if err != nil || len(files) == 0 {
			return fmt.Errorf("no %s", name)
		}
		text, err := os.ReadFile(files[0])
		if err != nil {
			return err
		}
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		if _, last, _ := strings.Cut(lines[len(lines)-1], ","); len(lines) < 2 || !strings.HasPrefix(last, value) {
			return fmt.Errorf("%s is %s", name, last)
		}
	}
	return nil
}
