-- Statements that put on the table $2, which is built beside the table $1, what rows of that have to fulfil;
-- and how they are written there. Names of indexes are taken, so theirs are others, which PostgreSQL may cut
-- off in the end. A foreign key into the table itself is left out, as it is of the old rows.
WITH model AS (
    SELECT c.oid, relname, nspname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE c.oid = to_regclass($1)
)
SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s', $2::text,
        CASE WHEN contype IN ('c', 'f') THEN conname::text
            ELSE format('esrs_building_%s_%s', left(md5(conname), 8), conname) END,
        pg_get_constraintdef(c.oid)),
    format('ALTER TABLE %s ADD CONSTRAINT %I %s', $1, conname, pg_get_constraintdef(c.oid))
FROM model JOIN pg_constraint c ON conrelid = model.oid
WHERE contype IN ('u', 'c', 'x', 'f') AND confrelid <> conrelid
UNION ALL
SELECT format('CREATE UNIQUE INDEX %I ON %s %s',
        format('esrs_building_%s_%s', left(md5(one.relname), 8), one.relname), $2::text,
        substr(pg_get_indexdef(one.oid),
            length(format('CREATE UNIQUE INDEX %I ON %I.%I ', one.relname, nspname, model.relname)) + 1)),
    pg_get_indexdef(one.oid)
FROM model JOIN pg_index i ON i.indrelid = model.oid JOIN pg_class one ON one.oid = i.indexrelid
WHERE i.indisunique AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
