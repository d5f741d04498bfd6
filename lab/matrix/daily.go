package matrix

import "slices"

// Daily tells whether a case is among those that every run does: the ones that fail in
// a way of their own. The others are variations, and wait for a long run.
func (r Row) Daily() bool {
	return slices.Contains([]string{
		"deb-conffiles", "deb-edited-between", "deb-deleted-between", "deb-dir-added", "deb-mode", "deb-xattr", "deb-masked-before", "deb-masked-between",
		"deb-disabled-between", "deb-dropin-between", "deb-environment", "deb-held", "deb-not-restarted", "deb-stopped", "deb-depends", "deb-timer",
		"deb-dpkg-killed", "deb-all-scripts", "deb-old-postinst", "deb-vanished", "deb-vanished-before", "deb-power-update", "deb-full-back",
		"deb-killed-back", "deb-read-only", "deb-locked", "deb-upgrade-after", "deb-purged", "deb-first", "deb-two", "deb-rehearsal",
		"tar-edited-between", "tar-deleted-between", "tar-symlink", "tar-migrates", "tar-masked-between", "tar-dropin-between", "tar-not-restarted",
		"tar-broken", "tar-killed-update", "tar-power-update", "tar-full-back", "tar-release-gone", "tar-release-altered", "tar-current-directory", "tar-first", "tar-two",
		"real-redis-server", "real-made-to-fail", "cli-versions", "cli-person",
	}, r.ID)
}
