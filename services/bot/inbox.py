"""Works off the inbox: one update, one transaction, in order within a chat; what fails is tried again, then dead."""

import asyncio
import contextlib
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import asyncpg
from pydantic import ValidationError
from sqlalchemy import TextualSelect, func, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession

from services.bot import answers, app, asking, dialogue, errands
from services.bot.answers import Answer, Toast
from services.bot.claiming import CLAIM, CLAIM_THIS
from services.bot.middlewares import READS, language_of
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
TOGETHER = 50  # questions handled in one transaction, of as many chats
_READS = rf"^/({'|'.join(sorted(READS))})(@|\s|$)"
_AWAY = ("08", "53", "57P")  # SQLSTATEs of a database that is away, full or being restarted


@dataclass(slots=True)
class Look:
    """found: how many updates a look found; again: whether to look again at once."""

    found: int = 0
    again: bool = False


class Bell:
    """Wakes as many workers as there is work for: to wake all for one update costs each a look in vain.

    waiting: updates that were announced and not handled yet, as far as is known; vain: looks that found nothing;
    at_work: looks that have not ended.
    """

    def __init__(self) -> None:
        self.waiting = self.vain = self.at_work = 0
        self._calls: asyncio.Queue[None] = asyncio.Queue(settings().bot_workers)
        self.ring(settings().bot_workers)  # something may wait since before this process

    def ring(self, updates: int = 1) -> None:
        """Wake a worker for each of so many updates, all of them at most."""
        self.waiting += updates
        with contextlib.suppress(asyncio.QueueFull):
            for _ in range(updates):
                self._calls.put_nowait(None)

    @contextlib.contextmanager
    def looking(self) -> Iterator[Look]:
        """One look, and the work it leads to; afterwards it knows whether to look again at once.

        Who looked in vain meanwhile may have met the chat that was being worked on: what waits in it is ours now.
        """
        look, vain = Look(), self.vain
        self.at_work += 1
        try:
            yield look
        finally:
            self.at_work -= 1
        if look.found:
            self.waiting -= look.found
            look.again = self.waiting != 0 or self.vain != vain  # below 0: another process's poller kept some
            self.waiting = max(0, self.waiting)
            return
        self.vain += 1
        if not self.at_work:
            self.waiting = 0

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
            with work.bell.looking() as look:
                look.found = await handle_next(work)
            if look.again:
                continue
        except Exception as error:
            if not is_away(error):
                log.exception("the inbox could not be read")
            else:
                log.warning("the database is away: %s", error)
            await asyncio.sleep(0.5)
            continue
        await work.bell.heard(idle)


async def handle_next(work: Work) -> int:
    """Claim, handle and finish what waits longest; how many updates that were."""
    claimed: list[int] = []
    try:
        return await _handle(work, CLAIM, {"reads": _READS, "more": TOGETHER - 1}, claimed)
    except Exception as error:
        if not claimed or is_away(error):
            raise
        if len(claimed) == 1:
            await failed(claimed[0], error)
            return 1
        log.warning("%s questions could not be handled together: %r", len(claimed), error)
    for number in claimed:  # one of them is to blame; the others must not go down with it
        try:
            await _handle(work, CLAIM_THIS, {"id": number}, [])
        except Exception as error:
            if is_away(error):
                raise
            await failed(number, error)
    return len(claimed)


async def _handle(work: Work, claim: TextualSelect, given: dict[str, str | int], claimed: list[int]) -> int:
    """One transaction: claim, handle, answer. claimed: takes the ids, which the caller needs when it fails."""
    async with transaction() as session:
        rows = (await session.execute(claim, given)).all()
        if not rows:
            return 0
        claimed += [row.id for row in rows]
        bodies = [row.body for row in rows]
        said = await app.handle_all(session, bodies, settings().telegram_token.get_secret_value(), work.username)
    for row, told in zip(rows, said, strict=True):
        if row.chat_id:
            work.mouth.speak(row.chat_id)
        for each in told:
            if isinstance(each, Toast):
                work.mouth.toast(str(json.loads(row.body)["callback_query"]["id"]), each)
            else:
                work.mouth.dress(row.chat_id, each)
    return len(rows)


def is_away(error: BaseException) -> bool:
    """Whether an error says that the database is away, so that nobody's update is to blame."""
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", "") or ""
        return error.connection_invalidated or state.startswith(_AWAY)
    if isinstance(error, asyncpg.PostgresError):
        return str(error.sqlstate or "").startswith(_AWAY)
    return isinstance(error, (OSError, PoolTimeout, asyncpg.InterfaceError, asyncpg.InternalClientError))


def _is_malformed(error: Exception) -> bool:
    """Whether an update can never be handled: it is not what Telegram says it is, or holds what no column takes."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return isinstance(cause, (ValidationError, asyncpg.DataError)) or isinstance(
        getattr(cause, "__cause__", None), asyncpg.DataError
    )


async def failed(row_id: int, error: Exception) -> None:
    """Note a failure. After the last one the update is dead, and the person gets a sentence with a code."""
    log.error("update %s failed", row_id, exc_info=error)
    async with transaction() as session:
        noted = await session.execute(
            update(InboxUpdate)
            .where(InboxUpdate.id == row_id, InboxUpdate.state == "new")
            .values(attempts=InboxUpdate.attempts + 1, error=repr(error)[:2000])
            .returning(InboxUpdate.attempts, InboxUpdate.body)
        )
        row = noted.first()
        if row is None:
            return
        attempts, body = row
        if attempts < GIVE_UP_AFTER and not _is_malformed(error):
            await session.execute(
                update(InboxUpdate).where(InboxUpdate.id == row_id).values(next_at=after(2.0 ** (attempts - 1)))
            )
            return
        await session.execute(
            update(InboxUpdate).where(InboxUpdate.id == row_id).values(state="dead", done_at=func.clock_timestamp())
        )
        try:
            async with session.begin_nested():
                await _apologise(session, row_id, body)
        except Exception as why:  # an apology that cannot be written must not bring the update back
            if is_away(why):
                raise
            log.warning("nobody could be told of update %s: %r", row_id, why)


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
