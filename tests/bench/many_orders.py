"""Three years of orders for a region of forty exchanges, in bulk and by SQL: for benches only.

99.5 % are closed; the open ones are of the last days. Each order has its events, the newest also their deliveries.
"""

import asyncpg

STOS, SITES, TECHNICIANS, DESKS = 40, 10, 600, 60
LEAST_OPEN = 300
_KEPT = {"orders", "event", "delivery", "outbox"}

_PLACES = f"""
INSERT INTO witel (id, code, name) VALUES (1, 'SDO', 'Sidoarjo');
INSERT INTO site_operation (id, witel_id, code, name, zone, opens, closes, active)
    SELECT n, 1, 'SO-' || n, 'Unit ' || n, 'Asia/Jakarta', '08:00', '17:00', true FROM generate_series(1, {SITES}) n;
INSERT INTO sto (id, site_operation_id, code, name, active)
    SELECT n, 1 + (n - 1) / ({STOS} / {SITES}), 'S' || chr(65 + n / 26) || chr(65 + n % 26), 'STO ' || n, true
    FROM generate_series(1, {STOS}) n;
INSERT INTO person (id, name, role, technician_code, telegram_id, language, active)
    SELECT n, 'Teknisi ' || n, 'technician', 'F5' || n, 7000000 + n, 'id', true
    FROM generate_series(1, {TECHNICIANS}) n;
INSERT INTO person (id, name, role, username, language, active)
    SELECT {TECHNICIANS} + n, 'Petugas ' || n, 'helpdesk', 'petugas' || n, 'id', true
    FROM generate_series(1, {DESKS}) n;
INSERT INTO person (id, name, role, username, language, active)
    VALUES (1000, 'Sari Admin', 'admin', 'sari', 'id', true);
INSERT INTO person_area (id, person_id, site_operation_id)
    SELECT row_number() OVER (), id, 1 + id % {SITES} FROM person WHERE role <> 'admin';
INSERT INTO chat (id, kind, title, last_message_id)
    SELECT telegram_id, 'private', name, 1000 FROM person WHERE role = 'technician';
"""

_DRAFT = """
CREATE TEMP TABLE draft AS
SELECT n, mood, kind, sto, tech, desk, registered_at, took,
    CASE WHEN NOT open THEN CASE WHEN mood < 0.04 THEN 'BATAL' ELSE 'SELESAI' END
         WHEN mood < 0.4 THEN 'BARU' WHEN mood < 0.8 THEN 'OGP' ELSE 'KENDALA' END AS status
FROM (
    SELECT n, random() AS mood, (ARRAY['AO', 'AO', 'AO', 'MO', 'PDA', 'CONFIG'])[1 + floor(random() * 6)::int] AS kind,
        1 + floor(random() ^ 1.5 * {stos})::int AS sto, 1 + floor(random() * {technicians})::int AS tech,
        1 + floor(random() * {desks})::int AS desk, n > {many} - {open} AS open,
        CASE WHEN n > {many} - {open} THEN now() - interval '4 days' * random() ^ 2
             ELSE now() - interval '3 years' * (1 - n::float8 / {many}) - interval '9 hours' * random() END
            AS registered_at,
        interval '5 minutes' + interval '3 hours' * random() ^ 3 AS took
    FROM generate_series(1, {many}) n) drawn
"""

_ORDERS = """
INSERT INTO orders (version, registration_no, type_code, keeps_number, status_code, category, reason_id, feedback,
    serial, sto_id, sto_code, odp, technician_code, technician_id, registered_by, holder_id, note, warnings, source,
    chat_id, message_id, registered_at, status_at, closed_at, target_seconds, used_seconds, running_since, due_at,
    sort_at)
SELECT CASE status WHEN 'BARU' THEN 1 WHEN 'OGP' THEN 2 ELSE 3 END, 'SC' || (20000000 + n), kind, kind <> 'CONFIG',
    status, s.category,
    CASE status WHEN 'KENDALA' THEN obstacle.id WHEN 'BATAL' THEN cancel.id END,
    CASE WHEN status IN ('SELESAI', 'KENDALA') THEN 'Sudah kami periksa, terima kasih.' ELSE '' END,
    (ARRAY['ZTEGC', 'HWTC4', 'FHTT9', 'ALCLF'])[1 + n % 4] || upper(lpad(to_hex(n::bigint * 7919 % 268435456), 7, '0')),
    sto, t.code, 'ODP-' || t.code || '-' || lpad((n * 31 % 400)::text, 3, '0'), 'F5' || tech, tech, tech,
    CASE WHEN status <> 'BARU' THEN {technicians} + desk END,
    CASE n % 12 WHEN 0 THEN 'pelanggan minta sore' WHEN 1 THEN 'rumah pagar hijau' ELSE '' END, '[]', 'bot',
    7000000 + tech, n, registered_at, least(registered_at + took, now()),
    CASE WHEN s.category IN ('done', 'cancelled') THEN least(registered_at + took, now()) END,
    k.target_minutes * 60, CASE WHEN s.category IN ('done', 'cancelled') THEN extract(epoch FROM took)::int ELSE 0 END,
    CASE WHEN s.category IN ('received', 'working') THEN registered_at END,
    CASE WHEN s.category IN ('received', 'working') THEN registered_at + interval '1 hour' END,
    CASE s.category WHEN 'obstacle' THEN '2999-01-01 00:00+00'
        WHEN 'received' THEN registered_at + interval '1 hour' WHEN 'working' THEN registered_at + interval '1 hour'
        ELSE least(registered_at + took, now()) END
FROM draft
JOIN sto t ON t.id = sto JOIN order_status s ON s.code = status JOIN order_type k ON k.code = kind
CROSS JOIN LATERAL (SELECT id FROM reason WHERE status_code = 'KENDALA' ORDER BY (id + n) % 12 LIMIT 1) obstacle
CROSS JOIN LATERAL (SELECT id FROM reason WHERE status_code = 'BATAL' ORDER BY (id + n) % 3 LIMIT 1) cancel
ORDER BY n
"""

_EVENTS = """
INSERT INTO event (name, at, order_id, seq, actor_id, source, payload)
SELECT * FROM (
    SELECT 'order.registered', o.registered_at AS at, o.id, 1, o.registered_by, 'bot',
        jsonb_build_object('order_id', o.id) FROM orders o
    UNION ALL
    SELECT 'order.changed', least(o.registered_at + interval '6 minutes', now()), o.id, 2, o.holder_id, 'web',
        jsonb_build_object('order_id', o.id, 'old', 'BARU', 'new', 'OGP', 'reason_id', NULL, 'note', '', 'tell', true)
    FROM orders o WHERE o.version >= 2
    UNION ALL
    SELECT 'order.changed', o.status_at, o.id, 3, o.holder_id, 'web',
        jsonb_build_object('order_id', o.id, 'old', 'OGP', 'new', o.status_code, 'reason_id', o.reason_id,
            'note', o.feedback, 'tell', true)
    FROM orders o WHERE o.version >= 3) told
ORDER BY at
"""

_DELIVERIES = """
INSERT INTO delivery (event_id, order_id, chat_id, kind, lane, method, payload, brief, keep, attempts, repeated,
    floor_id, state, message_id, created_at, sent_at)
SELECT e.id, e.order_id, o.chat_id, 'status', 1, 'sendMessage',
    jsonb_build_object('text', o.registration_no || ' ' || o.status_code), '', true, 0, false, 0, 'sent', e.id,
    e.at, e.at
FROM event e JOIN orders o ON o.id = e.order_id
WHERE e.name = 'order.changed' AND e.at > now() - interval '90 days'
"""


async def fill(url: str, many: int) -> None:
    """Fill an empty migrated database with so many orders; a superuser's URL. A million take a few minutes."""
    connection = await asyncpg.connect(url, command_timeout=1800)
    try:
        await connection.execute("SET session_replication_role = replica; SET maintenance_work_mem = '512MB'")
        await connection.execute("SET work_mem = '256MB'; SET synchronous_commit = off; SELECT setseed(0.2026)")
        await connection.execute(_PLACES)
        indexes = await connection.fetch(
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename = ANY($1::text[])"
            " AND indexname NOT LIKE 'pk_%'",
            list(_KEPT),
        )
        for index in indexes:
            await connection.execute(f"DROP INDEX {index['indexname']}")
        given = {"many": many, "open": max(LEAST_OPEN, many // 200), "stos": STOS}
        given |= {"technicians": TECHNICIANS, "desks": DESKS}
        for statement in (_DRAFT, _ORDERS, _EVENTS, _DELIVERIES):
            await connection.execute(statement.format(**given))
        for index in indexes:
            await connection.execute(index["indexdef"])
        for table in ("person", "site_operation", "sto", "witel", "person_area"):
            await connection.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
            )
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()
