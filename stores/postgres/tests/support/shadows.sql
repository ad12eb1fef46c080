-- Says into the server's log that it was called, which outlives a transaction that is rolled back.
CREATE FUNCTION {in}.esrs_test_note(what text) RETURNS boolean LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE LOG 'a shadow was called: %', what;
    RETURN true;
END $$;

-- Runs a statement if it can be run; says whether it was.
CREATE FUNCTION {in}.esrs_test_try(statement text) RETURNS integer LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET client_min_messages = error
AS $$
BEGIN
    EXECUTE statement;
    RETURN 1;
EXCEPTION WHEN OTHERS THEN
    RETURN 0;
END $$;

-- Makes a function, an operator, a cast, a type and a relation for each of these names that PostgreSQL or the
-- store has, with the same arguments and with more specific ones.
CREATE FUNCTION {in}.esrs_test_shadow(words text[], operators text[]) RETURNS bigint LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    made bigint := 0;
    one record;
    other record;
    variant integer;
    arguments text;
    scalars text[] := ARRAY['text', 'bigint', 'uuid', 'name', 'integer', 'boolean', 'json', 'timestamptz'];
    types text[] := scalars || ARRAY['varchar', 'oid', 'regclass', '"char"', 'interval', 'numeric', 'text[]'];
BEGIN
    -- Functions and aggregates; NULL stands for what it answers.
    FOR one IN
        SELECT p.oid, p.proname, p.proretset, p.prokind, format_type(p.prorettype, NULL) AS result,
            t.typtype AS result_kind,
            ARRAY(SELECT format_type(a, NULL) FROM unnest(p.proargtypes) WITH ORDINALITY AS u (a, n) ORDER BY n)
                AS argument_types
        FROM pg_proc p JOIN pg_type t ON t.oid = p.prorettype
        WHERE p.pronamespace IN ('pg_catalog'::regnamespace, 'esrs'::regnamespace)
            AND p.proname = ANY (words) AND p.pronargs <= 6
    LOOP
        FOR variant IN 0 .. 8 LOOP
            arguments := (
                SELECT coalesce(string_agg(CASE
                    WHEN a IN ('any', '"any"', 'anyelement', 'anynonarray', 'anycompatible', 'anyenum')
                        THEN scalars[1 + variant % 8]
                    WHEN a IN ('anyarray', 'anycompatiblearray') THEN scalars[1 + variant % 8] || '[]'
                    WHEN a = 'regclass' AND variant > 0 THEN (ARRAY['text', 'name', 'varchar'])[1 + variant % 3]
                    WHEN a = 'numeric' AND variant > 0 THEN (ARRAY['bigint', 'integer'])[1 + variant % 2]
                    WHEN a = 'bigint' AND variant IN (3, 4, 7) THEN 'integer'
                    WHEN a = 'text' AND variant > 4 THEN 'name'
                    ELSE a END, ', ' ORDER BY n), '')
                FROM unnest(one.argument_types) WITH ORDINALITY AS u (a, n));
            made := made + {in}.esrs_test_try(format(
                'CREATE FUNCTION {in}.%I(%s) RETURNS %s %s LANGUAGE plpgsql AS
                 $f$ BEGIN PERFORM {in}.esrs_test_note(%L); RETURN%s; END $f$',
                one.proname, arguments, CASE WHEN one.proretset THEN 'SETOF' ELSE '' END,
                CASE one.result_kind WHEN 'p' THEN CASE WHEN one.result = 'void' THEN 'void'
                    ELSE scalars[1 + variant % 8] END ELSE one.result END,
                one.proname || '(' || arguments || ')',
                CASE WHEN one.proretset OR one.result = 'void' THEN '' ELSE ' NULL' END));
        END LOOP;
    END LOOP;
    -- `format` and its like take any number of arguments.
    FOR one IN
        SELECT w AS name, n FROM unnest(ARRAY['format', 'concat', 'concat_ws', 'json_build_object']) w,
            generate_series(1, 5) n
    LOOP
        FOR variant IN 0 .. 1 LOOP
            arguments := (SELECT string_agg((ARRAY['text', 'name'])[1 + variant * (i % 2)], ', ')
                FROM generate_series(1, one.n) i);
            made := made + {in}.esrs_test_try(format(
                'CREATE FUNCTION {in}.%I(%s) RETURNS text LANGUAGE plpgsql AS
                 $f$ BEGIN PERFORM {in}.esrs_test_note(%L); RETURN NULL; END $f$',
                one.name, arguments, one.name || '(' || arguments || ')'));
        END LOOP;
    END LOOP;
    -- Operators, of every two types.
    FOR one IN SELECT l, r FROM unnest(types) l, unnest(types) r LOOP
        FOR other IN
            SELECT DISTINCT oprname, oprresult = 'boolean'::regtype AS is_boolean
            FROM pg_operator WHERE oprname = ANY (operators) AND oprnamespace = 'pg_catalog'::regnamespace
                AND oprname IN ('=', '<>', '<', '>', '<=', '>=', '||', '+', '-', '*', '/', '~', '!~', '->', '->>', '%')
                AND oprleft <> 0
        LOOP
            arguments := format('%s, %s', one.l, one.r);
            made := made + {in}.esrs_test_try(format(
                'CREATE FUNCTION {in}.esrs_test_operator_%s(%s) RETURNS %s LANGUAGE plpgsql AS
                 $f$ BEGIN PERFORM {in}.esrs_test_note(%L); RETURN NULL; END $f$;
                 CREATE OPERATOR {in}.%s (FUNCTION = {in}.esrs_test_operator_%s, LEFTARG = %s, RIGHTARG = %s)',
                (SELECT string_agg(ascii(c)::text, '_') FROM regexp_split_to_table(other.oprname, '') c),
                arguments, CASE WHEN other.is_boolean THEN 'boolean' ELSE one.l END,
                format('operator %s (%s)', other.oprname, arguments), other.oprname,
                (SELECT string_agg(ascii(c)::text, '_') FROM regexp_split_to_table(other.oprname, '') c),
                one.l, one.r));
        END LOOP;
    END LOOP;
    -- Casts to and from a type of its own, which nobody has to name.
    FOR one IN SELECT t, n FROM unnest(types) WITH ORDINALITY AS u (t, n) LOOP
        made := made + {in}.esrs_test_try(format(
            'CREATE TYPE {in}.esrs_test_cast_%1$s AS (a integer);
             CREATE FUNCTION {in}.esrs_test_to_%1$s(%2$s) RETURNS {in}.esrs_test_cast_%1$s LANGUAGE plpgsql AS
                 $f$ BEGIN PERFORM {in}.esrs_test_note(''cast''); RETURN NULL; END $f$;
             CREATE CAST (%2$s AS {in}.esrs_test_cast_%1$s)
                 WITH FUNCTION {in}.esrs_test_to_%1$s(%2$s) AS IMPLICIT;
             CREATE FUNCTION {in}.esrs_test_from_%1$s({in}.esrs_test_cast_%1$s) RETURNS %2$s LANGUAGE plpgsql AS
                 $f$ BEGIN PERFORM {in}.esrs_test_note(''cast''); RETURN NULL; END $f$;
             CREATE CAST ({in}.esrs_test_cast_%1$s AS %2$s)
                 WITH FUNCTION {in}.esrs_test_from_%1$s({in}.esrs_test_cast_%1$s) AS IMPLICIT', one.n, one.t));
    END LOOP;
    -- Types, whose values are looked at when something is cast to them.
    FOR one IN
        SELECT typname, oid FROM pg_type
        WHERE typnamespace = 'pg_catalog'::regnamespace AND typname = ANY (words) AND typtype IN ('b', 'd')
    LOOP
        made := made + {in}.esrs_test_try(format(
            'CREATE DOMAIN {in}.%I AS pg_catalog.%I CHECK ({in}.esrs_test_note(%L))',
            one.typname, one.typname, 'type ' || one.typname));
    END LOOP;
    -- Relations of the store and of the catalog.
    FOR one IN
        SELECT DISTINCT relname FROM pg_class WHERE relname = ANY (words) AND relkind IN ('r', 'v', 'S')
    LOOP
        made := made + {in}.esrs_test_try(format(
            'CREATE VIEW {in}.%I AS SELECT 1 AS position WHERE {in}.esrs_test_note(%L)',
            one.relname, 'relation ' || one.relname));
    END LOOP;
    RETURN made;
END $$;
