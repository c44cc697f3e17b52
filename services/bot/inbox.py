"""Works off the inbox: one update, one transaction, in order within a chat; what fails is tried again, then dead."""

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from typing import Any

import asyncpg
from pydantic import ValidationError
from sqlalchemy import BigInteger, func, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession

from services.bot import answers, app, asking, dialogue, errands
from services.bot.answers import Answer, Toast, Told
from services.bot.middlewares import language_of
from services.bot.speak import Mouth, unsent
from services.bot.texts import say
from shared.chats import doors
from shared.chats.models import InboxUpdate
from shared.db import after, transaction
from shared.photos import operations as photos
from shared.settings import settings

log = logging.getLogger(__name__)

GIVE_UP_AFTER = 5  # failures; with the waits between them about a quarter of a minute
IDLE = 1.0  # seconds between two looks when nobody wakes us
LONG_IDLE = 15.0  # the same for all workers but the first
_AWAY = ("08", "53", "57P")  # SQLSTATEs of a database that is away, full or being restarted

# The head of each chat blocks what is behind it, also while it waits for its next try or is being worked on. The
# heads are found by skipping through the partial index, one probe a chat: a plain GROUP BY reads the whole backlog
# at every claim, and a plan made when the inbox was empty took 27 s at 10,000 waiting updates. The claim marks it done
# at once: should the work fail, its transaction takes the mark back.
_CLAIM = text("""
    WITH RECURSIVE heads AS (
        (SELECT chat_id, id FROM inbox WHERE state = 'new' ORDER BY chat_id, id LIMIT 1)
        UNION ALL
        SELECT next.chat_id, next.id FROM heads CROSS JOIN LATERAL (
            SELECT chat_id, id FROM inbox WHERE state = 'new' AND chat_id > heads.chat_id ORDER BY chat_id, id LIMIT 1
        ) AS next
    )
    UPDATE inbox SET state = 'done', done_at = clock_timestamp() WHERE id = (
        SELECT inbox.id FROM heads JOIN inbox ON inbox.id = heads.id
        WHERE inbox.state = 'new' AND inbox.next_at <= clock_timestamp()
        ORDER BY inbox.id LIMIT 1 FOR UPDATE OF inbox SKIP LOCKED
    ) RETURNING id, chat_id, body
""").columns(id=BigInteger, chat_id=BigInteger, body=JSONB)


class Bell:
    """Wakes as many workers as there is work for: to wake all for one update costs each a look in vain."""

    def __init__(self) -> None:
        self._calls: asyncio.Queue[None] = asyncio.Queue(settings().bot_workers)
        self.ring(settings().bot_workers)  # something may wait since before this process

    def ring(self, updates: int = 1) -> None:
        """Wake a worker for each of so many updates, all of them at most."""
        with contextlib.suppress(asyncio.QueueFull):
            for _ in range(updates):
                self._calls.put_nowait(None)

    async def heard(self, patience: float) -> None:
        """Wait until it is one's turn, `patience` seconds at most."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._calls.get()


@dataclass(frozen=True, slots=True)
class Work:
    """What the workers share: who the bot is, how it speaks, and the bell that rings when updates came."""

    username: str
    mouth: Mouth
    bell: Bell
    stopping: asyncio.Event


async def work(work: Work, number: int) -> None:
    """Handle updates until asked to stop; survives a database that goes away."""
    idle = IDLE if number == 0 else LONG_IDLE
    left_behind = number == 0
    while not work.stopping.is_set():
        try:
            if left_behind:
                async with transaction() as session:
                    chats = await unsent(session)
                for chat_id in chats:
                    work.mouth.speak(chat_id)
                left_behind = False
            if await handle_next(work):
                continue
        except Exception as error:
            if not is_away(error):
                log.exception("the inbox could not be read")
            else:
                log.warning("the database is away: %s", error)
            await asyncio.sleep(0.5)
            continue
        await work.bell.heard(idle)


async def handle_next(work: Work) -> bool:
    """Claim, handle and finish one update; False when there is none."""
    claimed: tuple[int, int, dict[str, Any]] | None = None
    told: list[Told] = []
    try:
        async with transaction() as session:
            row = (await session.execute(_CLAIM)).first()
            if row is None:
                return False
            claimed = row.id, row.chat_id, row.body
            told = await app.handle(session, row.body, settings().telegram_token.get_secret_value(), work.username)
    except Exception as error:
        if claimed is None or is_away(error):
            raise
        await failed(claimed[0], claimed[2], error)
    _, chat_id, body = claimed
    if chat_id:
        work.mouth.speak(chat_id)
    for each in told:
        if isinstance(each, Toast):
            work.mouth.toast(str(body["callback_query"]["id"]), each)
        else:
            work.mouth.dress(chat_id, each)
    return True


def is_away(error: BaseException) -> bool:
    """Whether an error says that the database is away, so that nobody's update is to blame."""
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", "") or ""
        return error.connection_invalidated or state.startswith(_AWAY)
    if isinstance(error, asyncpg.PostgresError):
        return str(error.sqlstate or "").startswith(_AWAY)
    return isinstance(error, (OSError, PoolTimeout, asyncpg.InterfaceError, asyncpg.InternalClientError))


async def failed(row_id: int, body: dict[str, Any], error: Exception) -> None:
    """Note a failure. After the last one the update is dead, and the person gets a sentence with a code."""
    log.error("update %s failed", row_id, exc_info=error)
    async with transaction() as session:
        attempts = await session.scalar(
            update(InboxUpdate)
            .where(InboxUpdate.id == row_id, InboxUpdate.state == "new")
            .values(attempts=InboxUpdate.attempts + 1, error=repr(error)[:2000])
            .returning(InboxUpdate.attempts)
        )
        if attempts is None:
            return
        if attempts < GIVE_UP_AFTER and not isinstance(error, ValidationError):
            await session.execute(
                update(InboxUpdate).where(InboxUpdate.id == row_id).values(next_at=after(2.0 ** (attempts - 1)))
            )
            return
        await session.execute(
            update(InboxUpdate).where(InboxUpdate.id == row_id).values(state="dead", done_at=func.clock_timestamp())
        )
        await _apologise(session, row_id, body)


async def _apologise(session: AsyncSession, row_id: int, body: dict[str, Any]) -> None:
    """Tell the person whose words could not be handled, if it is clear who and where."""
    told = body.get("message") or (body.get("callback_query") or {}).get("message")
    speaker = (body.get("message") or body.get("callback_query") or {}).get("from") or {}
    if not isinstance(told, dict) or not isinstance(speaker, dict):
        return
    place = asking.place_of_raw(told)
    if place is None or not await _known(session, place.chat_id):
        return
    sentence = say("broken", language_of(str(speaker.get("language_code") or "")), code=f"B-{row_id}")
    await answers.queue(session, place, Answer(sentence))


async def _known(session: AsyncSession, chat_id: int) -> bool:
    return await session.scalar(text("SELECT true FROM chat WHERE id = :id"), {"id": chat_id}) is True


async def tidy() -> None:
    """Every ten minutes: drop handled updates of more than two days and dialogues that nobody goes on with."""
    while True:
        try:
            async with transaction() as session:
                await session.execute(
                    text("DELETE FROM inbox WHERE state = 'done' AND received_at < now() - interval '2 days'")
                )
                await dialogue.forget_old(session)
                await errands.forget_old(session)
                await doors.forget_old(session)
                await photos.forget_loose(session)
        except Exception as error:
            log.warning("tidying the inbox waits: %s", error)
        await asyncio.sleep(600)
