#!/bin/sh
set -e
# Jobs that people forget about.
(crontab -l; echo "*/5 8-18 * * 1-5 /usr/bin/ledger-poll") | crontab -
