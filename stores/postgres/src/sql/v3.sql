-- How long a lease was claimed for, in microseconds: no claim waits longer, wherever the clock went.
ALTER TABLE {schema}.leases ADD COLUMN duration bigint;

-- The last event that a subscription has taken, which shows that the log is the one it was taken from;
-- and why the program that runs it has failed.
ALTER TABLE {schema}.subscriptions
    ADD COLUMN mark_position bigint, ADD COLUMN mark_id uuid, ADD COLUMN failure text;

-- Definitions of read models that another has replaced.
CREATE TABLE {schema}.superseded (
    name text COLLATE "C" NOT NULL,
    definition text NOT NULL
);
-- A definition may be longer than what an index holds.
CREATE UNIQUE INDEX ON {schema}.superseded (name, md5(definition));

-- Programs that may follow the log may write this table too.
DO $$
DECLARE
    granted record;
BEGIN
    FOR granted IN
        SELECT DISTINCT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END
            AS grantee, privilege_type
        FROM pg_class, aclexplode(relacl)
        WHERE oid = '{schema}.subscriptions'::regclass AND grantee <> relowner
            AND privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
    LOOP
        EXECUTE format('GRANT %s ON {schema}.superseded TO %s', granted.privilege_type, granted.grantee);
    END LOOP;
END $$;

-- Refuses to go on for a holder whose lease was taken over; it is not taken over before the transaction
-- ends.
CREATE FUNCTION {schema}.hold_lease(of_name text, of_fence bigint) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM FROM {schema}.leases l WHERE l.name = of_name AND l.fence = of_fence FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the lease was taken over' USING ERRCODE = 'ES001';
    END IF;
END $$;

-- A step ends when it says so, and by no statement of a handler. Steps of programs that know older tables
-- are `begun`, and do not say so.
CREATE FUNCTION {schema}.refuse_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('esrs.step', true) = 'open' THEN
        RAISE EXCEPTION 'a statement would end the transaction of the step, which ends by itself'
            USING ERRCODE = 'ES003';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER steps_end_by_themselves AFTER UPDATE ON {schema}.subscriptions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (current_setting('esrs.step', true) = 'open')
    EXECUTE FUNCTION {schema}.refuse_end();

-- `append`, by names instead of numbers that the program remembers: those may be of another history,
-- which a fail-over or a restored backup has ended. Kinds are numbered before; each has to be the kind
-- that the program takes it for. A part may name the event that its stream has to end with.
CREATE FUNCTION {schema}.append_by_name(
    part_batch integer[], part_stream text[], part_category text[], part_expected bigint[],
    part_last uuid[], part_key text[], part_count integer[],
    kind_id integer[], kind_category text[], kind_name text[], kind_version bigint[],
    event_part integer[], event_number integer[], event_kind integer[], event_ids uuid[],
    event_recorded_at timestamptz[], event_correlation_id uuid[], event_causation_id uuid[],
    event_metadata text[], event_payload text[],
    OUT stream_id bigint, OUT version_before bigint, OUT last_before uuid, OUT first_position bigint
) RETURNS SETOF record LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
AS $$
DECLARE
    part integer;
    new_id bigint;
    has_keys boolean := cardinality(array_remove(part_key, NULL)) > 0;
    next_position bigint;
    ids bigint[];
    versions bigint[];
    lasts uuid[];
    firsts bigint[] := array_fill(NULL::bigint, ARRAY[cardinality(part_stream)]);
    refused boolean[] := array_fill(false, ARRAY[part_batch[cardinality(part_batch)]]);
BEGIN
    PERFORM pg_advisory_xact_lock({lock});

    PERFORM FROM unnest(kind_id, kind_category, kind_name, kind_version)
            AS u (id, category, name, version)
        WHERE (SELECT k.id FROM {schema}.kinds k
            WHERE k.id = u.id AND k.category = u.category AND k.name = u.name
                AND k.version = u.version) IS NULL;
    IF FOUND THEN
        RAISE EXCEPTION 'a kind has another number' USING ERRCODE = 'ES002';
    END IF;

    SELECT array_agg(p.id ORDER BY p.number), array_agg(coalesce(p.version, 0) ORDER BY p.number),
        array_agg(p.event_id ORDER BY p.number)
    INTO ids, versions, lasts
    FROM (
        SELECT u.number, s.id, l.version, l.event_id
        FROM unnest(part_stream) WITH ORDINALITY AS u (name, number)
        LEFT JOIN LATERAL (SELECT s.id FROM {schema}.streams s WHERE s.name = u.name OFFSET 0) s
            ON true
        LEFT JOIN LATERAL (SELECT e.version, e.event_id FROM {schema}.events e
            WHERE e.stream = s.id ORDER BY e.version DESC LIMIT 1) l ON true
    ) p;

    -- No query in a condition of the loop: it would be run anew each time.
    FOR part IN 1 .. cardinality(part_stream) LOOP
        IF part_expected[part] >= 0 AND part_expected[part] <> versions[part]
            OR part_last[part] IS NOT NULL AND part_last[part] IS DISTINCT FROM lasts[part] THEN
            refused[part_batch[part]] := true;
        END IF;
    END LOOP;

    IF has_keys THEN
        FOR part IN
            SELECT u.number FROM unnest(part_key, ids) WITH ORDINALITY AS u (key, id, number)
            WHERE (SELECT k.first_position FROM {schema}.idempotency_keys k
                WHERE k.stream = u.id AND k.key = u.key) IS NOT NULL
        LOOP
            refused[part_batch[part]] := true;
        END LOOP;
    END IF;

    FOR part IN
        SELECT u.part FROM unnest(event_ids, event_part) AS u (id, part)
        WHERE (SELECT e.position FROM {schema}.events e WHERE e.event_id = u.id) IS NOT NULL
    LOOP
        refused[part_batch[part]] := true;
    END LOOP;

    FOR part IN 1 .. cardinality(part_stream) LOOP
        IF ids[part] IS NULL AND NOT refused[part_batch[part]] THEN
            INSERT INTO {schema}.streams (name, category)
            VALUES (part_stream[part], part_category[part])
            RETURNING id INTO new_id;
            ids[part] := new_id;
        END IF;
    END LOOP;

    WITH stored AS (
        INSERT INTO {schema}.events (position, stream, version, kind, event_id, recorded_at,
            correlation_id, causation_id, metadata, payload)
        SELECT nextval('{schema}.position_seq'), ids[e.part], versions[e.part] + e.number, e.kind,
            e.id, e.recorded_at, e.correlation_id, e.causation_id, e.metadata::json,
            e.payload::json
        FROM (
            SELECT * FROM unnest(event_part, event_number, event_kind, event_ids,
                event_recorded_at, event_correlation_id, event_causation_id, event_metadata,
                event_payload) WITH ORDINALITY AS u (part, number, kind, id, recorded_at,
                correlation_id, causation_id, metadata, payload, place)
            WHERE NOT refused[part_batch[u.part]]
            ORDER BY u.place
        ) e
        RETURNING position
    )
    SELECT min(position) INTO next_position FROM stored;

    FOR part IN 1 .. cardinality(part_stream) LOOP
        IF NOT refused[part_batch[part]] THEN
            firsts[part] := next_position;
            next_position := next_position + part_count[part];
        END IF;
    END LOOP;

    IF has_keys THEN
        INSERT INTO {schema}.idempotency_keys (stream, key, first_position, last_position)
        SELECT ids[p.number], p.key, firsts[p.number], firsts[p.number] - 1 + (
            SELECT sum(c.count) FROM unnest(part_count, part_batch) AS c (count, batch)
            WHERE c.batch = p.batch)
        FROM unnest(part_key, part_batch) WITH ORDINALITY AS p (key, batch, number)
        WHERE p.key IS NOT NULL AND NOT refused[p.batch];
    END IF;

    RETURN QUERY SELECT u.* FROM unnest(ids, versions, lasts, firsts) AS u;
END $$;
