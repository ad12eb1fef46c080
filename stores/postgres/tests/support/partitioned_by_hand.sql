-- Divides a log by position, so that old partitions can be moved to slower disks, or detached once
-- they are kept elsewhere. No program may have the store open meanwhile.
BEGIN;

-- What is there becomes the first partition, under the bound that the next begins with.
ALTER TABLE esrs.events RENAME TO events_of_old;
CREATE TABLE esrs.events (LIKE esrs.events_of_old INCLUDING DEFAULTS) PARTITION BY RANGE (position);
-- Unique within a partition is all that an index can be: the store looks for what is there itself.
ALTER TABLE esrs.events_of_old DROP CONSTRAINT events_event_id_key;
ALTER TABLE esrs.events_of_old DROP CONSTRAINT events_stream_version_key;
ALTER TABLE esrs.events_of_old DROP CONSTRAINT events_pkey;
-- It comes back with the one on the whole.
DROP TRIGGER events_are_never_updated ON esrs.events_of_old;
ALTER TABLE esrs.events ADD PRIMARY KEY (position);
CREATE INDEX ON esrs.events (event_id);
CREATE INDEX ON esrs.events (stream, version);

DO $$
DECLARE
    bound bigint := (SELECT coalesce(max(position), 0) + 1 FROM esrs.events_of_old);
    -- As many events as a partition is to hold.
    size bigint := 10000000;
BEGIN
    EXECUTE format('ALTER TABLE esrs.events ATTACH PARTITION esrs.events_of_old
        FOR VALUES FROM (MINVALUE) TO (%s)', bound);
    EXECUTE format('CREATE TABLE esrs.events_from_%1$s PARTITION OF esrs.events
        FOR VALUES FROM (%1$s) TO (%2$s)', bound, bound + size);
    -- The next one has to be there before this one is full: make it from time to time.
    EXECUTE format('CREATE TABLE esrs.events_from_%1$s PARTITION OF esrs.events
        FOR VALUES FROM (%1$s) TO (MAXVALUE)', bound + size);
END $$;

CREATE TRIGGER events_are_never_updated BEFORE UPDATE OR DELETE ON esrs.events
    FOR EACH ROW EXECUTE FUNCTION esrs.refuse_change();
CREATE TRIGGER events_are_never_truncated BEFORE TRUNCATE ON esrs.events
    FOR EACH STATEMENT EXECUTE FUNCTION esrs.refuse_change();

CREATE OR REPLACE VIEW esrs.log AS
    SELECT e.position, s.category, s.name AS stream, e.version, k.name AS event,
        k.version AS event_version, e.event_id, e.recorded_at, e.correlation_id, e.causation_id,
        esrs.to_jsonb_or_null(e.metadata) AS metadata,
        esrs.to_jsonb_or_null(e.payload) AS payload
    FROM esrs.events e
    JOIN esrs.streams s ON s.id = e.stream
    JOIN esrs.kinds k ON k.id = e.kind;

COMMIT;
