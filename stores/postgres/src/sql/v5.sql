-- Functions find nothing by the path of their caller.
ALTER FUNCTION {schema}.refuse_change() SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION {schema}.refuse_end() SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION {schema}.to_jsonb_or_null(json) SET search_path = pg_catalog, pg_temp;

-- Returns whether a text is a time as events say when they occurred: RFC 3339, or RFC 9557 with a zone, of the
-- years that readers know, which PostgreSQL has no type for.
CREATE OR REPLACE FUNCTION {schema}.is_time(said text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    parts text[] := regexp_match(said,
        '^(-00\d{4}|\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.\d{1,9})?'
        '(?:Z|([+-])([01]\d|2[0-5]):([0-5]\d)(?::([0-5]\d))?)'
        '(?:\[!?(?:[+-](?:[01]\d|2[0-5]):[0-5]\d(?::[0-5]\d)?'
        '|[A-Za-z._][A-Za-z0-9._+-]*(?:/[A-Za-z._][A-Za-z0-9._+-]*)*)\])?$');
    year integer := parts[1];
    -- Dates repeat themselves after 400 years, and PostgreSQL has some of each kind.
    cycle integer := floor(year / 400.0);
    seconds bigint;
BEGIN
    IF parts IS NULL THEN
        RETURN false;
    END IF;
    seconds := make_date(2000 + year - 400 * cycle, parts[2]::integer, parts[3]::integer) - date '1970-01-01';
    seconds := (seconds + (cycle - 5) * 146097::bigint) * 86400
        + parts[4]::integer * 3600 + parts[5]::integer * 60 + parts[6]::integer
        - (coalesce(parts[7], '+') || '1')::integer * (coalesce(parts[8], '0')::integer * 3600
            + coalesce(parts[9], '0')::integer * 60 + coalesce(parts[10], '0')::integer);
    RETURN seconds BETWEEN -377705023201 AND 253402207200;
EXCEPTION WHEN data_exception THEN
    RETURN false;
END $$;

-- Returns whether metadata has the form that every reader reads; newer programs may add to it.
CREATE OR REPLACE FUNCTION {schema}.is_metadata(metadata json) RETURNS boolean LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    -- PostgreSQL reads no text with the character 0 in it; here it is as good as another.
    readable json := replace(metadata::text, '\u0000', '\u0001')::json;
    occurred text;
BEGIN
    IF json_typeof(readable) <> 'object' THEN
        RETURN false;
    END IF;
    PERFORM FROM json_each(readable) e
    WHERE e.key IN ('actor', 'occurred_at', 'traceparent', 'tracestate')
            AND json_typeof(e.value) NOT IN ('string', 'null')
        OR e.key = 'keys' AND (json_typeof(e.value) <> 'object' OR EXISTS (
            SELECT FROM json_each(CASE json_typeof(e.value) WHEN 'object' THEN e.value ELSE '{}' END) k
            WHERE json_typeof(k.value) <> 'string'));
    IF FOUND THEN
        RETURN false;
    END IF;
    PERFORM FROM json_each(readable) e GROUP BY e.key HAVING count(*) > 1;
    IF FOUND THEN
        RETURN false;
    END IF;
    occurred := readable ->> 'occurred_at';
    RETURN occurred IS NULL OR {schema}.is_time(occurred);
EXCEPTION WHEN data_exception THEN
    RETURN false;
END $$;

-- Returns whether an event stands directly behind the last one of its stream, also when that was stored by
-- the same statement, which its own look-ups do not see.
CREATE OR REPLACE FUNCTION {schema}.is_next_of_stream(of_stream bigint, of_version bigint) RETURNS boolean
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
AS $$
BEGIN
    RETURN (SELECT e.version FROM {schema}.events e
        WHERE e.stream = of_stream AND e.version = of_version - 1) IS NOT NULL;
END $$;

-- Bounds what a role that may append can say by an `INSERT` of its own. The owner of the tables is not bound.
-- Policies cost the owner nothing, are part of the plan, and leave the statements of older programs as they are.
--
-- Each look-up is by itself: as `EXISTS` it may be planned as a hash of the whole table.
CREATE OR REPLACE FUNCTION {schema}.protect_events() RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    part regclass;
    granted record;
    owner oid := (SELECT relowner FROM pg_class WHERE oid = '{schema}.events'::regclass);
BEGIN
    DROP POLICY IF EXISTS all_is_read ON {schema}.events;
    CREATE POLICY all_is_read ON {schema}.events FOR SELECT USING (true);
    DROP POLICY IF EXISTS events_stand_at_the_end ON {schema}.events;
    -- The lock comes first: behind it, no other position is taken before this one is committed.
    CREATE POLICY events_stand_at_the_end ON {schema}.events FOR INSERT WITH CHECK (
        CASE WHEN pg_advisory_xact_lock({lock}) IS NULL THEN false ELSE
            position = pg_sequence_last_value('{schema}.position_seq'::regclass)
            AND recorded_at BETWEEN '4713-01-01 00:00:00+00 BC' AND '9999-12-30 22:00:00.999999+00'
            AND (SELECT k.category FROM {schema}.kinds k WHERE k.id = events.kind)
                = (SELECT s.category FROM {schema}.streams s WHERE s.id = events.stream)
            AND (version = 1
                OR (SELECT e.version FROM {schema}.events e
                    WHERE e.stream = events.stream AND e.version = events.version - 1) IS NOT NULL
                OR {schema}.is_next_of_stream(stream, version))
            -- As nearly every append writes it, which spares the call of a function.
            AND (metadata IS NULL OR metadata::text ~ (
                    '^\{("actor":"[^"\\]*")?(,?"traceparent":"[^"\\]*")?(,?"tracestate":"[^"\\]*")?'
                    '(,?"keys":\{("[^"\\]*":"[^"\\]*",?)*\})?\}$')
                OR {schema}.is_metadata(metadata))
        END);
    ALTER TABLE {schema}.events ENABLE ROW LEVEL SECURITY;

    DROP POLICY IF EXISTS all_is_read ON {schema}.idempotency_keys;
    CREATE POLICY all_is_read ON {schema}.idempotency_keys FOR SELECT USING (true);
    DROP POLICY IF EXISTS keys_stand_for_events ON {schema}.idempotency_keys;
    CREATE POLICY keys_stand_for_events ON {schema}.idempotency_keys FOR INSERT WITH CHECK (
        octet_length(key) BETWEEN 1 AND 255 AND key !~ '[\u0001-\u001f\u007f-\u009f]'
        AND first_position <= last_position AND last_position - first_position < 100000
        AND (SELECT e.stream FROM {schema}.events e WHERE e.position = first_position)
            = idempotency_keys.stream
        AND (SELECT e.stream FROM {schema}.events e WHERE e.position = last_position) IS NOT NULL);
    ALTER TABLE {schema}.idempotency_keys ENABLE ROW LEVEL SECURITY;

    -- Partitions are reached by the whole only: nothing that protects that protects them.
    FOR part IN SELECT inhrelid FROM pg_inherits WHERE inhparent = '{schema}.events'::regclass LOOP
        -- A superuser may have made it: the owner of the whole could not detach it.
        PERFORM FROM pg_class WHERE oid = part AND relowner <> owner;
        IF FOUND THEN
            EXECUTE format('ALTER TABLE %s OWNER TO %I', part, pg_get_userbyid(owner));
        END IF;
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', part);
        FOR granted IN
            SELECT DISTINCT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END
                AS grantee
            FROM (
                SELECT (aclexplode(relacl)).grantee FROM pg_class WHERE oid = part
                UNION SELECT (aclexplode(attacl)).grantee FROM pg_attribute WHERE attrelid = part
            ) a WHERE grantee <> owner
        LOOP
            -- Rights that were passed on go with those that they were passed on from.
            EXECUTE format('REVOKE ALL ON %s FROM %s CASCADE', part, granted.grantee);
        END LOOP;
        PERFORM FROM pg_trigger WHERE tgrelid = part AND tgname = 'events_are_never_truncated';
        IF NOT FOUND THEN
            EXECUTE format('CREATE TRIGGER events_are_never_truncated BEFORE TRUNCATE ON %s
                FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change()', part);
        END IF;
    END LOOP;
END $$;

SELECT {schema}.protect_events();

DROP POLICY IF EXISTS all_is_read ON {schema}.streams;
CREATE POLICY all_is_read ON {schema}.streams FOR SELECT USING (true);
DROP POLICY IF EXISTS streams_have_names ON {schema}.streams;
CREATE POLICY streams_have_names ON {schema}.streams FOR INSERT WITH CHECK (
    octet_length(name) <= 512 AND name !~ '[\u0001-\u001f\u007f-\u009f]'
    AND category <> '' AND category = split_part(name, '-', 1) AND length(name) > length(category) + 1);
ALTER TABLE {schema}.streams ENABLE ROW LEVEL SECURITY;

DROP POLICY IF EXISTS all_is_read ON {schema}.kinds;
CREATE POLICY all_is_read ON {schema}.kinds FOR SELECT USING (true);
DROP POLICY IF EXISTS kinds_have_names ON {schema}.kinds;
CREATE POLICY kinds_have_names ON {schema}.kinds FOR INSERT WITH CHECK (
    octet_length(name) BETWEEN 1 AND 255 AND name !~ '[\u0001-\u001f\u007f-\u009f]'
    AND category <> '' AND category !~ '[-\u0001-\u001f\u007f-\u009f]'
    AND version BETWEEN 1 AND 4294967295);
ALTER TABLE {schema}.kinds ENABLE ROW LEVEL SECURITY;

-- Numbers are given by the tables, and what happened to a parked stream stays written.
DO $$
DECLARE
    granted record;
BEGIN
    FOR granted IN
        SELECT c.relname, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END
            AS grantee, array_agg(a.privilege_type) AS rights
        FROM pg_class c, aclexplode(c.relacl) a
        WHERE c.relnamespace = '{schema}'::regnamespace AND a.grantee <> c.relowner
            AND c.relname IN ('events', 'streams', 'kinds', 'parking_log')
        GROUP BY 1, 2
    LOOP
        IF granted.relname = 'events' THEN
            IF 'SELECT' = ANY (granted.rights) THEN
                EXECUTE format('GRANT SELECT ON SEQUENCE {schema}.position_seq TO %s', granted.grantee);
            END IF;
            CONTINUE;
        END IF;
        -- What a role passed on goes with it, and is granted to each anew.
        EXECUTE format('REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON {schema}.%I FROM %s CASCADE',
            granted.relname, granted.grantee);
        IF 'INSERT' = ANY (granted.rights) THEN
            EXECUTE format('GRANT INSERT (%s) ON {schema}.%I TO %s',
                CASE granted.relname WHEN 'streams' THEN 'name, category'
                    WHEN 'kinds' THEN 'category, name, version'
                    ELSE 'subscription, stream, version, action, actor, reason, at' END,
                granted.relname, granted.grantee);
        END IF;
    END LOOP;
END $$;

-- Divides the log by position, in partitions of so many events, so that old ones can be moved to slower disks;
-- of a log that is divided, has another partition stand ready. Answers with where the last one begins.
CREATE OR REPLACE FUNCTION {schema}.partition_events(events_each bigint) RETURNS bigint LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    granted record;
    sessions bigint;
    owner name;
    head bigint;
    last_part regclass;
    lower_bound bigint;
    upper_bound bigint;
BEGIN
    IF events_each IS NULL OR events_each < 1 OR events_each > 1000000000000 THEN
        RAISE EXCEPTION 'expected 1 to 1000000000000 events in a partition, found %', events_each
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM pg_advisory_xact_lock({lock});
    LOCK TABLE {schema}.events IN ACCESS EXCLUSIVE MODE;
    head := (SELECT coalesce(max(position), 0) FROM {schema}.events);
    IF (SELECT relkind = 'r' FROM pg_class WHERE oid = '{schema}.events'::regclass) THEN
        -- An open store counts on indexes that refuse what is there already, which those of partitions cannot.
        -- One that was closed just now is waited for.
        FOR attempt IN 1 .. 100 LOOP
            PERFORM pg_stat_clear_snapshot();
            SELECT count(*) INTO sessions FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()
                AND starts_with(application_name, 'esrs');
            EXIT WHEN sessions = 0;
            PERFORM pg_sleep(0.05);
        END LOOP;
        IF sessions > 0 THEN
            RAISE EXCEPTION 'expected no open store, found % sessions of one; close every program that has the '
                'log open, and divide it then', sessions USING ERRCODE = 'object_in_use';
        END IF;
        owner := (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = '{schema}.events'::regclass);
        ALTER TABLE {schema}.events RENAME TO events_of_old;
        -- Unique within a partition is all that an index can be: the store looks for what is there itself.
        FOR granted IN
            SELECT conname FROM pg_constraint
            WHERE conrelid = '{schema}.events_of_old'::regclass AND contype IN ('p', 'u')
        LOOP
            EXECUTE format('ALTER TABLE {schema}.events_of_old DROP CONSTRAINT %I', granted.conname);
        END LOOP;
        DROP POLICY IF EXISTS all_is_read ON {schema}.events_of_old;
        DROP POLICY IF EXISTS events_stand_at_the_end ON {schema}.events_of_old;
        -- It comes back with the one on the whole.
        DROP TRIGGER events_are_never_updated ON {schema}.events_of_old;
        CREATE TABLE {schema}.events (LIKE {schema}.events_of_old INCLUDING DEFAULTS)
            PARTITION BY RANGE (position);
        EXECUTE format('ALTER TABLE {schema}.events OWNER TO %I', owner);
        ALTER TABLE {schema}.events ADD PRIMARY KEY (position);
        CREATE INDEX ON {schema}.events (event_id);
        CREATE INDEX ON {schema}.events (stream, version);
        FOR granted IN
            SELECT DISTINCT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END
                AS grantee
            FROM pg_class, aclexplode(relacl)
            WHERE oid = '{schema}.events'::regclass AND grantee <> relowner
        LOOP
            EXECUTE format('REVOKE ALL ON {schema}.events FROM %s', granted.grantee);
        END LOOP;
        FOR granted IN
            SELECT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END AS grantee,
                privilege_type, is_grantable
            FROM pg_class, aclexplode(relacl)
            WHERE oid = '{schema}.events_of_old'::regclass AND grantee <> relowner
        LOOP
            EXECUTE format('GRANT %s ON {schema}.events TO %s %s', granted.privilege_type, granted.grantee,
                CASE WHEN granted.is_grantable THEN 'WITH GRANT OPTION' END);
        END LOOP;
        FOR granted IN
            SELECT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END AS grantee,
                privilege_type, is_grantable, attname
            FROM pg_attribute JOIN pg_class c ON c.oid = attrelid, aclexplode(attacl)
            WHERE attrelid = '{schema}.events_of_old'::regclass AND NOT attisdropped AND grantee <> relowner
        LOOP
            EXECUTE format('GRANT %s (%I) ON {schema}.events TO %s %s',
                granted.privilege_type, granted.attname, granted.grantee,
                CASE WHEN granted.is_grantable THEN 'WITH GRANT OPTION' END);
        END LOOP;
        lower_bound := head + 1;
        EXECUTE format('ALTER TABLE {schema}.events ATTACH PARTITION {schema}.events_of_old
            FOR VALUES FROM (MINVALUE) TO (%s)', lower_bound);
        upper_bound := lower_bound + events_each;
        EXECUTE format('CREATE TABLE {schema}.%I PARTITION OF {schema}.events FOR VALUES FROM (%s) TO (%s)',
            'events_from_' || lower_bound, lower_bound, upper_bound);
        CREATE TRIGGER events_are_never_updated BEFORE UPDATE OR DELETE ON {schema}.events
            FOR EACH ROW EXECUTE FUNCTION {schema}.refuse_change();
        CREATE TRIGGER events_are_never_truncated BEFORE TRUNCATE ON {schema}.events
            FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();
        CREATE OR REPLACE VIEW {schema}.log AS
            SELECT e.position, s.category, s.name AS stream, e.version, k.name AS event,
                k.version AS event_version, e.event_id, e.recorded_at, e.correlation_id, e.causation_id,
                {schema}.to_jsonb_or_null(e.metadata) AS metadata,
                {schema}.to_jsonb_or_null(e.payload) AS payload
            FROM {schema}.events e
            JOIN {schema}.streams s ON s.id = e.stream
            JOIN {schema}.kinds k ON k.id = e.kind;
    ELSE
        -- The last partition takes all that is to come: it ends where the new one begins.
        SELECT c.oid::regclass, substring(pg_get_expr(c.relpartbound, c.oid) FROM 'FROM \(''?([0-9]+)''?\)')
        INTO STRICT last_part, lower_bound
        FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
        WHERE inhparent = '{schema}.events'::regclass
            AND pg_get_expr(c.relpartbound, c.oid) LIKE '%TO (MAXVALUE)';
        upper_bound := greatest(lower_bound + events_each, head + 1);
        EXECUTE format('ALTER TABLE {schema}.events DETACH PARTITION %s', last_part);
        EXECUTE format('ALTER TABLE {schema}.events ATTACH PARTITION %s FOR VALUES FROM (%s) TO (%s)',
            last_part, lower_bound, upper_bound);
    END IF;
    EXECUTE format('CREATE TABLE {schema}.%I PARTITION OF {schema}.events FOR VALUES FROM (%s) TO (MAXVALUE)',
        'events_from_' || upper_bound, upper_bound);
    PERFORM {schema}.protect_events();
    RETURN upper_bound;
END $$;

REVOKE EXECUTE ON FUNCTION {schema}.protect_events(), {schema}.partition_events(bigint) FROM PUBLIC;
