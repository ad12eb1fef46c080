-- Takes away the events at positions that the log has not given, and keeps a copy of them. Say which others are
-- to go by another condition, in both statements.
BEGIN;
LOCK TABLE esrs.events IN ACCESS EXCLUSIVE MODE;
CREATE TABLE esrs.events_taken_away AS SELECT * FROM esrs.events
    WHERE position > coalesce(pg_sequence_last_value('esrs.position_seq'), 0);
ALTER TABLE esrs.events DISABLE TRIGGER events_are_never_updated;
DELETE FROM esrs.events
    WHERE position > coalesce(pg_sequence_last_value('esrs.position_seq'), 0);
ALTER TABLE esrs.events ENABLE TRIGGER events_are_never_updated;
COMMIT;
