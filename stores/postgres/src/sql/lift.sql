-- Statements that take the constraints and unique indexes of users off the table $1.
WITH model AS (
    SELECT c.oid, nspname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE c.oid = to_regclass($1)
)
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', $1, conname)
FROM model JOIN pg_constraint c ON conrelid = model.oid WHERE contype IN ('u', 'c', 'x', 'f')
UNION ALL
SELECT format('DROP INDEX %I.%I', nspname, one.relname)
FROM model JOIN pg_index i ON i.indrelid = model.oid JOIN pg_class one ON one.oid = i.indexrelid
WHERE i.indisunique AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
