package matrix

// Debs are the cases of a service that is a .deb.
func Debs() []Row {
	rows := []Row{
		{ID: "quiet", Changed: "nothing", Fails: "nothing; the new version changes no configuration", New: "1.0.1+quiet"},
		{ID: "conffiles", Changed: "nothing", Fails: "nothing; the new version changes, brings and drops conffiles"},
		{ID: "edited-before", Changed: "a conffile edited by hand", Fails: "nothing", Before: "echo 'by hand' >>/etc/checkout/a.conf"},
		{ID: "edited-between", Changed: "a conffile edited after the deploy", Fails: "nothing", Between: "echo 'too late' >>/etc/checkout/a.conf"},
		{ID: "edited-both", Changed: "a conffile edited before, and again after the deploy", Fails: "nothing",
			Before: "echo 'by hand' >>/etc/checkout/a.conf", Between: "sed -i s/hand/foot/ /etc/checkout/a.conf"},
		{ID: "deleted-before", Changed: "a conffile deleted", Fails: "nothing", Before: "rm /etc/checkout/a.conf"},
		{ID: "deleted-between", Changed: "a conffile deleted after the deploy", Fails: "nothing", Between: "rm /etc/checkout/a.conf /etc/checkout/gone.conf"},
		{ID: "dir-added", Changed: "files added to the configuration directory after the deploy", Fails: "nothing",
			Between: "mkdir /etc/checkout/conf.d; echo x >/etc/checkout/conf.d/x; echo y >/etc/checkout/y"},
		{ID: "dir-removed", Changed: "files of the configuration directory, not of the package, removed after the deploy", Fails: "nothing",
			Before: "mkdir /etc/checkout/conf.d; echo x >/etc/checkout/conf.d/x", Between: "rm -r /etc/checkout/conf.d"},
		{ID: "mode", Changed: "owner and mode of conffiles set by hand", Fails: "nothing",
			Before: "chown daemon:adm /etc/checkout/a.conf /etc/checkout; chmod 0640 /etc/checkout/a.conf; chmod 2750 /etc/checkout"},
		{ID: "mode-between", Changed: "owner and mode changed after the deploy", Fails: "nothing",
			Between: "chown daemon:adm /etc/checkout/a.conf /etc/checkout; chmod 0640 /etc/checkout/a.conf; chmod 0700 /etc/checkout"},
		{ID: "xattr", Changed: "an extended attribute of a conffile", Fails: "nothing",
			Before: `python3 -c "import os; os.setxattr('/etc/checkout/a.conf', 'user.note', b'kept')"`},
		{ID: "symlink", Changed: "a conffile that is a link to a file elsewhere", Fails: "nothing",
			Before: "mkdir -p /etc/site; mv /etc/checkout/a.conf /etc/site/a.conf; echo site >>/etc/site/a.conf; ln -s ../site/a.conf /etc/checkout/a.conf"},
		{ID: "overridden", Changed: "a mode set with dpkg-statoverride", Fails: "nothing", Before: "dpkg-statoverride --update --add root daemon 0750 /usr/share/checkout/banner"},
		{ID: "patched", Changed: "a file of the package that is no configuration, edited by hand", Fails: "nothing",
			Before: "echo patched >>/usr/share/checkout/banner", Stays: []string{"file /usr/share/checkout/banner"}},
		{ID: "masked-before", Changed: "the unit masked", Fails: "the deploy is refused", Before: "systemctl mask --quiet checkout.service"},
		{ID: "masked-between", Changed: "the unit masked after the deploy", Fails: "nothing", Between: "systemctl mask --quiet --now checkout.service"},
		{ID: "disabled-before", Changed: "the unit disabled, and running", Fails: "nothing", Before: "systemctl disable --quiet checkout.service"},
		{ID: "disabled-between", Changed: "the unit disabled and stopped after the deploy", Fails: "nothing", Between: "systemctl disable --quiet --now checkout.service"},
		{ID: "dropin-before", Changed: "a drop-in, removed after the deploy", Fails: "nothing",
			Before: dropIn + "systemctl restart checkout", Between: "rm -r /etc/systemd/system/checkout.service.d; systemctl daemon-reload"},
		{ID: "dropin-between", Changed: "a drop-in added after the deploy", Fails: "nothing", Between: dropIn + "systemctl restart checkout"},
		{ID: "environment", Changed: "the unit's environment file, changed after the deploy", Fails: "nothing",
			Before: "echo COLOUR=red >/etc/default/checkout; systemctl restart checkout", Between: "echo COLOUR=blue >/etc/default/checkout; systemctl restart checkout"},
		{ID: "held", Changed: "the package on hold", Fails: "nothing", Before: "apt-mark -qq hold checkout"},
		{ID: "automatic", Changed: "the package marked as installed automatically", Fails: "nothing", Before: "apt-mark -qq auto checkout"},
		{ID: "not-restarted", Changed: "another version installed and not restarted", Fails: "nothing",
			Before: "apt-get install -y -qq checkout=1.0.1 >/dev/null", Stays: []string{"process checkout"}},
		{ID: "stopped", Changed: "the service stopped", Fails: "nothing", Before: "systemctl stop checkout"},
		{ID: "depends", Changed: "nothing", Fails: "nothing; the new version brings a package and upgrades another",
			Before: "apt-get install -y -qq --allow-downgrades checkout=1.0.0+needs checkout-lib=1.0 >/dev/null", New: "1.1.0+needs"},
		{ID: "timer", Changed: "nothing", Fails: "nothing; the new version brings a timer and enables it", New: "1.1.0+timer"},
		{ID: "user", Changed: "nothing", Fails: "nothing; the new version makes a system user", New: "1.1.0+user",
			Stays: []string{"file /etc/passwd", "file /etc/group", "file /etc/shadow", "file /etc/gshadow", "file /etc/subuid", "file /etc/subgid"}},
	}
	rows = append(rows, debFaults()...)
	for i := range rows {
		rows[i].Format = "deb"
		rows[i].ID = "deb-" + rows[i].ID
	}
	return rows
}

const dropIn = "mkdir -p /etc/systemd/system/checkout.service.d; printf '[Service]\\nNice=5\\n' >/etc/systemd/system/checkout.service.d/nice.conf; systemctl daemon-reload; "

// ownSpare makes the room that the helper keeps for the way back room of the host's own
// disk: taking a file of a layer away gives none back.
const ownSpare = "cd /var/lib/slipway/checkout 2>/dev/null || exit 0; if [ -e spare ]; then cp --sparse=never spare copy; rm spare; mv copy spare; fi"

// readOnly makes the configuration directory one that nobody can write to.
const readOnly = "mount --bind /etc/checkout /etc/checkout; mount -o remount,bind,ro /etc/checkout"

// vanish takes the version of the beginning out of the archive and apt's cache.
const vanish = "rm -f /srv/archive/checkout_*.deb /var/cache/apt/archives/*.deb; : >/srv/archive/Packages; apt-get update -qq"

func debFaults() []Row {
	const hard = "apt-get install -y -qq --allow-downgrades checkout=1.0.0+hard >/dev/null"
	return []Row{
		{ID: "dpkg-killed", Changed: "nothing", Fails: "dpkg is killed while it installs", New: "1.1.0+waits", Fault: DpkgUpdate},
		{ID: "postinst", Changed: "nothing", Fails: "postinst of the new version", New: "1.1.0+postinst"},
		{ID: "prerm", Changed: "nothing", Fails: "prerm of the new version, on the way down", New: "1.1.0+prerm"},
		{ID: "postrm", Changed: "nothing", Fails: "postrm of the new version, on the way down", New: "1.1.0+postrm"},
		{ID: "all-scripts", Changed: "a conffile edited by hand", Fails: "postinst, prerm and postrm of the new version", New: "1.1.0+all", Before: "echo 'by hand' >>/etc/checkout/a.conf"},
		{ID: "old-postinst", Changed: "nothing", Fails: "postinst of the old version, after a downgrade", Before: hard},
		{ID: "broken", Changed: "a conffile edited by hand", Fails: "the new version does not start", New: "1.1.0+broken", Before: "echo 'by hand' >>/etc/checkout/a.conf"},
		{ID: "unhealthy", Changed: "nothing", Fails: "the new version is never healthy", New: "1.1.0+unhealthy"},
		{ID: "vanished", Changed: "nothing", Fails: "the old version vanishes from the archive and apt's cache", Between: vanish},
		{ID: "vanished-before", Changed: "the version was installed by hand and has vanished from the archive", Fails: "nobody has it any more", Base: ByHand, Before: vanish, Lost: true},
		{ID: "power-update", Changed: "a conffile edited by hand", Fails: "the power goes during the update", New: "1.1.0+waits", Fault: PowerUpdate, Before: "echo 'by hand' >>/etc/checkout/a.conf"},
		{ID: "power-back", Changed: "a conffile edited by hand", Fails: "the power goes on the way back", New: "1.1.0+lingers", Fault: PowerBack, Before: "echo 'by hand' >>/etc/checkout/a.conf"},
		{ID: "full-update", Changed: "nothing", Fails: "the disk is full before the update", Fault: FullUpdate, Before: ownSpare},
		{ID: "full-back", Changed: "nothing", Fails: "the disk is full on the way back, and stays full", Fault: FullBack, Before: ownSpare},
		{ID: "full-fixed", Changed: "nothing", Fails: "the disk is full on the way back, until somebody makes room", Fault: FullLaterFix, Before: ownSpare},
		{ID: "killed-update", Changed: "nothing", Fails: "the tool is killed during the update", New: "1.1.0+waits", Fault: CutUpdate},
		{ID: "killed-back", Changed: "nothing", Fails: "the tool is killed on the way back", New: "1.1.0+lingers", Fault: CutBack},
		{ID: "read-only", Changed: "a conffile edited by hand", Fails: "the configuration directory can no longer be written to", New: "1.1.0", Before: "echo 'by hand' >>/etc/checkout/a.conf", Between: "rm /etc/checkout/a.conf; " + readOnly},
		{ID: "locked", Changed: "nothing", Fails: "another apt-get holds dpkg's lock on the way back", Fault: LockedBack},
		{ID: "upgraded", Changed: "an operator's apt-get upgrade after the deploy", Fails: "nothing", Between: "apt-get upgrade -y -qq -o Dpkg::Options::=--force-confold >/dev/null"},
		{ID: "upgrade-after", Changed: "nothing", Fails: "apt-get upgrade after going back", After: "apt-get upgrade -y -qq -o Dpkg::Options::=--force-confold >/dev/null"},
		{ID: "unattended", Changed: "needrestart and unattended-upgrades on the host", Fails: "unattended-upgrades runs after going back", Base: Debian,
			Before: unattended, After: "unattended-upgrade"},
		{ID: "removed", Changed: "an operator removes the package after the deploy", Fails: "nothing", Between: "apt-get remove -y -qq checkout >/dev/null"},
		{ID: "purged", Changed: "an operator purges the package after the deploy", Fails: "nothing", Between: "apt-get purge -y -qq checkout >/dev/null"},
		{ID: "first", Changed: "the service was not installed", Fails: "nothing", Base: Bare},
		{ID: "first-data", Changed: "the service was not installed; it has declared data", Fails: "nothing", Base: Bare, Data: true, Stays: []string{"package checkout status"},
			Between: "mkdir -p /var/lib/checkout; echo order >/var/lib/checkout/data"},
		{ID: "first-fails", Changed: "the service was not installed", Fails: "postinst of the new version", Base: Bare, New: "1.1.0+all"},
		{ID: "two", Changed: "a conffile edited by hand", Fails: "nothing; two rollouts, and back to before the first", Then: "1.2.0", Before: "echo 'by hand' >>/etc/checkout/a.conf"},
		{ID: "rehearsal", Changed: "a conffile edited by hand", Fails: "nothing; updated, taken back, updated and taken back", Twice: true, Before: "echo 'by hand' >>/etc/checkout/a.conf"},
		{ID: "data", Changed: "the service writes data after the deploy", Fails: "nothing", Data: true,
			Before: "mkdir -p /var/lib/checkout; echo one >/var/lib/checkout/data", Between: "echo two >>/var/lib/checkout/data"},
	}
}

// installed installs the version of the beginning where the base has none.
const installed = "apt-get install -y -qq checkout=1.0.0 >/dev/null; "

// unattended lets unattended-upgrades take packages from wherever they are.
const unattended = installed + `echo 'Unattended-Upgrade::Origins-Pattern { "origin=*"; };' >/etc/apt/apt.conf.d/60lab`
