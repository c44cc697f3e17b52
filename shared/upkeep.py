"""What the house throws away, a little at a time: spent rows, and words about people that have reached their reader."""

from sqlalchemy import CursorResult, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.places import operations as places

BATCH = 2000  # rows a statement; a long delete would hold back everything behind it

_SPENT = (
    """DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE state IN ('consumed', 'cancelled')
       AND due_at < now() - interval '7 days' ORDER BY id LIMIT :batch)""",
    """DELETE FROM request_key WHERE (person_id, key) IN (SELECT person_id, key FROM request_key
       WHERE at < now() - interval '2 days' ORDER BY at LIMIT :batch)""",
    """DELETE FROM web_session WHERE token_hash IN (SELECT token_hash FROM web_session
       WHERE seen_at < now() - interval '1 day' ORDER BY seen_at LIMIT :batch)""",
    # A message's text holds names and notes; a week after it was read only the fact that it was sent is kept.
    """UPDATE delivery SET payload = '{}', brief = '', button = NULL WHERE id IN (SELECT id FROM delivery
       WHERE created_at BETWEEN now() - interval '9 days' AND now() - interval '7 days'
       AND state IN ('sent', 'merged', 'cancelled') AND kind <> 'card' AND payload <> '{}' LIMIT :batch)""",
)


async def tidy(session: AsyncSession) -> int:
    """Throw away one batch of everything that is spent, and do the moves of STO whose day has come.

    Returns how many rows were touched.
    """
    touched = len(await places.do_planned_moves(session, places.today()))
    for statement in _SPENT:
        done = await session.execute(text(statement), {"batch": BATCH})
        touched += done.rowcount if isinstance(done, CursorResult) else 0
    return touched
