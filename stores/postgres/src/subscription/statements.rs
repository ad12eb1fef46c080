//! The statements on what subscriptions are kept by.

use crate::sql::Sql;

/// The statements, for one schema of a database.
#[derive(Debug)]
pub(crate) struct Statements {
    pub(super) begin: &'static str,
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
    pub(super) stand_locked: String,
    /// Moves a checkpoint whose row is locked.
    pub(super) move_to: String,
    /// Enters a subscription at a position, in a generation that there was not.
    pub(super) enter: String,
    pub(super) definition: String,
    pub(super) checkpoints: String,
    pub(super) hold_lease: String,
    pub(super) claim_lease: String,
    pub(super) release_lease: String,
    pub(super) park: String,
    pub(super) resume_at: String,
    pub(super) resume: String,
    pub(super) unpark_all: String,
    pub(super) parked: String,
    /// From which versions on streams are parked.
    pub(super) parked_from: String,
    pub(super) decide: String,
    pub(super) parking_log: String,
    pub(super) both: String,
    pub(super) put_in_place: String,
    pub(super) bring_parked: String,
    pub(super) lock_tables: String,
}

/// A statement that changes something counts on being in a transaction, and on the lease; the lock keeps
/// who takes it over waiting.
fn advance(s: &str, is_fenced: bool, in_transaction: bool) -> String {
    let held = match is_fenced {
        true => format!(
            "WITH held AS MATERIALIZED (
                SELECT FROM {s}.leases WHERE name = $7 AND fence = $8 FOR SHARE)"
        ),
        false => String::new(),
    };
    let is_held = if is_fenced { "AND EXISTS (SELECT FROM held)" } else { "" };
    let is_begun =
        if in_transaction { "AND current_setting('esrs.step', true) = 'begun'" } else { "" };
    format!(
        "{held} UPDATE {s}.subscriptions SET position = $1
         WHERE name = $2 AND building = $3 AND position = $4 AND generation = $5
             AND definition = $6 {is_held} {is_begun}"
    )
}

impl Statements {
    pub(super) fn new(sql: &Sql) -> Self {
        let s = &sql.schema;
        let stand = format!(
            "SELECT definition, position, generation FROM {s}.subscriptions
             WHERE name = $1 AND building = $2"
        );
        Self {
            // Should it fail, those that were sent behind it find no `esrs.step`, and change nothing.
            begin: "BEGIN; SET LOCAL esrs.step = 'begun'",
            advance: advance(s, false, true),
            advance_fenced: advance(s, true, true),
            advance_alone: advance(s, false, false),
            advance_alone_fenced: advance(s, true, false),
            look: format!(
                "SELECT s.definition, s.position, s.generation,
                    (SELECT l.fence FROM {s}.leases l WHERE l.name = $3)
                 FROM (SELECT) one LEFT JOIN {s}.subscriptions s ON s.name = $1 AND s.building = $2"
            ),
            stand: format!(
                "SELECT s.definition, s.position, s.generation,
                    $3::text IS NULL OR to_regclass($3) IS NOT NULL
                 FROM (SELECT) one LEFT JOIN {s}.subscriptions s ON s.name = $1 AND s.building = $2"
            ),
            stand_locked: format!("{stand} FOR UPDATE"),
            move_to: format!(
                "UPDATE {s}.subscriptions SET position = $1 WHERE name = $2 AND building = $3"
            ),
            enter: format!(
                "INSERT INTO {s}.subscriptions (name, building, definition, position, generation)
                 SELECT $1, $2, $3, 0, coalesce(max(generation), 0) + 1
                 FROM {s}.subscriptions WHERE name = $1
                 ON CONFLICT (name, building) DO UPDATE SET definition = excluded.definition,
                     position = 0, generation = excluded.generation
                 RETURNING generation"
            ),
            definition: format!(
                "SELECT definition, position FROM {s}.subscriptions WHERE name = $1 AND building = $2"
            ),
            checkpoints: format!(
                "SELECT s.name, s.building, s.position, s.generation,
                    (SELECT count(*) FROM {s}.parked p
                     WHERE p.subscription = s.name AND p.building = s.building),
                    (SELECT l.holder FROM {s}.leases l
                     WHERE l.name = CASE WHEN s.building THEN s.name || ' (building)' ELSE s.name END
                         AND l.until > clock_timestamp())
                 FROM {s}.subscriptions s ORDER BY s.name, s.building"
            ),
            hold_lease: format!(
                "SELECT 1 FROM {s}.leases WHERE name = $1 AND fence = $2 FOR SHARE"
            ),
            // By the clock itself: the time of the transaction is from before it waited for another.
            claim_lease: format!(
                "WITH claimed AS (
                    INSERT INTO {s}.leases AS l (name, holder, fence, until)
                    VALUES ($1, $2, 1, clock_timestamp() + $3::int8 * interval '1 microsecond')
                    ON CONFLICT (name) DO UPDATE SET
                        fence = CASE WHEN l.holder = excluded.holder THEN l.fence
                            ELSE l.fence + 1 END,
                        holder = excluded.holder,
                        until = clock_timestamp() + $3::int8 * interval '1 microsecond'
                    WHERE l.holder IS NULL OR l.holder = excluded.holder
                        OR l.until <= clock_timestamp()
                    RETURNING fence)
                 SELECT fence, NULL::text, NULL::int8 FROM claimed
                 UNION ALL
                 SELECT NULL, holder, (extract(epoch FROM until - clock_timestamp()) * 1000000)::int8
                 FROM {s}.leases
                 WHERE name = $1 AND holder IS NOT NULL AND NOT EXISTS (SELECT FROM claimed)"
            ),
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
                "SELECT stream, version FROM {s}.parked WHERE subscription = $1 AND NOT building"
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
                "SELECT building, definition, position, generation FROM {s}.subscriptions
                 WHERE name = $1 ORDER BY building FOR UPDATE"
            ),
            // The row that is asked stays: to those who wait for it, one that is deleted is gone.
            put_in_place: format!(
                "WITH built AS (
                    DELETE FROM {s}.subscriptions WHERE name = $1 AND building
                    RETURNING definition, position)
                 INSERT INTO {s}.subscriptions (name, building, definition, position, generation)
                 SELECT $1, false, definition, position, $2 FROM built
                 ON CONFLICT (name, building) DO UPDATE SET definition = excluded.definition,
                     position = excluded.position, generation = excluded.generation"
            ),
            bring_parked: format!(
                "UPDATE {s}.parked SET building = false WHERE subscription = $1 AND building"
            ),
            lock_tables: sql.lock_tables(),
        }
    }
}
