"""What the house throws away, a little at a time: spent rows, and words about people that have reached their reader."""

from sqlalchemy import CursorResult, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.arrears import imports
from shared.desk import handover
from shared.places import operations as places
from shared.trash import purge as trash

BATCH = 2000  # rows a statement; a long delete would hold back everything behind it

_SPENT = (
    """DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE state IN ('consumed', 'cancelled')
       AND due_at < now() - interval '7 days' ORDER BY id LIMIT :batch)""",
    """DELETE FROM request_key WHERE (person_id, key) IN (SELECT person_id, key FROM request_key
       WHERE at < now() - interval '2 days' ORDER BY at LIMIT :batch)""",
    """DELETE FROM web_session WHERE token_hash IN (SELECT token_hash FROM web_session
       WHERE seen_at < now() - interval '1 day' ORDER BY seen_at LIMIT :batch)""",
    """DELETE FROM order_open WHERE (order_id, person_id) IN (SELECT order_id, person_id FROM order_open
       WHERE seen_at < now() - interval '10 minutes' LIMIT :batch)""",
    """DELETE FROM notice WHERE id IN (SELECT id FROM notice WHERE at < now() - interval '14 days'
       ORDER BY at LIMIT :batch)""",
    handover.EXPIRE,
    # A message's text holds names and notes; a week after it was read only the fact that it was sent is kept.
    """UPDATE delivery SET payload = '{}', brief = '', button = NULL WHERE id IN (SELECT id FROM delivery
       WHERE created_at BETWEEN now() - interval '9 days' AND now() - interval '7 days'
       AND state IN ('sent', 'merged', 'cancelled') AND kind <> 'card' AND payload <> '{}' LIMIT :batch)""",
    # Longer than the clock remembers a fact, so that nothing is told anew.
    """DELETE FROM escalation WHERE (kind, subject, fact_at, step) IN (SELECT kind, subject, fact_at, step
       FROM escalation WHERE at < now() - interval '60 days' ORDER BY at LIMIT :batch)""",
    """DELETE FROM webhook_delivery WHERE id IN (SELECT id FROM webhook_delivery
       WHERE made_at < now() - interval '30 days' AND state NOT IN ('waiting', 'sending')
       ORDER BY made_at LIMIT :batch)""",
    # So do the files that went along; one that is still to be sent, or that a person may send again, stays.
    """UPDATE delivery SET file_id = NULL WHERE id IN (SELECT delivery.id FROM delivery
       JOIN delivery_file ON delivery_file.id = delivery.file_id WHERE delivery_file.made_at < now() - interval '7 days'
       AND delivery.state IN ('sent', 'cancelled') LIMIT :batch)""",
    """DELETE FROM delivery_file WHERE id IN (SELECT id FROM delivery_file WHERE made_at < now() - interval '7 days'
       AND NOT EXISTS (SELECT 1 FROM delivery WHERE delivery.file_id = delivery_file.id) LIMIT :batch)""",
)


async def tidy(session: AsyncSession) -> int:
    """Throw away one batch of everything that is spent, and do the moves of STO whose day has come.

    Returns how many rows were touched.
    """
    touched = len(await places.do_planned_moves(session, places.today()))
    touched += await imports.tidy(session)
    for statement in _SPENT:
        done = await session.execute(text(statement), {"batch": BATCH})
        touched += done.rowcount if isinstance(done, CursorResult) else 0
    return touched + await trash.purge_old(session)  # last: its audit rows make others wait
