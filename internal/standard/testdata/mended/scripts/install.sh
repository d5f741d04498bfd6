#!/bin/sh
set -e
systemctl enable --now ledger-poll.timer
