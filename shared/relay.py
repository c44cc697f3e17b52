"""Turn what is due in Postgres into hints for the workers: `python -m shared.relay`.

Wakes at every commit that emits (NOTIFY), and by itself when the next row falls due. A hint is only a hint: it is
given again when nobody followed it. It also looks whose SLA clock has come to 80 % or to its end (`sla.alerts`), and
makes its `rounds`. Two relays may run; each row is hinted by the one that marks it first.
"""

import asyncio
import logging
import signal
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from celery import Celery
from sqlalchemy import text

from shared import db, log, rounds, upkeep
from shared.db import transaction
from shared.deliveries import calls
from shared.settings import settings
from shared.sla import alerts
from shared.worker import make_app

logger = logging.getLogger(__name__)

BATCH = 500  # rows hinted in one go
STREAMS = 20  # streams or chats named in one hint
AT_WORK = 60  # chats hinted and not followed yet: the pace lets 30 messages a second leave, the rest would only wait
FULL = 0.2  # seconds until the next look while as many are at work
UPKEEP = 300.0  # seconds between two rounds of throwing away
WATCH = 10.0  # seconds between two looks at the clocks of orders
IDLE = 1.0  # seconds between looks when nothing is said
GATHER = 0.03  # seconds from one look to the next at least: in a busy time one look serves many commits

_DUE_ROWS = text("""
    UPDATE outbox SET hinted_at = clock_timestamp(), hints = hints + 1
    WHERE id IN (
        SELECT id FROM outbox
        WHERE state = 'waiting' AND due_at <= clock_timestamp()
          AND (hinted_at IS NULL OR hinted_at < clock_timestamp() - make_interval(secs => :sweep * least(hints + 1, 7)))
        ORDER BY due_at LIMIT :batch FOR UPDATE SKIP LOCKED)
    RETURNING consumer, stream
""")
_UNHINT = text("UPDATE outbox SET hinted_at = NULL WHERE state = 'waiting' AND stream = ANY(:streams)")
_DUE_CHATS = text("""
    UPDATE chat SET hinted_at = clock_timestamp()
    WHERE id IN (
        SELECT chat.id FROM chat JOIN (
            SELECT chat_id, min(lane) AS lane, least(
                row_number() OVER (ORDER BY c.paced_until NULLS FIRST),
                row_number() OVER (ORDER BY count(*) * CASE WHEN chat_id < 0 THEN 3 ELSE 1 END DESC)) AS place
            FROM delivery JOIN chat c ON c.id = chat_id
            WHERE state IN ('waiting', 'unknown') GROUP BY chat_id, c.paced_until) backlog ON backlog.chat_id = chat.id
        WHERE held IS NULL
          AND (not_before IS NULL OR not_before <= clock_timestamp())
          AND (paced_until IS NULL OR paced_until <= clock_timestamp())
          AND (hinted_at IS NULL OR hinted_at < clock_timestamp() - make_interval(secs => :sweep))
          AND EXISTS (SELECT 1 FROM bot_pause WHERE until <= clock_timestamp())
          AND (EXISTS (SELECT 1 FROM delivery d WHERE d.chat_id = chat.id AND d.state = 'waiting'
                       AND d.not_before <= clock_timestamp()
                       AND (d.lane > 0 OR d.created_at < clock_timestamp() - interval '2 seconds'))
               OR EXISTS (SELECT 1 FROM delivery d WHERE d.chat_id = chat.id AND d.state = 'unknown'
                          AND coalesce(d.settle_at, '-infinity') <= clock_timestamp()))
          AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.chat_id = chat.id AND d.state IN ('sending', 'unknown')
                          AND NOT (d.state = 'unknown' AND coalesce(d.settle_at, '-infinity') <= clock_timestamp()))
        ORDER BY backlog.lane, backlog.place
        LIMIT greatest(0, :at_work - (SELECT count(*) FROM chat
                                      WHERE hinted_at >= clock_timestamp() - make_interval(secs => :sweep)))
        FOR UPDATE OF chat SKIP LOCKED)
    RETURNING id
""")
"""Answers first; then who has waited longest and who has most to hear take turns: a group that may get one in three
seconds and has eighty to hear would otherwise be left alone at the end. (3: seconds between messages to a group.)"""
_LOST_LEASES = text("""
    UPDATE delivery SET state = CASE WHEN method LIKE 'edit%' OR method = ANY(cast(:repeats AS text[]))
                                     THEN 'waiting' ELSE 'unknown' END,
           lease_until = NULL, settle_at = clock_timestamp(), trouble = 'its sender fell silent'
    WHERE state = 'sending' AND lease_until < clock_timestamp()
""")
_AT_WORK = text("SELECT count(*) FROM chat WHERE hinted_at >= clock_timestamp() - make_interval(secs => :sweep)")
_NEXT = text("""
    SELECT extract(epoch FROM least(
        (SELECT min(due_at) FROM outbox WHERE state = 'waiting' AND hinted_at IS NULL),
        (SELECT min(paced_until) FROM chat WHERE paced_until > clock_timestamp())) - clock_timestamp())
""")


async def look(app: Celery) -> float:
    """Hint all that is due; return the seconds until the next look is worth it."""
    sweep = settings().sweep
    async with transaction() as session:
        await session.execute(_LOST_LEASES, {"repeats": sorted(calls.FINAL)})
        rows = (await session.execute(_DUE_ROWS, {"sweep": sweep, "batch": BATCH})).all()
        chats = list((await session.scalars(_DUE_CHATS, {"sweep": sweep, "at_work": AT_WORK})).all())
        at_work = await session.scalar(_AT_WORK, {"sweep": sweep})
        wait = await session.scalar(_NEXT)
    hints: dict[str, dict[str, None]] = defaultdict(dict)
    for consumer, stream in rows:
        hints[consumer][stream] = None
    try:
        for consumer, streams in hints.items():
            for some in _chunks(list(streams)):
                await asyncio.to_thread(app.send_task, f"{consumer}.hear", (some,), queue=consumer)
        for some in _chunks(chats):
            await asyncio.to_thread(app.send_task, "notifier.drain", (some,), queue="notifier")
    except Exception as error:  # Redis is away: nothing is lost, it is hinted again
        logger.warning("hints could not be given: %s", error)
        async with transaction() as session:
            await session.execute(_UNHINT, {"streams": [stream for _, stream in rows]})
            await session.execute(text("UPDATE chat SET hinted_at = NULL WHERE id = ANY(:chats)"), {"chats": chats})
        return IDLE
    if len(rows) == BATCH:
        return 0
    if at_work and at_work >= AT_WORK:
        return FULL
    return min(IDLE, max(float(wait), 0.005)) if wait is not None else IDLE


def _chunks(several: list[Any]) -> Iterable[list[Any]]:
    return (several[start : start + STREAMS] for start in range(0, len(several), STREAMS))


async def main() -> None:
    """Relay until the process is asked to stop."""
    log.start()
    db.connect(settings().asyncpg_url, pool_size=2)
    app = make_app("relay")
    woken, stopping = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        stopping.set()
        woken.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)

    async def hear() -> None:
        async for _ in db.listen(settings().plain_database_url, ["sikpro_outbox"], patience=30):
            woken.set()

    async def work() -> None:
        while not stopping.is_set():
            woken.clear()
            looked = loop.time()
            try:
                wait = await look(app)
            except db.AWAY as error:
                logger.warning("the database is away: %s", error)
                wait = IDLE
            try:
                async with asyncio.timeout(wait):
                    await woken.wait()
                await asyncio.sleep(looked + GATHER - loop.time())
            except TimeoutError:
                continue
        listening.cancel()
        tidying.cancel()
        watching.cancel()
        going_round.cancel()

    async def tidy() -> None:
        while True:
            await asyncio.sleep(UPKEEP)
            try:
                async with transaction() as session:
                    await upkeep.tidy(session)
            except db.AWAY as error:
                logger.warning("nothing was tidied: %s", error)

    async def watch() -> None:
        while True:
            told = 0
            try:
                async with transaction() as session:
                    told = await alerts.ring(session)
            except db.AWAY as error:
                logger.warning("no order's clock was looked at: %s", error)
            await asyncio.sleep(IDLE if told == alerts.BATCH else WATCH)

    async with asyncio.TaskGroup() as tasks:
        listening = tasks.create_task(hear())
        tidying = tasks.create_task(tidy())
        watching = tasks.create_task(watch())
        going_round = tasks.create_task(
            rounds.go(lambda task, chats: app.send_task(task, (chats,), queue=task.partition(".")[0]))
        )
        tasks.create_task(work())


if __name__ == "__main__":
    asyncio.run(main())
