//! The statements on the tables of subscriptions.

use crate::connect::PIN_PATH;
use crate::encode::to_i64;
use crate::sql::{Sql, literal};
use esrs_core::read_model::name_hash;

/// The statements, for one schema of a database.
#[derive(Debug)]
pub(crate) struct Statements {
    schema: String,
    /// Moves a checkpoint, in a transaction that `begin` has opened.
    pub(super) advance: String,
    pub(super) advance_fenced: String,
    /// The same, as a transaction of its own.
    pub(super) advance_alone: String,
    pub(super) advance_alone_fenced: String,
    /// Where a subscription stands, and the fence of its lease.
    pub(super) look: String,
    /// Where a subscription stands, and whether its table is there.
    pub(super) stand: String,
    pub(super) lock: String,
    pub(super) stand_locked: String,
    /// Moves nothing, but has the transaction of the step end by itself.
    pub(super) touch: String,
    /// Moves a checkpoint whose row is locked.
    pub(super) move_to: String,
    /// Enters a subscription at a position, in a generation that there was not.
    pub(super) enter: String,
    pub(super) stored: String,
    /// Those of the projections $1, whose tables $2 were read in this transaction, that were not made by
    /// any of the definitions $5 of the names $4, or not from this log; $3 are definitions of theirs.
    pub(super) unusable: String,
    /// The stored state of a subscription, its failure, and what it has parked of the events that are waited
    /// for.
    pub(super) reached: String,
    /// Another definition has replaced this one.
    pub(super) supersede: String,
    pub(super) reinstate: String,
    pub(super) record_failure: String,
    pub(super) checkpoints: String,
    pub(super) is_held: String,
    pub(super) claim_lease: String,
    /// Ends the sessions of steps under older fences of a lease.
    pub(super) end_steps: &'static str,
    pub(super) release_lease: String,
    pub(super) park: String,
    pub(super) resume_at: String,
    pub(super) resume: String,
    pub(super) unpark_all: String,
    pub(super) parked: String,
    /// From which versions on streams are parked, and whether they must be tried again.
    pub(super) parked_from: String,
    pub(super) decide: String,
    pub(super) parking_log: String,
    pub(super) both: String,
    pub(super) put_in_place: String,
    pub(super) bring_parked: String,
    pub(super) lock_tables: String,
}

/// A statement that changes something counts on being in a transaction, on the lease, and on the log from
/// which the page was read.
///
/// In a transaction, the lease is not locked before the end: a process that is stopped in the middle of it
/// keeps nobody from taking the lease over.
fn advance(s: &str, is_fenced: bool, in_transaction: bool) -> String {
    let lock = if in_transaction { "" } else { "FOR SHARE" };
    let held = match is_fenced {
        true => format!(
            "WITH held AS MATERIALIZED (
                SELECT FROM {s}.leases WHERE name = $9 AND fence = $10 {lock})"
        ),
        false => String::new(),
    };
    let is_held = if is_fenced { "AND EXISTS (SELECT FROM held)" } else { "" };
    let is_begun =
        if in_transaction { "AND current_setting('esrs.step', true) = 'open'" } else { "" };
    format!(
        "{held} UPDATE {s}.subscriptions SET position = $1,
             mark_position = CASE WHEN $1 = position AND $8::uuid IS NULL THEN mark_position ELSE $7 END,
             mark_id = CASE WHEN $1 = position AND $8::uuid IS NULL THEN mark_id ELSE $8 END,
             failure = NULL
         WHERE name = $2 AND building = $3 AND position = $4 AND generation = $5
             AND definition = $6 AND ($8::uuid IS NULL OR EXISTS (
                 SELECT FROM {s}.events WHERE position = $7::int8 AND event_id = $8::uuid))
             {is_held} {is_begun}"
    )
}

/// Selects what the tables of one schema say of the row `s` of a subscription, whose declared definition this
/// is; see `Stored`.
fn stored(s: &str, declared: &str) -> String {
    format!(
        "s.definition, s.position, s.generation, s.mark_position, s.mark_id,
         EXISTS (SELECT FROM {s}.superseded o WHERE o.name = s.name AND o.definition = {declared}),
         CASE WHEN s.mark_id IS NOT NULL AND NOT EXISTS (SELECT FROM {s}.events e
             WHERE e.position = s.mark_position AND e.event_id = s.mark_id)
             THEN (SELECT coalesce(max(e.position), 0) FROM {s}.events e) END"
    )
}

/// The name that sessions have during the steps of a lease, up to its fence.
pub(super) fn session_of_steps(schema: &str, lease: &str) -> String {
    format!("esrs step {:016x} ", name_hash(&format!("{schema} {lease}")))
}

impl Statements {
    pub(super) fn new(sql: &Sql) -> Self {
        let s = &sql.schema;
        Self {
            schema: s.clone(),
            advance: advance(s, false, true),
            advance_fenced: advance(s, true, true),
            advance_alone: advance(s, false, false),
            advance_alone_fenced: advance(s, true, false),
            look: format!(
                "SELECT s.definition, s.position, s.generation,
                    (SELECT l.fence FROM {s}.leases l WHERE l.name = $3),
                    $5::uuid IS NULL OR EXISTS (
                        SELECT FROM {s}.events WHERE position = $4::int8 AND event_id = $5::uuid),
                    (SELECT coalesce(max(position), 0) FROM {s}.events)
                 FROM (SELECT) one LEFT JOIN {s}.subscriptions s ON s.name = $1 AND s.building = $2"
            ),
            stand: format!(
                "SELECT s.definition, s.position, s.generation,
                    $3::text IS NULL OR to_regclass($3) IS NOT NULL,
                    s.mark_position, s.mark_id, s.mark_id IS NULL OR EXISTS (
                        SELECT FROM {s}.events e
                        WHERE e.position = s.mark_position AND e.event_id = s.mark_id),
                    (SELECT coalesce(max(position), 0) FROM {s}.events),
                    EXISTS (SELECT FROM {s}.superseded o WHERE o.name = $1 AND o.definition = $4)
                 FROM (SELECT) one LEFT JOIN {s}.subscriptions s ON s.name = $1 AND s.building = $2"
            ),
            lock: format!(
                "SELECT FROM {s}.subscriptions WHERE name = $1 AND building = $2 FOR UPDATE"
            ),
            stand_locked: format!(
                "SELECT {stored} FROM {s}.subscriptions s
                 WHERE s.name = $1 AND s.building = $2 FOR UPDATE OF s",
                stored = stored(s, "$3::text")
            ),
            touch: format!(
                "UPDATE {s}.subscriptions SET position = position WHERE name = $1 AND building"
            ),
            // Whoever moves it so holds the log, or has read committed events.
            move_to: format!(
                "UPDATE {s}.subscriptions SET position = $1, failure = NULL,
                     (mark_position, mark_id) = (SELECT e.position, e.event_id FROM {s}.events e
                         WHERE e.position <= $1 ORDER BY e.position DESC LIMIT 1)
                 WHERE name = $2 AND building = $3"
            ),
            supersede: format!(
                "INSERT INTO {s}.superseded (name, definition) VALUES ($1, $2) ON CONFLICT DO NOTHING"
            ),
            reinstate: format!("DELETE FROM {s}.superseded WHERE name = $1 AND definition = $2"),
            record_failure: format!(
                "UPDATE {s}.subscriptions SET failure = $3
                 WHERE name = $1 AND building = $2 AND failure IS DISTINCT FROM $3"
            ),
            enter: format!(
                "INSERT INTO {s}.subscriptions (name, building, definition, position, generation)
                 SELECT $1, $2, $3, 0, coalesce(max(generation), 0) + 1
                 FROM {s}.subscriptions WHERE name = $1
                 ON CONFLICT (name, building) DO UPDATE SET definition = excluded.definition,
                     position = 0, generation = excluded.generation, mark_position = NULL,
                     mark_id = NULL, failure = NULL
                 RETURNING generation"
            ),
            stored: format!(
                "SELECT {stored} FROM {s}.subscriptions s WHERE s.name = $1 AND s.building = $2",
                stored = stored(s, "$3::text")
            ),
            // Whoever reads a table keeps it locked until the transaction ends.
            unusable: format!(
                "WITH unusable AS MATERIALIZED (
                     SELECT k.name, to_regclass(k.made) AS made, {stored}
                     FROM unnest($1::text[], $2::text[], $3::text[]) AS k (name, made, declared)
                     LEFT JOIN {s}.subscriptions s ON s.name = k.name AND NOT s.building
                     WHERE s.name IS NULL OR NOT EXISTS (
                         SELECT FROM unnest($4::text[], $5::text[]) AS d (name, definition)
                         WHERE d.name = s.name AND d.definition = s.definition)
                       OR s.mark_id IS NOT NULL AND NOT EXISTS (SELECT FROM {s}.events e
                         WHERE e.position = s.mark_position AND e.event_id = s.mark_id))
                 SELECT u.* FROM unusable u WHERE EXISTS (
                     SELECT FROM pg_locks l WHERE l.pid = pg_backend_pid()
                         AND l.locktype = 'relation' AND l.relation = u.made
                         AND l.database = (SELECT oid FROM pg_database
                             WHERE datname = current_database()))",
                stored = stored(s, "k.declared")
            ),
            reached: format!(
                "SELECT {stored}, s.failure, p.stream, p.version, p.event, p.reason
                 FROM {s}.subscriptions s
                 LEFT JOIN LATERAL (
                    SELECT stream, version, event, reason FROM {s}.parked
                    WHERE subscription = $1 AND building = $2 AND position <= $4
                        AND (cardinality($5::text[]) = 0 OR stream = ANY ($5::text[]))
                    ORDER BY position, stream LIMIT 1) p ON true
                 WHERE s.name = $1 AND s.building = $2",
                stored = stored(s, "$3::text")
            ),
            checkpoints: format!(
                "SELECT s.name, s.building, s.position, s.generation,
                    (SELECT count(*) FROM {s}.parked p
                     WHERE p.subscription = s.name AND p.building = s.building),
                    (SELECT l.holder FROM {s}.leases l
                     WHERE l.name = CASE WHEN s.building THEN s.name || ' (building)' ELSE s.name END
                         AND l.until > clock_timestamp()),
                    s.mark_position, s.mark_id, s.failure
                 FROM {s}.subscriptions s ORDER BY s.name, s.building"
            ),
            is_held: format!("SELECT 1 FROM {s}.leases WHERE name = $1 AND fence = $2"),
            // By the clock itself: the time of the transaction is from before it waited for another. A
            // clock that goes back keeps nobody waiting for longer than the lease was claimed for.
            claim_lease: format!(
                "WITH before AS (SELECT fence FROM {s}.leases WHERE name = $1),
                 claimed AS (
                    INSERT INTO {s}.leases AS l (name, holder, fence, until, duration)
                    VALUES ($1, $2, 1, clock_timestamp() + $3::int8 * interval '1 microsecond', $3)
                    ON CONFLICT (name) DO UPDATE SET
                        fence = CASE WHEN l.holder = excluded.holder THEN l.fence
                            ELSE l.fence + 1 END,
                        holder = excluded.holder, duration = excluded.duration,
                        until = clock_timestamp() + $3::int8 * interval '1 microsecond'
                    WHERE l.holder IS NULL OR l.holder = excluded.holder
                        OR l.until <= clock_timestamp()
                    RETURNING fence),
                 clamped AS (
                    UPDATE {s}.leases l
                    SET until = clock_timestamp() + l.duration * interval '1 microsecond'
                    WHERE l.name = $1 AND l.holder IS NOT NULL AND NOT EXISTS (SELECT FROM claimed)
                        AND l.until > clock_timestamp() + l.duration * interval '1 microsecond')
                 SELECT fence, NULL::text, NULL::int8,
                    fence IS DISTINCT FROM (SELECT fence FROM before) FROM claimed
                 UNION ALL
                 SELECT NULL, holder, (extract(epoch FROM least(until,
                    clock_timestamp() + duration * interval '1 microsecond') - clock_timestamp())
                    * 1000000)::int8, false
                 FROM {s}.leases
                 WHERE name = $1 AND holder IS NOT NULL AND NOT EXISTS (SELECT FROM claimed)"
            ),
            end_steps: "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE datname = current_database() AND usename = current_user
                    AND pid <> pg_backend_pid() AND starts_with(application_name, $1)
                    AND CASE WHEN substr(application_name, length($1) + 1) ~ '^[0-9]{1,18}$'
                        THEN substr(application_name, length($1) + 1)::int8 < $2 ELSE false END",
            release_lease: format!(
                "UPDATE {s}.leases SET holder = NULL, fence = fence + 1, until = clock_timestamp()
                 WHERE name = $1 AND holder = $2"
            ),
            park: format!(
                "WITH parked AS (
                    INSERT INTO {s}.parked (subscription, building, stream, version, position, event,
                        reason, parked_at, is_to_resume)
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                    ON CONFLICT (subscription, building, stream) DO UPDATE SET
                        version = excluded.version, position = excluded.position,
                        event = excluded.event, reason = excluded.reason,
                        parked_at = excluded.parked_at, is_to_resume = excluded.is_to_resume
                    RETURNING subscription, stream, version, reason)
                 INSERT INTO {s}.parking_log (subscription, stream, version, action, reason, at)
                 SELECT subscription, stream, version, 'parked', reason, clock_timestamp() FROM parked"
            ),
            resume_at: format!(
                "UPDATE {s}.parked SET version = $4
                 WHERE subscription = $1 AND building = $2 AND stream = $3"
            ),
            resume: format!(
                "WITH resumed AS (
                    DELETE FROM {s}.parked
                    WHERE subscription = $1 AND building = $2 AND stream = $3
                    RETURNING subscription, stream, version)
                 INSERT INTO {s}.parking_log (subscription, stream, version, action, reason, at)
                 SELECT subscription, stream, version, 'resumed', '', clock_timestamp() FROM resumed"
            ),
            unpark_all: format!("DELETE FROM {s}.parked WHERE subscription = $1 AND building = $2"),
            parked: format!(
                "SELECT stream, version, position, event, reason, parked_at, is_to_resume
                 FROM {s}.parked WHERE subscription = $1 AND building = $2
                 ORDER BY position, stream"
            ),
            parked_from: format!(
                "SELECT stream, version, is_to_resume FROM {s}.parked
                 WHERE subscription = $1 AND building = $2 ORDER BY position, stream"
            ),
            decide: format!(
                "WITH decided AS (
                    UPDATE {s}.parked SET is_to_resume = true, version = version + $3::int8
                    WHERE subscription = $1 AND NOT building AND stream = $2 AND version = $7
                    RETURNING version - $3::int8 AS version)
                 INSERT INTO {s}.parking_log (subscription, stream, version, action, actor, reason, at)
                 SELECT $1, $2, version, $4, $5, $6, clock_timestamp() FROM decided"
            ),
            parking_log: format!(
                "SELECT stream, version, action, actor, reason, at
                 FROM {s}.parking_log WHERE subscription = $1 ORDER BY id"
            ),
            both: format!(
                "SELECT s.building, {stored} FROM {s}.subscriptions s
                 WHERE s.name = $1 ORDER BY s.building FOR UPDATE OF s",
                stored = stored(s, "$2::text")
            ),
            // The row that is asked stays: to those who wait for it, one that is deleted is gone.
            put_in_place: format!(
                "WITH built AS (
                    DELETE FROM {s}.subscriptions WHERE name = $1 AND building
                    RETURNING definition, position, mark_position, mark_id)
                 INSERT INTO {s}.subscriptions (name, building, definition, position, generation,
                    mark_position, mark_id)
                 SELECT $1, false, definition, position, $2, mark_position, mark_id FROM built
                 ON CONFLICT (name, building) DO UPDATE SET definition = excluded.definition,
                     position = excluded.position, generation = excluded.generation,
                     mark_position = excluded.mark_position, mark_id = excluded.mark_id,
                     failure = NULL"
            ),
            bring_parked: format!(
                "UPDATE {s}.parked SET building = false WHERE subscription = $1 AND building"
            ),
            lock_tables: sql.lock_tables(),
        }
    }

    pub(super) fn schema(&self) -> &str {
        &self.schema
    }

    /// Begins a step, under the fence of a lease.
    ///
    /// Should it fail, statements that were sent behind it find no `esrs.step`, and change nothing.
    pub(super) fn begin(&self, fenced: Option<(&str, u64)>) -> String {
        let begin = "BEGIN; SET LOCAL esrs.step = 'open'";
        match fenced {
            Some((lease, fence)) => {
                let session = session_of_steps(&self.schema, lease);
                format!("{begin}; SET LOCAL application_name = '{session}{fence}'")
            }
            None => begin.to_owned(),
        }
    }

    /// Ends a step, if its lease is still held: in one message, so that a process that is stopped in
    /// between holds no lock on it. Where users' names were found by the path of the role, their triggers
    /// that wait for the end find them by it too.
    pub(super) fn end(&self, fenced: Option<(&str, u64)>, role_path: Option<&str>) -> String {
        let done = "SET LOCAL esrs.step = 'done'";
        let (pin, end) = match role_path {
            Some(role_path) => (format!("{PIN_PATH}; "), format!("{done}; {role_path}; COMMIT")),
            None => (String::new(), format!("{done}; COMMIT")),
        };
        match fenced {
            Some((lease, fence)) => {
                let (schema, lease, fence) = (&self.schema, literal(lease), to_i64(fence));
                format!("{pin}SELECT {schema}.hold_lease({lease}::text, {fence}::int8); {end}")
            }
            None => format!("{pin}{end}"),
        }
    }
}
