-- The fingerprint of the command that a key stands for; keys of older programs have none.
ALTER TABLE {schema}.idempotency_keys ADD COLUMN command text;

-- `append_by_name` for commands: it stores their fingerprints, and answers a key that is stored with what was
-- stored under it, so that a repetition takes one round trip. The streams of that are lines of the first
-- version, the last version and the name. Programs that know older tables still call `append_by_name`.
CREATE FUNCTION {schema}.append_commands(
    part_batch integer[], part_stream text[], part_category text[], part_expected bigint[],
    part_last uuid[], part_key text[], part_command text[], part_count integer[],
    kind_id integer[], kind_category text[], kind_name text[], kind_version bigint[],
    event_part integer[], event_number integer[], event_kind integer[], event_ids uuid[],
    event_recorded_at timestamptz[], event_correlation_id uuid[], event_causation_id uuid[],
    event_metadata text[], event_payload text[],
    OUT stream_id bigint, OUT version_before bigint, OUT last_before uuid, OUT first_position bigint,
    OUT key_first bigint, OUT key_last bigint, OUT key_command text, OUT key_streams text
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
    key_firsts bigint[] := array_fill(NULL::bigint, ARRAY[cardinality(part_stream)]);
    key_lasts bigint[] := key_firsts;
    key_commands text[] := key_firsts;
    all_key_streams text[] := key_firsts;
    stored_first bigint;
    stored_last bigint;
    stored_command text;
    stored_streams text;
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
        FOR part, stored_first, stored_last, stored_command IN
            SELECT u.number, k.first_position, k.last_position, k.command
            FROM unnest(part_key, ids) WITH ORDINALITY AS u (key, id, number)
            JOIN {schema}.idempotency_keys k ON k.stream = u.id AND k.key = u.key
        LOOP
            refused[part_batch[part]] := true;
            key_firsts[part] := stored_first;
            key_lasts[part] := stored_last;
            key_commands[part] := stored_command;
            SELECT string_agg(p.first || ' ' || p.last || ' ' || s.name, E'\n' ORDER BY p.position)
            INTO stored_streams
            FROM (
                SELECT e.stream, min(e.version) AS first, max(e.version) AS last,
                    min(e.position) AS position
                FROM {schema}.events e WHERE e.position BETWEEN stored_first AND stored_last
                GROUP BY e.stream
            ) p
            JOIN {schema}.streams s ON s.id = p.stream;
            all_key_streams[part] := stored_streams;
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
        INSERT INTO {schema}.idempotency_keys
            (stream, key, first_position, last_position, command)
        SELECT ids[p.number], p.key, firsts[p.number], firsts[p.number] - 1 + (
            SELECT sum(c.count) FROM unnest(part_count, part_batch) AS c (count, batch)
            WHERE c.batch = p.batch), p.command
        FROM unnest(part_key, part_batch, part_command) WITH ORDINALITY
            AS p (key, batch, command, number)
        WHERE p.key IS NOT NULL AND NOT refused[p.batch];
    END IF;

    RETURN QUERY SELECT u.* FROM unnest(ids, versions, lasts, firsts, key_firsts, key_lasts,
        key_commands, all_key_streams) AS u;
END $$;
