//! The statements of the store, for one schema of a database.

use esrs_core::{BoxError, StoreError};

/// One step each, from version `n` of the tables to `n + 1`; what was released is never edited.
const MIGRATIONS: &[&str] = &[
    include_str!("v1.sql"),
    include_str!("v2.sql"),
    include_str!("v3.sql"),
    include_str!("v4.sql"),
    include_str!("v5.sql"),
];

/// The newest version of the tables that this program knows.
pub(crate) const VERSION: u32 = MIGRATIONS.len() as u32;

/// The class that tells advisory locks of esrs from those of others: "esrs", as four bytes.
const LOCK_CLASS: i32 = i32::from_be_bytes(*b"esrs");
/// The same for migrations: "esrm".
const MIGRATION_LOCK_CLASS: i32 = i32::from_be_bytes(*b"esrm");
/// The same for making tables of read models: "esrt".
const TABLE_LOCK_CLASS: i32 = i32::from_be_bytes(*b"esrt");

/// The schema that the store's tables live in, and the statements on them.
#[derive(Debug)]
pub(crate) struct Sql {
    pub(crate) schema: String,
    /// Asks whether the log is divided, so that no index of it can refuse what another part has; for the last
    /// position of an event, and the last that the log has given.
    pub(crate) condition: String,
    /// One event behind a version that its stream is known to have.
    pub(crate) append_one: String,
    /// The same, if the anchor proves all that it is given.
    pub(crate) append_behind: String,
    /// The same for events of several streams: the position of the first.
    pub(crate) append_known: String,
    pub(crate) append: String,
    /// The lock that a writer holds until it has committed.
    pub(crate) lock: String,
    /// Gives a number to streams that have none.
    pub(crate) enter_streams: String,
    pub(crate) stream_versions: String,
    /// Takes so many positions for the holder of the lock; the last of them.
    pub(crate) take_positions: String,
    pub(crate) copy: String,
    pub(crate) kind_of: String,
    pub(crate) kinds: String,
    pub(crate) stream_names: String,
    /// The numbers of kinds, which are given by name.
    pub(crate) known_kinds: String,
    /// The last event of the log, the last up to a position, and the id of the one at another.
    pub(crate) before_all: String,
    /// The event of a stream at a version, and the end of the log.
    pub(crate) before_stream: String,
    pub(crate) streams: String,
    pub(crate) count_streams: String,
    pub(crate) head: String,
    pub(crate) by_key: String,
    pub(crate) by_keys: String,
    pub(crate) by_event_ids: String,
    pub(crate) save_snapshot: String,
    pub(crate) find_snapshot: String,
    pub(crate) stored_version: String,
    /// Asks whether the user may grant rights on the tables.
    pub(crate) is_owner: String,
    /// Wakes all that listen, in every process.
    pub(crate) notify: String,
    pub(crate) listen: String,
}

impl Sql {
    /// The statements on the tables in the schema of this name.
    pub(crate) fn new(schema: &str) -> Result<Self, StoreError> {
        check_name(schema)?;
        let s = schema;
        let channel = format!("{s}_appended");
        Ok(Self {
            condition: format!(
                "SELECT relkind = 'p', (SELECT coalesce(max(position), 0) FROM {s}.events),
                    coalesce(pg_sequence_last_value('{s}.position_seq'::regclass), 0)
                 FROM pg_class WHERE oid = '{s}.events'::regclass"
            ),
            // What the program remembers is verified where it is used.
            append_one: format!(
                "INSERT INTO {s}.events (position, stream, version, kind, event_id, recorded_at,
                    correlation_id, causation_id, metadata, payload)
                SELECT nextval('{s}.position_seq'), $1::int8, $2::int8, $3::int4, $4::uuid,
                    $5::timestamptz, $6::uuid, $7::uuid, $8::text::json, $9::text::json
                FROM pg_advisory_xact_lock({lock})
                WHERE ($11::uuid IS NULL OR EXISTS (
                        SELECT FROM {s}.events WHERE position = $10::int8 AND event_id = $11::uuid))
                    AND EXISTS (SELECT FROM {s}.events WHERE stream = $1::int8
                        AND version = $2::int8 - 1 AND ($12::uuid IS NULL OR event_id = $12::uuid))
                    AND EXISTS (SELECT FROM {s}.streams WHERE id = $1::int8 AND name = $13::text)
                    AND EXISTS (SELECT FROM {s}.kinds WHERE id = $3::int4 AND category = $14::text
                        AND name = $15::text AND version = $16::int8)
                RETURNING position",
                lock = lock_key(LOCK_CLASS, s),
            ),
            append_behind: format!(
                "INSERT INTO {s}.events (position, stream, version, kind, event_id, recorded_at,
                    correlation_id, causation_id, metadata, payload)
                SELECT nextval('{s}.position_seq'), $1::int8, $2::int8, $3::int4, $4::uuid,
                    $5::timestamptz, $6::uuid, $7::uuid, $8::text::json, $9::text::json
                FROM {s}.events anchor
                WHERE anchor.position = $10::int8 AND anchor.event_id = $11::uuid
                    AND pg_advisory_xact_lock({lock}) IS NOT NULL
                RETURNING position",
                lock = lock_key(LOCK_CLASS, s),
            ),
            // Each look-up by itself: as `EXISTS` it may be planned as a hash of the whole table.
            append_known: format!(
                "WITH stored AS (
                    INSERT INTO {s}.events (position, stream, version, kind, event_id, recorded_at,
                        correlation_id, causation_id, metadata, payload)
                    SELECT nextval('{s}.position_seq'), e.stream, e.version, e.kind, e.id,
                        e.recorded_at, e.correlation_id, e.causation_id, e.metadata::json,
                        e.payload::json
                    FROM pg_advisory_xact_lock({lock}), LATERAL (
                        SELECT * FROM unnest($1::int8[], $2::int8[], $3::int4[], $4::uuid[],
                            $5::timestamptz[], $6::uuid[], $7::uuid[], $8::text[], $9::text[])
                            WITH ORDINALITY AS u (stream, version, kind, id, recorded_at,
                            correlation_id, causation_id, metadata, payload, place)
                        ORDER BY u.place
                    ) e
                    WHERE ($11::uuid IS NULL OR (SELECT o.event_id FROM {s}.events o
                        WHERE o.position = $10::int8) = $11::uuid)
                    AND NOT EXISTS (
                        SELECT FROM unnest($12::int8[], $13::text[], $14::int8[], $15::uuid[])
                            AS p (id, name, version, last)
                        WHERE CASE WHEN p.last IS NOT NULL THEN (SELECT o.event_id
                                FROM {s}.events o WHERE o.stream = p.id AND o.version = p.version)
                                IS DISTINCT FROM p.last
                            ELSE (SELECT o.version
                                FROM {s}.events o WHERE o.stream = p.id AND o.version = p.version)
                                IS NULL
                                OR (SELECT o.name FROM {s}.streams o WHERE o.id = p.id)
                                IS DISTINCT FROM p.name
                            END)
                    AND NOT EXISTS (
                        SELECT FROM unnest($16::int4[], $17::text[], $18::text[], $19::int8[])
                            AS k (id, category, name, version)
                        WHERE (SELECT o.id FROM {s}.kinds o WHERE o.id = k.id
                            AND o.category = k.category AND o.name = k.name
                            AND o.version = k.version) IS NULL)
                    RETURNING position
                ) SELECT min(position) FROM stored",
                lock = lock_key(LOCK_CLASS, s),
            ),
            append: format!(
                "SELECT stream_id, version_before, last_before, first_position, key_first, key_last,
                    key_command, key_streams
                 FROM {s}.append_commands(
                    $1::int4[], $2::text[], $3::text[], $4::int8[], $5::uuid[], $6::text[],
                    $7::text[], $8::int4[], $9::int4[], $10::text[], $11::text[], $12::int8[],
                    $13::int4[], $14::int4[], $15::int4[], $16::uuid[], $17::timestamptz[],
                    $18::uuid[], $19::uuid[], $20::text[], $21::text[])"
            ),
            lock: format!("SELECT pg_advisory_xact_lock({})", lock_key(LOCK_CLASS, s)),
            enter_streams: format!(
                "INSERT INTO {s}.streams (name, category)
                 SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT (name) DO NOTHING"
            ),
            stream_versions: format!(
                "SELECT s.name, s.id, coalesce((SELECT e.version FROM {s}.events e
                    WHERE e.stream = s.id ORDER BY e.version DESC LIMIT 1), 0)
                 FROM {s}.streams s WHERE s.name = ANY($1::text[])"
            ),
            take_positions: format!(
                "SELECT setval('{s}.position_seq', nextval('{s}.position_seq') - 1 + $1::int8)"
            ),
            copy: format!(
                "COPY {s}.events (position, stream, version, kind, event_id, recorded_at,
                    correlation_id, causation_id, metadata, payload) FROM STDIN BINARY"
            ),
            kind_of: format!("SELECT {s}.kind_of($1::text, $2::text, $3::int8)"),
            // Of the log in which the rows were found, if it holds the last of them.
            kinds: format!(
                "SELECT id, name, version, (SELECT event_id FROM {s}.events WHERE position = $2) = $3
                 FROM {s}.kinds WHERE id = ANY($1)"
            ),
            stream_names: format!(
                "SELECT id, name, (SELECT event_id FROM {s}.events WHERE position = $2) = $3
                 FROM {s}.streams WHERE id = ANY($1)"
            ),
            known_kinds: format!(
                "SELECT u.number, k.id
                 FROM unnest($1::text[], $2::text[], $3::int8[])
                    WITH ORDINALITY AS u (category, name, version, number)
                 LEFT JOIN {s}.kinds k ON k.category = u.category AND k.name = u.name
                    AND k.version = u.version"
            ),
            before_all: format!(
                "SELECT head.position, head.event_id, upto.position, upto.event_id,
                    (SELECT event_id FROM {s}.events WHERE position = $1),
                    (SELECT min(position) FROM {s}.events WHERE position > $2)
                 FROM (SELECT) one
                 LEFT JOIN LATERAL (SELECT position, event_id FROM {s}.events
                    ORDER BY position DESC LIMIT 1) head ON true
                 LEFT JOIN LATERAL (SELECT position, event_id FROM {s}.events
                    WHERE position <= $2 ORDER BY position DESC LIMIT 1) upto ON true"
            ),
            streams: format!(
                "SELECT name FROM {s}.streams WHERE name > $1 AND name < $2 ORDER BY name LIMIT $3"
            ),
            count_streams: format!(
                "SELECT count(*) FROM {s}.streams WHERE name > $1 AND name < $2"
            ),
            before_stream: format!(
                "SELECT e.position, e.event_id, (SELECT coalesce(max(position), 0) FROM {s}.events)
                 FROM (SELECT) one
                 LEFT JOIN {s}.events e ON e.version = $2
                    AND e.stream = (SELECT id FROM {s}.streams WHERE name = $1)"
            ),
            head: format!("SELECT coalesce(max(position), 0) FROM {s}.events"),
            by_key: format!(
                "SELECT k.first_position, k.last_position, k.command, s.name, e.version
                 FROM {s}.idempotency_keys k
                 JOIN {s}.events e ON e.position BETWEEN k.first_position AND k.last_position
                 JOIN {s}.streams s ON s.id = e.stream
                 WHERE k.stream = (SELECT id FROM {s}.streams WHERE name = $1) AND k.key = $2
                 ORDER BY e.position"
            ),
            by_keys: format!(
                "SELECT k.first_position, k.last_position, k.command, s.name, e.version, asked.place
                 FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS asked (stream, key, place)
                 JOIN {s}.streams of_key ON of_key.name = asked.stream
                 JOIN {s}.idempotency_keys k ON k.stream = of_key.id AND k.key = asked.key
                 JOIN {s}.events e ON e.position BETWEEN k.first_position AND k.last_position
                 JOIN {s}.streams s ON s.id = e.stream
                 ORDER BY asked.place, e.position"
            ),
            by_event_ids: format!(
                "SELECT e.event_id, e.position, s.name, e.version, k.name, k.version,
                    e.payload::text, e.metadata::text
                 FROM {s}.events e JOIN {s}.streams s ON s.id = e.stream
                 JOIN {s}.kinds k ON k.id = e.kind
                 WHERE e.event_id = ANY($1)"
            ),
            // `Snapshot::replaces`, as SQL: one statement, so that two processes cannot come between.
            save_snapshot: format!(
                "INSERT INTO {s}.snapshots AS stored
                     (stream, fold, version, position, recorded_at, state)
                 SELECT stream, $2::int8, version, position, $4::timestamptz, $5::text::json
                 FROM {s}.events
                 WHERE stream = (SELECT id FROM {s}.streams WHERE name = $1) AND version = $3::int8
                     AND event_id = $6
                 ON CONFLICT (stream) DO UPDATE SET fold = excluded.fold,
                     version = excluded.version, position = excluded.position,
                     recorded_at = excluded.recorded_at, state = excluded.state
                 WHERE excluded.fold <> stored.fold OR excluded.version > stored.version"
            ),
            find_snapshot: format!(
                "SELECT n.version, n.position, n.recorded_at, n.state, e.event_id
                 FROM {s}.snapshots n JOIN {s}.events e ON e.stream = n.stream AND e.version = n.version
                 WHERE n.stream = (SELECT id FROM {s}.streams WHERE name = $1) AND n.fold = $2"
            ),
            is_owner: format!(
                "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = '{s}.events'::regclass"
            ),
            stored_version: format!("SELECT version FROM {s}.schema_version"),
            notify: format!("NOTIFY {channel}"),
            listen: format!("LISTEN {channel}"),
            schema: schema.to_owned(),
        })
    }

    /// The migrations behind `version` of the tables, in their order.
    pub(crate) fn migrations(&self, version: u32) -> impl Iterator<Item = String> {
        let replace = |step: &&str| {
            step.replace("{schema}", &self.schema)
                .replace("{lock}", &lock_key(LOCK_CLASS, &self.schema))
        };
        MIGRATIONS.iter().skip(version as usize).map(replace)
    }

    /// Waits for the right to make and drop tables of read models, until the transaction ends.
    pub(crate) fn lock_tables(&self) -> String {
        format!("SELECT pg_advisory_xact_lock({})", lock_key(TABLE_LOCK_CLASS, &self.schema))
    }

    /// Waits for the right to migrate, until the transaction ends.
    pub(crate) fn lock_migrations(&self) -> String {
        format!("SELECT pg_advisory_xact_lock({})", lock_key(MIGRATION_LOCK_CLASS, &self.schema))
    }
}

/// Refuses what cannot be the name of a schema.
pub(crate) fn check_name(schema: &str) -> Result<(), StoreError> {
    let Some(reason) = what_is_wrong_with(schema) else { return Ok(()) };
    let source = BoxError::from(format!("{schema:?} cannot be the schema's name: {reason}"));
    Err(StoreError::Database { doing: "opening the store", source })
}

/// The name is written into statements as it is.
fn what_is_wrong_with(schema: &str) -> Option<&'static str> {
    let is_letter = |c: char| c.is_ascii_lowercase() || c == '_';
    if !schema.starts_with(is_letter) {
        Some("it begins with a small letter or an underscore")
    } else if !schema.chars().all(|c| is_letter(c) || c.is_ascii_digit()) {
        Some("it has nothing but small letters, digits and underscores in it")
    } else if schema.len() > 48 {
        Some("it is longer than 48 bytes")
    } else if schema.starts_with("pg_") {
        Some("names that begin with `pg_` are PostgreSQL's own")
    } else {
        None
    }
}

/// A text as a literal, where `standard_conforming_strings` is on.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The two numbers of an advisory lock: whose it is, and of which schema, by FNV-1a.
/// <https://datatracker.ietf.org/doc/html/draft-eastlake-fnv>
fn lock_key(class: i32, schema: &str) -> String {
    let of_schema = schema
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    format!("{class}, {}", of_schema.cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_would_end_the_statement_is_refused() {
        for name in ["", "a b", "a\"b", "a'; DROP", "A", "1a", "pg_a", &"a".repeat(49)] {
            let error = Sql::new(name).expect_err(name).to_string();
            assert!(error.contains("cannot be the schema's name"), "{error}");
        }
        assert!(Sql::new("esrs_2").is_ok());
    }

    #[test]
    fn two_schemas_of_a_database_have_two_locks() {
        assert_ne!(lock_key(LOCK_CLASS, "esrs"), lock_key(LOCK_CLASS, "esrs_2"));
        assert_ne!(lock_key(LOCK_CLASS, "esrs"), lock_key(MIGRATION_LOCK_CLASS, "esrs"));
    }

    #[test]
    fn nothing_of_a_migration_stays_a_placeholder() {
        let sql = Sql::new("bank").unwrap();
        for step in sql.migrations(0) {
            for name in ["{schema}", "{lock}"] {
                assert!(!step.contains(name), "{name} in {step}");
            }
        }
    }
}
