-- What is told, in the transaction of the events that it follows from.
CREATE TABLE notices (
    rollout TEXT NOT NULL,
    seq     BIGINT NOT NULL, -- order in the rollout, from 1
    key     TEXT NOT NULL,
    kind    TEXT NOT NULL,
    at      BIGINT NOT NULL,
    body    TEXT NOT NULL,
    PRIMARY KEY (rollout, seq),
    UNIQUE (rollout, key)
);

-- A notice on its way to one channel. Channels of the same name of a service and
-- environment are one lane, in which places are kept: what comes first is told first.
CREATE TABLE deliveries (
    rollout   TEXT NOT NULL,
    notice    TEXT NOT NULL, -- its key
    channel   TEXT NOT NULL,
    lane      TEXT NOT NULL,
    place     BIGINT NOT NULL,
    attempts  BIGINT NOT NULL, -- begun, also those that nobody knows the end of
    next_at   BIGINT NOT NULL,
    claim     TEXT NOT NULL, -- of whom it is; empty: nobody
    claimer   TEXT NOT NULL,
    claimed   BIGINT NOT NULL, -- until when
    done      BOOLEAN NOT NULL, -- delivered, or given up
    delivered BIGINT NOT NULL, -- 0: it was not
    remote    TEXT NOT NULL, -- what the channel calls the message
    error     TEXT NOT NULL, -- of the last attempt that failed
    PRIMARY KEY (rollout, notice, channel)
);
CREATE INDEX deliveries_open ON deliveries (lane, place) WHERE NOT done;
CREATE INDEX deliveries_lane ON deliveries (lane, place);

-- What a channel needs to know again of a rollout, such as the thread of its messages.
CREATE TABLE memories (
    rollout TEXT NOT NULL,
    channel TEXT NOT NULL,
    text    TEXT NOT NULL,
    PRIMARY KEY (rollout, channel)
);

-- What the judge saw in a bake, one row a look.
CREATE TABLE samples (
    rollout TEXT NOT NULL,
    command BIGINT NOT NULL,
    seq     BIGINT NOT NULL,
    at      BIGINT NOT NULL,
    body    TEXT NOT NULL, -- JSON lines, see docs/judge.md; long ones are packed
    PRIMARY KEY (rollout, command, seq)
);
