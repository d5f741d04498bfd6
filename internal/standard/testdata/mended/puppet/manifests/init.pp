class ledger {
  package { 'ledger':
    ensure => installed,
  }
  service { 'ledger-purge.timer':
    ensure => running,
    enable => true,
  }
  cron { 'ledger purge':
    ensure => absent,
    user   => 'ledger',
  }
}
