"""A database that is used again: emptied of what a test wrote, filled with what the migrations had put into it.

A copy of the template costs Postgres 110 ms of processor for each test.
"""

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

_KEEP = r"""
CREATE SCHEMA fresh;
DO $$
DECLARE
    one record;
    body text := '';
    kept bigint;
BEGIN
    FOR one IN
        SELECT t.tablename AS name, (
            SELECT string_agg(quote_ident(a.attname), ', ') FROM pg_attribute a
            WHERE a.attrelid = format('public.%I', t.tablename)::regclass AND a.attnum > 0 AND NOT a.attisdropped
              AND a.attgenerated = ''
        ) AS columns
        FROM pg_tables t WHERE t.schemaname = 'public'
    LOOP
        body := body || format('DELETE FROM public.%I;', one.name);
        EXECUTE format('SELECT count(*) FROM public.%I', one.name) INTO kept;
        IF kept > 0 THEN
            EXECUTE format('CREATE TABLE fresh.%I AS TABLE public.%I', one.name, one.name);
            body := body || format('INSERT INTO public.%I (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM fresh.%I;',
                                   one.name, one.columns, one.columns, one.name);
        END IF;
    END LOOP;
    FOR one IN SELECT sequencename AS name, last_value AS at, start_value FROM pg_sequences WHERE schemaname = 'public'
    LOOP
        body := body || format('PERFORM setval(%L, %s, %L);', format('public.%I', one.name),
                               coalesce(one.at, one.start_value), one.at IS NOT NULL);
    END LOOP;
    -- plain statements in one function: their plans stay with the connection that calls it
    EXECUTE format('CREATE FUNCTION fresh.again() RETURNS void LANGUAGE plpgsql AS %L', 'BEGIN
        -- neither foreign keys nor the guards of the audit log have a say while a test''s world ends
        SET LOCAL session_replication_role = replica;
        PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> ''idle'';
        ' || body || ' END');
END $$;
"""


async def remember(url: str) -> None:
    """Keep what a migrated database holds, for `empty`."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(_KEEP)
    finally:
        await connection.close()


async def empty(engine: AsyncEngine) -> None:
    """As after the migrations; whoever is still in the middle of something is thrown out."""
    async with engine.begin() as connection:
        await connection.execute(text("SELECT fresh.again()"))
