package matrix

import "strings"

// Tarballs are the cases of a service that is a tar.gz.
func Tarballs() []Row {
	const edit = "echo 'by hand' >>/etc/checkout/a.conf"
	rows := []Row{
		{ID: "quiet", Changed: "nothing", Fails: "nothing"},
		{ID: "edited-between", Changed: "configuration edited after the deploy", Fails: "nothing", Before: edit, Between: "sed -i s/hand/foot/ /etc/checkout/a.conf"},
		{ID: "deleted-between", Changed: "configuration deleted after the deploy", Fails: "nothing", Between: "rm -r /etc/checkout"},
		{ID: "added-between", Changed: "configuration added after the deploy", Fails: "nothing", Between: "mkdir /etc/checkout/conf.d; echo x >/etc/checkout/conf.d/x"},
		{ID: "mode-between", Changed: "owner and mode of configuration changed after the deploy", Fails: "nothing", Between: "chown root:adm /etc/checkout/a.conf; chmod 0600 /etc/checkout/a.conf; chmod 0700 /etc/checkout"},
		{ID: "symlink", Changed: "configuration that is a link, replaced by a file after the deploy", Fails: "nothing",
			Before: "mkdir /etc/site; mv /etc/checkout/a.conf /etc/site/; ln -s ../site/a.conf /etc/checkout/a.conf", Between: "cp --remove-destination /etc/site/a.conf /etc/checkout/a.conf; echo changed >>/etc/checkout/a.conf"},
		{ID: "migrates", Changed: "the new version rewrites configuration, shared/ and data as it starts", Fails: "nothing", New: "1.1.0-migrates", Data: true, Stays: []string{"file /opt/checkout/shared/state"}},
		{ID: "masked-before", Changed: "the unit masked", Fails: "the deploy is refused", Before: "mv /etc/systemd/system/checkout.service /lib/systemd/system/; systemctl daemon-reload; systemctl mask --quiet checkout.service"},
		{ID: "masked-between", Changed: "the unit replaced by a mask after the deploy", Fails: "nothing", Between: "systemctl stop checkout; ln -sf /dev/null /etc/systemd/system/checkout.service; systemctl daemon-reload"},
		{ID: "disabled-before", Changed: "the unit disabled, and running", Fails: "nothing", Before: "systemctl disable --quiet checkout"},
		{ID: "disabled-between", Changed: "the unit disabled and stopped after the deploy", Fails: "nothing", Between: "systemctl disable --quiet --now checkout"},
		{ID: "dropin-between", Changed: "a drop-in added after the deploy", Fails: "nothing", Between: dropIn + "systemctl restart checkout"},
		{ID: "unit-between", Changed: "the unit's file edited after the deploy", Fails: "nothing", Between: "sed -i 's/^\\[Service\\]/[Service]\\nNice=7/' /etc/systemd/system/checkout.service; systemctl daemon-reload; systemctl restart checkout"},
		{ID: "environment", Changed: "the unit's environment file changed after the deploy", Fails: "nothing",
			Before: "echo COLOUR=red >/etc/default/checkout; systemctl restart checkout", Between: "echo COLOUR=blue >/etc/default/checkout; systemctl restart checkout"},
		{ID: "not-restarted", Changed: "the link moved to another release by hand, and not restarted", Fails: "nothing",
			Before: "cp -a /opt/checkout/releases/$(basename $(readlink /opt/checkout/current)) /opt/checkout/releases/0.9.9; sed -i s/1.0.0/0.9.9/ /opt/checkout/releases/0.9.9/release.json; ln -sfn releases/0.9.9 /opt/checkout/current", Stays: []string{"process checkout"}},
		{ID: "stopped", Changed: "the service stopped", Fails: "nothing", Before: "systemctl stop checkout"},
		{ID: "broken", Changed: "configuration edited by hand", Fails: "the new version does not start", New: "1.1.0-broken", Before: edit},
		{ID: "unhealthy", Changed: "nothing", Fails: "the new version is never healthy", New: "1.1.0-unhealthy"},
		{ID: "killed-update", Changed: "nothing", Fails: "the tool is killed during the update", New: "1.1.0-slow", Fault: CutUpdate},
		{ID: "killed-back", Changed: "nothing", Fails: "the tool is killed on the way back", New: "1.1.0-lingers", Fault: CutBack},
		{ID: "power-update", Changed: "configuration edited by hand", Fails: "the power goes during the update", New: "1.1.0-slow", Fault: PowerUpdate, Before: edit},
		{ID: "power-back", Changed: "configuration edited after the deploy", Fails: "the power goes on the way back", New: "1.1.0-lingers", Fault: PowerBack, Between: edit},
		{ID: "full-update", Changed: "nothing", Fails: "the disk is full before the update", Fault: FullUpdate, Before: ownSpare},
		{ID: "full-back", Changed: "configuration deleted after the deploy", Fails: "the disk is full on the way back, and stays full", Between: "rm /etc/checkout/a.conf", Fault: FullBack, Before: ownSpare},
		{ID: "read-only", Changed: "configuration edited after the deploy", Fails: "the configuration directory can no longer be written to", Between: edit + "; " + readOnly},
		{ID: "release-gone", Changed: "nothing", Fails: "the old release's directory is removed by hand", Between: oldRelease + "rm -r $PWD"},
		{ID: "release-lost", Changed: "nothing", Fails: "the old release's directory is removed by hand, and nobody has the release", Between: oldRelease + "rm -r $PWD", Lost: true},
		{ID: "release-damaged", Changed: "nothing", Fails: "the old release loses its program", Between: oldRelease + "rm bin/checkout"},
		{ID: "release-altered", Changed: "nothing", Fails: "the old release is altered, and still starts", Between: oldRelease + "echo ' ' >>release.json"},
		{ID: "current-directory", Changed: "nothing", Fails: "the link current is replaced by a directory", Stays: []string{"file /opt/checkout/current.before-"}, Between: "cp -aL /opt/checkout/current /opt/checkout/copy; rm /opt/checkout/current; mv /opt/checkout/copy /opt/checkout/current"},
		{ID: "first", Changed: "the service was not deployed", Fails: "nothing", Base: Bare},
		{ID: "first-fails", Changed: "the service was not deployed", Fails: "the new version does not start", Base: Bare, New: "1.1.0-broken"},
		{ID: "two", Changed: "configuration edited after the first deploy", Fails: "nothing; two rollouts, and back to before the first", Then: "1.2.0", Between: edit},
		{ID: "rehearsal", Changed: "nothing", Fails: "nothing; updated, taken back, updated and taken back", New: "1.1.0-migrates", Twice: true, Data: true, Stays: []string{"file /opt/checkout/shared/state"}},
		{ID: "data", Changed: "the service writes data after the deploy", Fails: "nothing", Data: true, Between: "echo two >>/var/lib/checkout/data"},
	}
	for i := range rows {
		if strings.HasPrefix(rows[i].ID, "release-") {
			rows[i].Before = ownDisk + rows[i].Before
		}
		rows[i].Format = "tar.gz"
		rows[i].ID = "tar-" + rows[i].ID
	}
	return rows
}

// ownDisk makes releases the host's own: the kernel does not rename a directory that
// comes from a layer.
const ownDisk = "cp -a /opt/checkout /opt/copy; rm -r /opt/checkout; mv /opt/copy /opt/checkout; systemctl restart checkout; "

// oldRelease goes to the directory of the oldest release.
const oldRelease = "cd /opt/checkout/releases/$(ls /opt/checkout/releases | sort | head -n 1); "
