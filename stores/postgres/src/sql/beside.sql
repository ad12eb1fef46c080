-- Statements that put on the table $3 what is on the table $1 now, in the order in which they run, each with
-- its step; but for the first five of them both have to be of one name. $2 are the columns that the new table
-- has.
WITH model AS (SELECT * FROM pg_class WHERE oid = to_regclass($1) AND $3::text <> ''),
beside (step, statement) AS (
    SELECT 1, format('ALTER TABLE %s ADD CONSTRAINT %I %s', $3, conname, pg_get_constraintdef(c.oid))
    FROM model JOIN pg_constraint c ON conrelid = model.oid WHERE contype IN ('u', 'c', 'x', 'f')
    UNION ALL
    SELECT 2, pg_get_indexdef(i.indexrelid)
    FROM model JOIN pg_index i ON i.indrelid = model.oid
    WHERE NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
    UNION ALL
    SELECT 3, pg_get_statisticsobjdef(s.oid)
    FROM model JOIN pg_statistic_ext s ON s.stxrelid = model.oid
    UNION ALL
    SELECT 4, pg_get_triggerdef(t.oid)
    FROM model JOIN pg_trigger t ON tgrelid = model.oid WHERE NOT tgisinternal
    UNION ALL
    SELECT 5, format('ALTER TABLE %s %s TRIGGER %I', $3,
        CASE tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END,
        tgname)
    FROM model JOIN pg_trigger t ON tgrelid = model.oid WHERE NOT tgisinternal AND tgenabled <> 'O'
    UNION ALL
    SELECT 6, format('CREATE POLICY %I ON %s AS %s FOR %s TO %s%s%s', polname, $3,
        CASE WHEN polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
        CASE polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE'
            WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
        (SELECT string_agg(CASE role WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(role)) END, ', ')
         FROM unnest(polroles) role),
        ' USING (' || pg_get_expr(polqual, polrelid) || ')',
        ' WITH CHECK (' || pg_get_expr(polwithcheck, polrelid) || ')')
    FROM model JOIN pg_policy ON polrelid = model.oid
    UNION ALL
    SELECT 7, format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', $3) FROM model WHERE relrowsecurity
    UNION ALL
    SELECT 7, format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', $3) FROM model WHERE relforcerowsecurity
    UNION ALL
    SELECT 8, format('COMMENT ON TABLE %s IS %L', $3, obj_description(oid, 'pg_class'))
    FROM model WHERE obj_description(oid, 'pg_class') IS NOT NULL
    UNION ALL
    SELECT 8, format('COMMENT ON COLUMN %s.%I IS %L', $3, attname, col_description(oid, attnum))
    FROM model JOIN pg_attribute ON attrelid = oid
    WHERE col_description(oid, attnum) IS NOT NULL AND attname::text = ANY($2)
    UNION ALL
    SELECT 9, format('GRANT %s ON TABLE %s TO %s%s', privilege_type, $3,
        CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
        CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
    FROM model, aclexplode(relacl) WHERE grantee <> relowner
    UNION ALL
    SELECT 9, format('GRANT %s (%I) ON TABLE %s TO %s%s', privilege_type, attname, $3,
        CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
        CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
    FROM model JOIN pg_attribute ON attrelid = oid, aclexplode(attacl)
    WHERE grantee <> relowner AND NOT attisdropped
    UNION ALL
    SELECT 10, format('ALTER TABLE %s OWNER TO %I', $3, pg_get_userbyid(relowner))
    FROM model WHERE pg_get_userbyid(relowner) <> current_user
)
SELECT statement, step FROM beside ORDER BY step
