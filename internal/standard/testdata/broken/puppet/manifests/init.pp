class ledger {
  package { 'ledger':
    ensure => latest,
  }
  cron { 'ledger purge':
    command => '/usr/bin/ledger-purge',
    user    => 'ledger',
    hour    => 2,
    minute  => [0, 30],
  }
}
