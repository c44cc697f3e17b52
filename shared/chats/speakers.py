"""Who speaks where: every message of Telegram begins with this one question. It decides nothing about rights.

Noting the chat, finding the person and its area, and whether the group is ours were four trips to the database a
message; here they are one for all messages at hand.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared import rows
from shared.chats.models import ChatKind
from shared.people.access import Viewer
from shared.people.models import Role

# Chats are locked in the order of their ids, as everybody does who locks several. Whoever speaks in a bound group is a
# member of it, if nobody told us so before.
_TOLD = """
    WITH told AS MATERIALIZED (
        SELECT * FROM unnest(
            CAST(:chats AS bigint[]), CAST(:kinds AS text[]), CAST(:titles AS text[]), CAST(:messages AS bigint[]),
            CAST(:people AS bigint[]))
            WITH ORDINALITY AS told(chat_id, kind, title, message_id, telegram_id, place)
    )"""
_NOTED = """, noted AS (
        INSERT INTO chat (id, kind, title, last_message_id) SELECT chat_id, kind, title, message_id FROM told
        ORDER BY chat_id
        ON CONFLICT (id) """
_AGAIN = """DO UPDATE SET title = excluded.title, kind = excluded.kind,
            last_message_id = greatest(chat.last_message_id, excluded.last_message_id),
            held = CASE WHEN excluded.kind = 'private' THEN NULL ELSE chat.held END
    )"""
_SPOKEN = """, spoken AS MATERIALIZED (
        SELECT told.place, told.chat_id, told.telegram_id, person.id, person.name, person.role,
            person.technician_code, person.language, person.preferences ->> 'language' AS chosen,
            EXISTS (SELECT FROM group_binding WHERE group_binding.chat_id = told.chat_id AND active) AS bound
        FROM told LEFT JOIN person ON person.telegram_id = told.telegram_id AND person.active
    ), met AS (
        INSERT INTO group_member (chat_id, telegram_id, inside) SELECT chat_id, telegram_id, true FROM spoken
        WHERE bound AND id IS NOT NULL AND NOT EXISTS (
            SELECT FROM group_member AS member
            WHERE member.chat_id = spoken.chat_id AND member.telegram_id = spoken.telegram_id
        )
        ON CONFLICT DO NOTHING
    )
    SELECT id, name, role, technician_code, language, chosen, bound, ARRAY(
        SELECT sto.id FROM person_area JOIN sto ON sto.site_operation_id = person_area.site_operation_id
        WHERE person_area.person_id = spoken.id
        UNION SELECT sto_id FROM person_area WHERE person_area.person_id = spoken.id AND sto_id IS NOT NULL
    ) AS stos
    FROM spoken ORDER BY place
"""
_SPEAKERS = text(_TOLD + _NOTED + _AGAIN + _SPOKEN)
_MET = text(_TOLD + _NOTED + "DO NOTHING)" + _SPOKEN)  # a new chat must be there for what refers to it
_HEARD = text(_TOLD + _NOTED + _AGAIN + " SELECT")


@dataclass(frozen=True, slots=True)
class Told:
    """A message: where it was said, and by whom. telegram_id: None for what is not to be taken for a person's word."""

    chat_id: int
    kind: ChatKind
    title: str
    message_id: int
    telegram_id: int | None


@dataclass(frozen=True, slots=True)
class Speaker:
    """An active person of ours. chosen: the language it chose in its profile; bound: whether the group is ours."""

    viewer: Viewer
    chosen: str | None
    bound: bool


async def note(session: AsyncSession, told: Sequence[Told], *, later: bool = False) -> list[Speaker | None]:
    """Note the chats of messages and say of each who speaks; None for strangers. No two are of the same chat.

    A private chat that speaks is free again. later: chats that are known stay as they are until `heard`, so that nobody
    who closes a message in one of them has to wait for this transaction.
    """
    if not told:
        return []
    found = await rows.rows(session, _MET if later else _SPEAKERS, _asked(told))
    return [
        None
        if row["id"] is None
        else Speaker(
            Viewer(
                person_id=row["id"],
                name=row["name"],
                role=Role(row["role"]),
                stos=None if row["role"] == Role.ADMIN else frozenset(row["stos"]),
                technician_code=row["technician_code"],
                language=row["language"],
                groups=frozenset({each.chat_id}) if each.kind is not ChatKind.PRIVATE else frozenset(),
            ),
            row["chosen"],
            row["bound"],
        )
        for each, row in zip(told, found, strict=True)
    ]


async def heard(session: AsyncSession, told: Sequence[Told]) -> None:
    """What `note` left for later: the chats as their messages show them. Locks them until the commit."""
    if told:
        await rows.rows(session, _HEARD, _asked(told))


def _asked(told: Sequence[Told]) -> dict[str, object]:
    return {
        "chats": [each.chat_id for each in told],
        "kinds": [each.kind for each in told],
        "titles": [each.title[:255] for each in told],
        "messages": [each.message_id for each in told],
        "people": [each.telegram_id for each in told],
    }
