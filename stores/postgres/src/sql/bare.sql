-- Statements that take from the table $1 all rights and policies that it has by itself, as by default
-- privileges, and make it the user's own.
WITH model AS (SELECT * FROM pg_class WHERE oid = to_regclass($1))
SELECT statement FROM (
    SELECT 1 AS step, format('ALTER TABLE %s OWNER TO %I', $1::text, current_user) AS statement
    FROM model WHERE pg_get_userbyid(relowner) <> current_user
    UNION ALL
    SELECT DISTINCT 2, format('REVOKE ALL ON TABLE %s FROM %s', $1,
        CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END)
    FROM model, aclexplode(relacl) WHERE grantee <> relowner
    UNION ALL
    SELECT 3, format('DROP POLICY %I ON %s', polname, $1)
    FROM model JOIN pg_policy ON polrelid = model.oid
    UNION ALL
    SELECT 4, format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY', $1) FROM model WHERE relrowsecurity
) taken ORDER BY step
