"""A small unit with many technicians, and open orders from their private chats. Made in bulk, for benches only."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text

from shared.db import transaction
from shared.people import operations as people
from shared.people.access import Viewer
from shared.people.models import Role
from shared.people.queries import viewer_of
from shared.places.models import SiteOperation, Sto, Witel

FIRST_COLLECTOR = 7_000_001  # the same for collectors
FIRST_TECHNICIAN = 6_000_001  # Telegram id, and with it the private chat, of the first of them

_TECHNICIANS = text("""
    INSERT INTO person (name, role, technician_code, telegram_id, language, active)
    SELECT 'Teknisi ' || n, 'technician', 'F5SDA' || (1000 + n), :first + n - 1, 'id', true
    FROM generate_series(1, :count) n
""")
_AREAS = text("""
    INSERT INTO person_area (person_id, site_operation_id)
    SELECT id, :site FROM person WHERE role = 'technician'
""")
_CHATS = text("""
    INSERT INTO chat (id, kind, title, last_message_id)
    SELECT telegram_id, 'private', name, 1000 FROM person WHERE role = 'technician'
""")
_ORDERS = text("""
    INSERT INTO orders (version, registration_no, type_code, keeps_number, status_code, category, feedback, serial,
        sto_id, odp, technician_code, technician_id, registered_by, note, warnings, source, chat_id, message_id,
        registered_at, status_at, target_seconds, used_seconds, running_since, due_at, sort_at)
    SELECT 1, 'SC' || (32000000 + n), 'AO', true, 'BARU', 'received', '', 'ZTEGC' || lpad(to_hex(n), 7, '0'),
        :sto, 'ODP-SDA-' || lpad((n % 200)::text, 3, '0'), p.technician_code, p.id, p.id, '', '[]', 'bot',
        p.telegram_id, n, now(), now(), 3600, 0, now(), now() + interval '1 hour', now() + interval '1 hour'
    FROM generate_series(1, :orders) n
    JOIN person p ON p.telegram_id = :first + (n - 1) % :count
    ORDER BY n
""")


_COLLECTORS = text("""
    INSERT INTO person (name, role, telegram_id, language, active)
    SELECT 'Petugas ' || n, 'collector', :first + n - 1, 'id', true FROM generate_series(1, :count) n
""")
_THEIR_AREAS = text("""
    INSERT INTO person_area (person_id, site_operation_id)
    SELECT id, (SELECT id FROM site_operation) FROM person WHERE role = 'collector'
""")
_THEIR_CHATS = text("""
    INSERT INTO chat (id, kind, title, last_message_id)
    SELECT telegram_id, 'private', name, 1000 FROM person WHERE role = 'collector'
""")
_ACCOUNTS = text("""
    INSERT INTO account (internet_no, name, address, sto_id, amount, months, collector_id, promise_due)
    SELECT (152000000000 + n)::text, 'Pelanggan ' || n, 'Jalan Mawar ' || n, (SELECT id FROM sto),
        100000 + (n % 97) * 5000, 1 + n % 6, p.id, CASE WHEN n % 25 = 0 THEN current_date END
    FROM generate_series(1, :accounts) n
    JOIN person p ON p.telegram_id = :first + (n - 1) % :count
""")


@dataclass(frozen=True, slots=True)
class Crowd:
    """helpdesk: who clicks. chats: ids of the technicians' private chats. orders: (id, number), chat after chat."""

    helpdesk: Viewer
    chats: list[int]
    orders: list[tuple[int, str]]


async def settle(technicians: int, orders: int) -> Crowd:
    """Make them; the orders belong to the technicians in turn."""
    async with transaction() as session:
        witel = Witel(code="SDO", name="Sidoarjo")
        session.add(witel)
        await session.flush()
        site = SiteOperation(witel_id=witel.id, code="SO-SDA", name="Sidoarjo Kota")
        session.add(site)
        await session.flush()
        sto = Sto(site_operation_id=site.id, code="SDA", name="Sidoarjo")
        session.add(sto)
        await session.flush()
        desk = await people.enter(session, "Nadia Putri", Role.HELPDESK, username="nadia", sites=(site.id,))
        many = {"count": technicians, "first": FIRST_TECHNICIAN}
        await session.execute(_TECHNICIANS, many)
        await session.execute(_AREAS, {"site": site.id})
        await session.execute(_CHATS)
        await session.execute(_ORDERS, many | {"orders": orders, "sto": sto.id})
        viewer = await viewer_of(session, desk)
        made = (await session.execute(text("SELECT id, registration_no FROM orders ORDER BY id"))).all()
    chats = [FIRST_TECHNICIAN + n for n in range(technicians)]
    return Crowd(viewer, chats, [(int(number), str(name)) for number, name in made])


async def collect(collectors: int, accounts: int) -> list[int]:
    """Add collectors with accounts in turn to a crowd; returns their private chats."""
    many = {"count": collectors, "first": FIRST_COLLECTOR}
    async with transaction() as session:
        await session.execute(_COLLECTORS, many)
        await session.execute(_THEIR_AREAS)
        await session.execute(_THEIR_CHATS)
        await session.execute(_ACCOUNTS, many | {"accounts": accounts})
    return [FIRST_COLLECTOR + n for n in range(collectors)]


def users(chats: Sequence[int]) -> list[dict[str, object]]:
    """The people of these private chats for the simulator."""
    return [
        {"id": chat, "first_name": "Orang", "last_name": str(place), "language_code": "id"}
        for place, chat in enumerate(chats)
    ]


def open_chats(chats: Sequence[int]) -> list[dict[str, object]]:
    """Their private chats with the bot, begun."""
    return [{"id": chat, "type": "private"} for chat in chats]
