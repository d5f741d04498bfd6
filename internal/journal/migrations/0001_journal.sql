-- Times are microseconds since 1970 in UTC, documents are JSON in text: both mean the
-- same in SQLite and in PostgreSQL.

CREATE TABLE rollouts (
    id          TEXT PRIMARY KEY,
    service     TEXT NOT NULL,
    environment TEXT NOT NULL,
    version     TEXT NOT NULL,
    made_by     TEXT NOT NULL,
    plan        TEXT NOT NULL,
    head        TEXT NOT NULL,
    phase       TEXT NOT NULL,
    ended       BOOLEAN NOT NULL,
    seq         BIGINT NOT NULL, -- of the last event
    created     BIGINT NOT NULL,
    changed     BIGINT NOT NULL
);

-- One rollout at a time for a service and environment, whoever asks.
CREATE UNIQUE INDEX rollouts_active ON rollouts (service, environment) WHERE NOT ended;
CREATE INDEX rollouts_created ON rollouts (created);

CREATE TABLE hosts (
    rollout TEXT NOT NULL,
    idx     BIGINT NOT NULL, -- in the plan
    state   TEXT NOT NULL,
    PRIMARY KEY (rollout, idx)
);

CREATE TABLE events (
    rollout TEXT NOT NULL,
    seq     BIGINT NOT NULL,
    key     TEXT, -- NULL for requests, which may come twice
    kind    TEXT NOT NULL,
    at      BIGINT NOT NULL,
    event   TEXT NOT NULL,
    PRIMARY KEY (rollout, seq),
    UNIQUE (rollout, key)
);

CREATE TABLE commands (
    rollout TEXT NOT NULL,
    id      BIGINT NOT NULL,
    command TEXT NOT NULL,
    done    BOOLEAN NOT NULL,
    PRIMARY KEY (rollout, id)
);

-- A row is never deleted: its token only grows.
CREATE TABLE leases (
    service     TEXT NOT NULL,
    environment TEXT NOT NULL,
    token       BIGINT NOT NULL,
    rollout     TEXT NOT NULL,
    owner       TEXT NOT NULL,
    expires     BIGINT NOT NULL, -- 0: released
    PRIMARY KEY (service, environment)
);
