# nightly work
PATH=/usr/local/bin:/usr/bin:/bin
MAILTO=ops@example.com
17 3 1,15 * 5	ledger	/usr/bin/ledger-close --day "$(date +\%F)" 2>&1 | logger -t ledger
