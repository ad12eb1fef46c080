-- What one transaction appends has consecutive positions, and positions are committed in their order:
-- whoever appends holds the advisory lock from before the first until it has committed.
CREATE SEQUENCE {schema}.position_seq AS bigint MINVALUE 1 CACHE 1;

CREATE TABLE {schema}.kinds (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    category text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    UNIQUE (category, name, version)
);

CREATE TABLE {schema}.streams (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE,
    category text COLLATE "C" NOT NULL
);

-- No foreign keys: each would lock the row it names at every append. `append` sees to them.
CREATE TABLE {schema}.events (
    position bigint NOT NULL PRIMARY KEY,
    stream bigint NOT NULL,
    version bigint NOT NULL,
    kind integer NOT NULL,
    event_id uuid NOT NULL UNIQUE,
    recorded_at timestamptz NOT NULL,
    correlation_id uuid,
    causation_id uuid,
    metadata json,
    payload json NOT NULL,
    UNIQUE (stream, version)
);

CREATE TABLE {schema}.idempotency_keys (
    stream bigint NOT NULL,
    key text COLLATE "C" NOT NULL,
    first_position bigint NOT NULL,
    last_position bigint NOT NULL,
    PRIMARY KEY (stream, key)
);

-- One snapshot of a stream: the next takes its place.
CREATE TABLE {schema}.snapshots (
    stream bigint NOT NULL PRIMARY KEY,
    fold bigint NOT NULL,
    version bigint NOT NULL,
    position bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    state json NOT NULL
);

CREATE FUNCTION {schema}.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an event that is stored is never changed nor deleted'
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER events_are_never_updated BEFORE UPDATE OR DELETE ON {schema}.events
    FOR EACH ROW EXECUTE FUNCTION {schema}.refuse_change();
CREATE TRIGGER events_are_never_truncated BEFORE TRUNCATE ON {schema}.events
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();

-- JSON that jsonb cannot hold, such as a text with \u0000 in it, is NULL there.
CREATE FUNCTION {schema}.to_jsonb_or_null(document json) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    RETURN document::jsonb;
EXCEPTION WHEN untranslatable_character OR invalid_text_representation
    OR numeric_value_out_of_range OR program_limit_exceeded THEN
    RETURN NULL;
END $$;

-- The log as people ask it; the store itself does not.
CREATE VIEW {schema}.log AS
    SELECT e.position, s.category, s.name AS stream, e.version, k.name AS event,
        k.version AS event_version, e.event_id, e.recorded_at, e.correlation_id, e.causation_id,
        {schema}.to_jsonb_or_null(e.metadata) AS metadata,
        {schema}.to_jsonb_or_null(e.payload) AS payload
    FROM {schema}.events e
    JOIN {schema}.streams s ON s.id = e.stream
    JOIN {schema}.kinds k ON k.id = e.kind;

-- Appends several batches. Each is stored as a whole or refused as a whole; a stream stands in one
-- of them only. Says of each part at which version its stream was, and of those that were stored
-- where they came to stand. `part_id` is the number of the part's stream, where that is known.
--
-- Its lock is taken by a statement of its own, so that those behind it see all that was committed.
CREATE FUNCTION {schema}.append(
    part_batch integer[], part_stream text[], part_category text[], part_expected bigint[],
    part_key text[], part_count integer[], part_id bigint[],
    event_part integer[], event_number integer[], event_kind integer[], event_ids uuid[],
    event_recorded_at timestamptz[], event_correlation_id uuid[], event_causation_id uuid[],
    event_metadata text[], event_payload text[],
    OUT stream_id bigint, OUT version_before bigint, OUT first_position bigint
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
    firsts bigint[] := array_fill(NULL::bigint, ARRAY[cardinality(part_stream)]);
    refused boolean[] := array_fill(false, ARRAY[part_batch[cardinality(part_batch)]]);
BEGIN
    PERFORM pg_advisory_xact_lock({lock});

    SELECT array_agg(p.id ORDER BY p.number), array_agg(
        coalesce((SELECT e.version FROM {schema}.events e WHERE e.stream = p.id
            ORDER BY e.version DESC LIMIT 1), 0) ORDER BY p.number)
    INTO ids, versions
    FROM (
        SELECT u.number, coalesce(u.id, (SELECT s.id FROM {schema}.streams s
            WHERE s.name = u.name)) AS id
        FROM unnest(part_stream, part_id) WITH ORDINALITY AS u (name, id, number) OFFSET 0
    ) p;

    -- No query in a condition of the loop: it would be run anew each time.
    FOR part IN 1 .. cardinality(part_stream) LOOP
        IF part_expected[part] >= 0 AND part_expected[part] <> versions[part] THEN
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

    RETURN QUERY SELECT u.* FROM unnest(ids, versions, firsts) AS u;
END $$;

-- The number of an event's type, which is given once.
CREATE FUNCTION {schema}.kind_of(of_category text, of_name text, of_version bigint)
RETURNS integer LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found integer;
BEGIN
    SELECT k.id INTO found FROM {schema}.kinds k
    WHERE k.category = of_category AND k.name = of_name AND k.version = of_version;
    IF found IS NULL THEN
        INSERT INTO {schema}.kinds (category, name, version)
        VALUES (of_category, of_name, of_version)
        ON CONFLICT DO NOTHING RETURNING id INTO found;
    END IF;
    -- Another transaction was faster, and is committed by now.
    IF found IS NULL THEN
        SELECT k.id INTO STRICT found FROM {schema}.kinds k
        WHERE k.category = of_category AND k.name = of_name AND k.version = of_version;
    END IF;
    RETURN found;
END $$;
