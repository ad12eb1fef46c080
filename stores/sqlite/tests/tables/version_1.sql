-- A file as the first release of the tables left it: two streams, three events, a read model.
PRAGMA journal_mode = WAL;
CREATE TABLE esrs_schema (version INTEGER NOT NULL) STRICT;
INSERT INTO esrs_schema VALUES (1);

CREATE TABLE esrs_kinds (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    UNIQUE (name, version)
) STRICT;

CREATE TABLE esrs_streams (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    category TEXT NOT NULL
) STRICT;

CREATE TABLE esrs_events (
    position INTEGER PRIMARY KEY,
    stream INTEGER NOT NULL REFERENCES esrs_streams (id),
    version INTEGER NOT NULL,
    kind INTEGER NOT NULL REFERENCES esrs_kinds (id),
    event_id BLOB NOT NULL UNIQUE,
    recorded_at INTEGER NOT NULL,
    correlation_id BLOB,
    causation_id BLOB,
    actor TEXT,
    metadata TEXT,
    payload TEXT NOT NULL,
    UNIQUE (stream, version)
) STRICT;

CREATE TRIGGER esrs_events_are_never_updated BEFORE UPDATE ON esrs_events
BEGIN SELECT RAISE(ABORT, 'an event that is stored is never changed'); END;

CREATE TRIGGER esrs_events_are_never_deleted BEFORE DELETE ON esrs_events
BEGIN SELECT RAISE(ABORT, 'an event that is stored is never deleted'); END;

CREATE TABLE esrs_idempotency_keys (
    stream INTEGER NOT NULL REFERENCES esrs_streams (id),
    key TEXT NOT NULL,
    first_position INTEGER NOT NULL,
    last_position INTEGER NOT NULL,
    PRIMARY KEY (stream, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE esrs_projections (
    name TEXT NOT NULL COLLATE NOCASE PRIMARY KEY,
    definition TEXT NOT NULL,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO esrs_kinds VALUES (1, 'opened', 1), (2, 'deposited', 1);
INSERT INTO esrs_streams VALUES (1, 'account-1', 'account'), (2, 'account-2', 'account');
INSERT INTO esrs_events VALUES
    (1, 1, 1, 1, x'01890000000070008000000000000001', 1769860800123456, NULL, NULL, 'alice', NULL, '1'),
    (2, 1, 2, 2, x'01890000000070008000000000000002', 1769860800123456, NULL, NULL, 'alice', '{"ticket":"a-7"}', '2'),
    (3, 2, 1, 1, x'01890000000070008000000000000003', 1769860800123456, NULL, NULL, NULL, NULL, '3');
INSERT INTO esrs_idempotency_keys VALUES (1, 'first', 1, 2);
