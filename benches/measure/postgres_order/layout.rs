//! The ways to give events an order, as tables and as one function that appends a group of commands.
//!
//! All functions take the same arrays and give the same answers, so that only what is compared differs.

/// The source of the order of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// One writer at a time, by a lock that the transaction holds to its end; the next position is
    /// the last one and one.
    Lock,
    /// One writer at a time, by the row that counts positions.
    HeadRow,
    /// As `Lock`, but the commit does not wait for the disk: who appended waits for it afterwards.
    LockWithoutFlush,
    /// Concurrent writers, with positions of a sequence; a reader stays below the oldest
    /// transaction that runs.
    Horizon,
    /// Concurrent writers, with positions of a sequence; a reader that sees a gap waits for
    /// those who may fill it.
    GapProof,
    /// A sequence and nothing else, which is wrong.
    Sequence,
}

impl Order {
    /// Returns whether one append waits for the end of another.
    pub(crate) fn is_serial(self) -> bool {
        matches!(self, Self::Lock | Self::HeadRow | Self::LockWithoutFlush)
    }
}

/// Where the version of a stream is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Versions {
    /// The highest in the index of events.
    Index,
    /// A column of the stream's row, which every append writes.
    Row,
}

/// The execution of the commands of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Commands {
    /// All of them by one query, one loop over arrays, and one insert; a single event, which needs no
    /// loop, by a query and an insert of its own.
    Together,
    /// The same, and a single event too.
    AlwaysTogether,
    /// Each by a query and an insert of its own.
    OneByOne,
}

/// Tables and a function in a schema of their own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    /// The name that is printed.
    pub(crate) name: &'static str,
    /// The schema that it lives in.
    pub(crate) schema: &'static str,
    pub(crate) order: Order,
    pub(crate) versions: Versions,
    pub(crate) commands: Commands,
    /// True if an index keeps event ids unique.
    pub(crate) unique_ids: bool,
    /// The type of the payload.
    pub(crate) payload: &'static str,
    /// True if every append notifies the listeners.
    pub(crate) notifies: bool,
}

/// Each part of a command is one stream of it. Position 0 says that the command was refused, and
/// the version is then what the stream has.
pub(crate) const APPEND: &str = "SELECT positions, versions FROM esrs_append(
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";

/// As an expression, which costs less than a query.
const LOCK: &str = "
    _locked := pg_advisory_xact_lock(1702064755, 'esrs_events'::regclass::oid::int);";
const LOCK_WITHOUT_FLUSH: &str = "
    _locked := set_config('synchronous_commit', 'off', true);
    _locked := pg_advisory_xact_lock(1702064755, 'esrs_events'::regclass::oid::int);";
const LOCK_STREAMS: &str = "
    PERFORM FROM esrs_streams WHERE id = ANY (_streams) ORDER BY id FOR NO KEY UPDATE;";
const SHARED_LOCK: &str = "
    _locked := pg_advisory_xact_lock_shared(1702064755, 'esrs_events'::regclass::oid::int);
    PERFORM FROM esrs_streams WHERE id = ANY (_streams) ORDER BY id FOR NO KEY UPDATE;";
/// The last position there is.
const LAST: &str = "coalesce((SELECT position FROM esrs_events ORDER BY position DESC LIMIT 1), 0)";

/// The same for one event.
pub(crate) const APPEND_ONE: &str =
    "SELECT at, version FROM esrs_append_one($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

/// Appends one event, and takes no arrays.
const ONE: &str = "
CREATE FUNCTION esrs_append_one(
    _stream bigint, _expected bigint, _kind int, _event_id uuid, _recorded_at bigint,
    _correlation_id uuid, _causation_id uuid, _actor text, _metadata text, _payload text,
    OUT at bigint, OUT version bigint
) LANGUAGE plpgsql AS $function$
#variable_conflict use_column
DECLARE
    _locked text;
BEGIN
    _locked := pg_advisory_xact_lock(1702064755, 'esrs_events'::regclass::oid::int);
    SELECT coalesce((SELECT position FROM esrs_events ORDER BY position DESC LIMIT 1), 0) + 1,
        coalesce((
            SELECT e.version FROM esrs_events e WHERE stream = _stream
            ORDER BY e.version DESC LIMIT 1
        ), 0) INTO at, version;
    IF _expected <> esrs_append_one.version THEN
        at := 0;
        RETURN;
    END IF;
    version := esrs_append_one.version + 1;
    INSERT INTO esrs_events (position, stream, version, kind, event_id, recorded_at,
            correlation_id, causation_id, actor, metadata, payload)
        VALUES (at, _stream, esrs_append_one.version, _kind, _event_id, _recorded_at,
            _correlation_id, _causation_id, _actor, _metadata::json, _payload::json);
END $function$;";

const PARAMETERS: &str = "
    _streams bigint[],         -- each stream of the group, once
    _part_stream int[],        -- of each part: its stream's place in _streams
    _part_last int[],          -- of each part: the last part of the same command
    _part_expected bigint[],   -- of each part: the version its stream has to have, or null
    _part_events int[],        -- of each part: how many events it has
    _event_part int[],         -- of each event: its part
    _event_offset int[],       -- of each event: how many of the part are before it
    _kinds int[],
    _event_ids uuid[],
    _recorded_at bigint[],
    _correlation_ids uuid[],
    _causation_ids uuid[],
    _actors text[],
    _metadata text[],
    _payloads text[],
    OUT positions bigint[],    -- of each part: where its first event is, or 0
    OUT versions bigint[]      -- of each part: that of its first event, or what the stream has";

impl Layout {
    /// The reference: the lock, and everything that a store needs.
    pub(crate) const LOCK: Self = Self {
        name: "A1 lock",
        schema: "esrs_order_lock",
        order: Order::Lock,
        versions: Versions::Index,
        commands: Commands::Together,
        unique_ids: true,
        payload: "json",
        notifies: false,
    };

    /// The statements that create it again.
    pub(crate) fn create(&self) -> String {
        let Self { schema, payload, .. } = self;
        let unique = if self.unique_ids { " UNIQUE" } else { "" };
        let mut sql = format!(
            "DROP SCHEMA IF EXISTS {schema} CASCADE;
            CREATE SCHEMA {schema};
            SET search_path = {schema};
            CREATE TABLE esrs_kinds (
                id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                name text COLLATE \"C\" NOT NULL,
                version int NOT NULL,
                UNIQUE (name, version)
            );
            CREATE TABLE esrs_streams (
                id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                name text COLLATE \"C\" NOT NULL UNIQUE,
                category text COLLATE \"C\" NOT NULL
                {}
            ) WITH (fillfactor = {});
            CREATE TABLE esrs_events (
                position bigint PRIMARY KEY,
                stream bigint NOT NULL,
                version bigint NOT NULL,
                kind int NOT NULL,
                event_id uuid NOT NULL{unique},
                recorded_at bigint NOT NULL,
                correlation_id uuid,
                causation_id uuid,
                actor text,
                metadata json,
                payload {payload} NOT NULL,
                {}
                UNIQUE (stream, version)
            );\n",
            match self.versions {
                Versions::Row => ", version bigint NOT NULL DEFAULT 0",
                Versions::Index => "",
            },
            match self.versions {
                Versions::Row => 50,
                Versions::Index => 100,
            },
            match self.order {
                Order::Horizon => "xid xid8 NOT NULL DEFAULT pg_current_xact_id(),",
                _ => "",
            },
        );
        sql.push_str(match self.order {
            Order::Lock | Order::LockWithoutFlush => "",
            Order::HeadRow => {
                "CREATE TABLE esrs_head (position bigint NOT NULL) WITH (fillfactor = 10);
                INSERT INTO esrs_head VALUES (0);\n"
            }
            Order::Horizon => {
                "CREATE SEQUENCE esrs_position;
                CREATE INDEX esrs_events_by_xid ON esrs_events (xid, position);\n"
            }
            Order::GapProof | Order::Sequence => "CREATE SEQUENCE esrs_position;\n",
        });
        sql.push_str(&self.function());
        sql.push_str(ONE);
        sql
    }

    /// The function that appends a group.
    pub(crate) fn function(&self) -> String {
        let body = match self.commands {
            Commands::Together => format!("{}{}", self.alone(), self.together()),
            Commands::AlwaysTogether => self.together(),
            Commands::OneByOne => self.one_by_one(),
        };
        format!(
            "CREATE FUNCTION esrs_append({PARAMETERS}
) LANGUAGE plpgsql AS $function$
DECLARE
    _head bigint;
    _version bigint;
    _versions bigint[];
    _locked text;
    _parts int := cardinality(_part_stream);
    _first int := 1;
    _stream int;
    _fits boolean;
BEGIN{}{body}{}
END $function$;",
            self.take_order().0,
            self.notify()
        )
    }

    /// Statements that wait for the order, and those that say where it is.
    fn take_order(&self) -> (&'static str, &'static str) {
        match self.order {
            Order::Lock => (LOCK, LAST),
            Order::LockWithoutFlush => (LOCK_WITHOUT_FLUSH, LAST),
            Order::HeadRow => (
                "
    UPDATE esrs_head SET position = position + cardinality(_kinds) RETURNING position INTO _head;",
                "_head - cardinality(_kinds)",
            ),
            Order::Horizon | Order::Sequence => (LOCK_STREAMS, "0"),
            Order::GapProof => (SHARED_LOCK, "0"),
        }
    }

    /// One event, which needs no loop and no arrays.
    fn alone(&self) -> String {
        let version = match self.versions {
            Versions::Index => {
                "coalesce((
                SELECT version FROM esrs_events WHERE stream = _streams[1]
                ORDER BY version DESC LIMIT 1
            ), 0)"
            }
            Versions::Row => "(SELECT version FROM esrs_streams WHERE id = _streams[1])",
        };
        let (next, correct) = match self.order {
            Order::HeadRow => ("", "\n            UPDATE esrs_head SET position = _head;"),
            Order::Lock | Order::LockWithoutFlush => ("\n        _head := _head + 1;", ""),
            _ => ("\n        _head := nextval('esrs_position');", ""),
        };
        let write_version = match self.versions {
            Versions::Index => "",
            Versions::Row => {
                "
        UPDATE esrs_streams SET version = _version + 1 WHERE id = _streams[1];"
            }
        };
        format!(
            "
    IF cardinality(_kinds) = 1 AND _parts = 1 THEN
        SELECT {last}, {version} INTO _head, _version;
        IF _part_expected[1] <> _version THEN{correct}
            positions := '{{0}}';
            versions := ARRAY[_version];
            RETURN;
        END IF;{next}
        INSERT INTO esrs_events (position, stream, version, kind, event_id, recorded_at,
                correlation_id, causation_id, actor, metadata, payload)
            VALUES ({position}, _streams[1], _version + 1, _kinds[1], _event_ids[1],
                _recorded_at[1], _correlation_ids[1], _causation_ids[1], _actors[1],
                _metadata[1]::json, _payloads[1]::{payload});{write_version}
        positions := ARRAY[{position}];
        versions := ARRAY[_version + 1];{notify}
        RETURN;
    END IF;",
            last = self.take_order().1,
            position = if self.order == Order::HeadRow { "_head + 1" } else { "_head" },
            payload = self.payload,
            notify = self.notify(),
        )
    }

    fn notify(&self) -> &'static str {
        if self.notifies { "\n    PERFORM pg_notify('esrs', '');" } else { "" }
    }

    fn together(&self) -> String {
        let last = self.take_order().1;
        let read_versions = match self.versions {
            Versions::Index => {
                "SELECT coalesce((
                SELECT version FROM esrs_events WHERE stream = s.id ORDER BY version DESC LIMIT 1
            ), 0) FROM unnest(_streams) AS s (id)"
            }
            Versions::Row => {
                "SELECT (SELECT version FROM esrs_streams WHERE id = s.id)
            FROM unnest(_streams) AS s (id)"
            }
        };
        let write_versions = match self.versions {
            Versions::Index => "",
            Versions::Row => {
                "
    UPDATE esrs_streams AS t SET version = s.version
        FROM unnest(_streams, _versions) AS s (id, version)
        WHERE t.id = s.id AND t.version <> s.version;"
            }
        };
        // A refused part has nothing else than position 0 to tell it by, so a sequence marks it first.
        let (position, store, after) = if self.order.is_serial() {
            ("positions[e.part] + e.ahead", "INSERT INTO esrs_events", "")
        } else {
            (
                "nextval('esrs_position')",
                "WITH stored AS (INSERT INTO esrs_events",
                " RETURNING position, stream, version)
    SELECT array_agg(coalesce(stored.position, 0) ORDER BY p.place) INTO positions
        FROM unnest(_part_stream, positions, versions) WITH ORDINALITY
            AS p (stream, fits, version, place)
        LEFT JOIN stored ON p.fits <> 0
            AND stored.stream = _streams[p.stream] AND stored.version = p.version",
            )
        };
        let correct = match self.order {
            Order::HeadRow => {
                "
    IF _head <> (SELECT position FROM esrs_head) THEN
        UPDATE esrs_head SET position = _head;
    END IF;"
            }
            _ => "",
        };
        format!(
            "
    SELECT {last}, ARRAY({read_versions}) INTO _head, _versions;
    positions := array_fill(0::bigint, ARRAY[_parts]);
    versions := positions;
    WHILE _first <= _parts LOOP
        _fits := true;
        FOR _part IN _first .. _part_last[_first] LOOP
            IF _part_expected[_part] <> _versions[_part_stream[_part]] THEN
                _fits := false;
            END IF;
        END LOOP;
        FOR _part IN _first .. _part_last[_first] LOOP
            _stream := _part_stream[_part];
            IF _fits THEN
                positions[_part] := _head + 1;
                versions[_part] := _versions[_stream] + 1;
                _head := _head + _part_events[_part];
                _versions[_stream] := _versions[_stream] + _part_events[_part];
            ELSE
                versions[_part] := _versions[_stream];
            END IF;
        END LOOP;
        _first := _part_last[_first] + 1;
    END LOOP;
    {store} (position, stream, version, kind, event_id, recorded_at,
            correlation_id, causation_id, actor, metadata, payload)
        SELECT {position}, _streams[_part_stream[e.part]], versions[e.part] + e.ahead, e.kind,
            e.event_id, e.recorded_at, e.correlation_id, e.causation_id, e.actor,
            e.metadata::json, e.payload::{payload}
        FROM unnest(_event_part, _event_offset, _kinds, _event_ids, _recorded_at, _correlation_ids,
                _causation_ids, _actors, _metadata, _payloads)
            AS e (part, ahead, kind, event_id, recorded_at, correlation_id, causation_id, actor,
                metadata, payload)
        WHERE positions[e.part] <> 0{after};{write_versions}{correct}",
            payload = self.payload,
        )
    }

    /// Of one event a part and one part a command.
    fn one_by_one(&self) -> String {
        let last = self.take_order().1;
        format!(
            "
    _head := {last};
    positions := array_fill(0::bigint, ARRAY[_parts]);
    versions := positions;
    FOR _part IN 1 .. _parts LOOP
        versions[_part] := coalesce((SELECT max(version) FROM esrs_events
            WHERE stream = _streams[_part_stream[_part]]), 0);
        IF _part_expected[_part] <> versions[_part] THEN
            CONTINUE;
        END IF;
        _head := _head + 1;
        positions[_part] := _head;
        versions[_part] := versions[_part] + 1;
        INSERT INTO esrs_events (position, stream, version, kind, event_id, recorded_at,
                correlation_id, causation_id, actor, metadata, payload)
            VALUES (_head, _streams[_part_stream[_part]], versions[_part], _kinds[_part],
                _event_ids[_part], _recorded_at[_part], _correlation_ids[_part],
                _causation_ids[_part], _actors[_part], _metadata[_part]::json,
                _payloads[_part]::{payload});
    END LOOP;",
            payload = self.payload,
        )
    }
}
