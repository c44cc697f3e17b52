"""Sends the bot's own answers right after their commit, chat by chat, without making any other chat wait.

The notifier would send them too, a little later: this only saves the person's time.
"""

import asyncio
import contextlib
import logging
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.bot.answers import Dress, Toast
from services.bot.texts import plain
from shared.chats.doors import ANSWERED
from shared.chats.models import Chat
from shared.db import transaction
from shared.deliveries import answers, drain, operations
from shared.deliveries.drain import Post
from shared.deliveries.merge import Call
from shared.deliveries.models import BotPause, Delivery, State
from shared.deliveries.operations import REPLY
from shared.pace import IN_FLIGHT_LOOK, Slot, Wait
from shared.telegram import Outcome

log = logging.getLogger(__name__)

SOON = 30.0  # seconds: an answer that must wait longer is left to the notifier
AT_ONCE = 8  # chats spoken to at the same moment; each needs a connection of the pool
TOGETHER = 30  # chats whose next answers are claimed by one statement; no more may leave in a second
LOOK = 0.15  # seconds until a chat that somebody else sends to is looked at again


@dataclass(slots=True)
class Mouth:
    """The chats being answered by this process. `tasks` owns the work.

    wanted: chats with answers, not looked at yet; busy: those and all that are being answered; ended: deliveries that
    Telegram took, to be closed together; landed: rings when a send is no longer in flight.
    """

    post: Post
    tasks: asyncio.TaskGroup
    wanted: list[int] = field(default_factory=list)
    busy: set[int] = field(default_factory=set)
    again: set[int] = field(default_factory=set)
    ended: list[tuple[Delivery, Outcome, asyncio.Future[bool]]] = field(default_factory=list)
    landed: asyncio.Event = field(default_factory=asyncio.Event)
    running: set[asyncio.Task[None]] = field(default_factory=set)
    taking: bool = False
    closing: bool = False
    closed: bool = False
    room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    def speak(self, chat_id: int) -> None:
        """Send what waits for a chat; called after each commit, returns at once."""
        if chat_id in self.busy:
            self.again.add(chat_id)
            return
        if self.closed:
            return
        self.busy.add(chat_id)
        self._want(chat_id)

    def toast(self, query_id: str, toast: Toast) -> None:
        """Answer a pressed button; if that fails the button just stops turning by itself."""
        self._start(self._toast(query_id, toast))

    def dress(self, chat_id: int, dress: Dress) -> None:
        """Give a chat its menu; if that fails the old one stays."""
        if not self.closed:
            self._start(self._dress(chat_id, dress))

    async def close(self, seconds: float) -> None:
        """Let what is being sent end; what has not begun waits for the notifier."""
        self.closed = True
        if self.running:
            await asyncio.wait(self.running, timeout=seconds)
        for task in self.running:
            task.cancel()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = self.tasks.create_task(work)
        self.running.add(task)
        task.add_done_callback(self.running.discard)

    def _want(self, chat_id: int) -> None:
        self.wanted.append(chat_id)
        if not self.taking and not self.closed:
            self.taking = True
            self._start(self._take())

    async def _take(self) -> None:
        """Give each chat that wants to be answered its next answer, many chats at a time, until none wants any."""
        try:
            while self.wanted and not self.closed:
                chats, self.wanted = self.wanted[:TOGETHER], self.wanted[TOGETHER:]
                try:
                    await self._round(chats)
                except Exception as error:
                    log.info("answering %s chats one by one: %s", len(chats), error)
                    self._one_by_one(chats)
        finally:
            self.taking = False

    def _one_by_one(self, chats: Iterable[int]) -> None:
        for chat_id in chats:
            self._start(self._speak(chat_id))

    async def _round(self, chats: list[int]) -> None:
        """Find places for the next answers of these chats, and begin to send those that have one."""
        self.landed.clear()
        got = dict(zip(chats, await self.post.pace.reserve_all(chats, operations.LANES[REPLY]), strict=True))
        if slots := {each: slot for each, slot in got.items() if isinstance(slot, Slot)}:
            self._start(self._begin(slots))
        waits = {each: wait for each, wait in got.items() if isinstance(wait, Wait)}
        self._one_by_one(each for each, wait in waits.items() if wait.seconds >= drain.SHORT_WAIT)
        full = []
        for each, wait in waits.items():
            if wait.seconds < drain.SHORT_WAIT and wait.everybody:
                full.append(each)
            elif wait.seconds < drain.SHORT_WAIT:
                asyncio.get_running_loop().call_later(wait.seconds, self._want, each)
        if full:
            self.wanted = full + self.wanted
            await self._room(min(waits[each].seconds for each in full))

    async def _begin(self, slots: dict[int, Slot]) -> None:
        """Claim and send the next answers of chats with a place; what waits unclaimed is seen to by itself."""
        calls: list[Call] = []
        waiting = set(slots)
        self.again -= slots.keys()  # what was queued until now is seen by the claim; only what comes later is news
        try:
            calls, waiting = await answers.claim(list(slots))
        except Exception as error:  # another sender was faster in one of them, or the database is away
            log.info("answering %s chats one by one: %s", len(slots), error)
        finally:
            for call in calls:
                self._start(self._answer(slots.pop(call.delivery.chat_id), call))
            for slot in slots.values():
                await self.post.pace.cancel(slot)
        self._one_by_one(waiting & slots.keys())
        for chat_id in slots.keys() - waiting:
            self._rest(chat_id)

    async def _room(self, seconds: float) -> None:
        """Wait, so long at most, until there may be room among all chats again."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                if seconds >= IN_FLIGHT_LOOK:  # nobody knows when what is in flight will leave its window
                    await self.landed.wait()
                    seconds = self.post.pace.limits.all_window
                await asyncio.sleep(seconds)

    def _rest(self, chat_id: int, *, more: bool = False) -> None:
        """A chat has been answered, unless there is more for it."""
        self.busy.discard(chat_id)
        if more or chat_id in self.again:
            self.again.discard(chat_id)
            self.speak(chat_id)

    async def _answer(self, slot: Slot, call: Call) -> None:
        """Send one answer; what more waits for its chat comes after it."""
        chat_id, more = slot.chat_id, None
        try:
            more = await drain.make(self.post, chat_id, slot, call, self._closed)
        except Exception as error:
            log.warning("answering chat %s waits: %s", chat_id, error)
        if more is None:
            await self._speak(chat_id)
            return
        self._rest(chat_id, more=more)

    async def _closed(self, delivery: Delivery, outcome: Outcome) -> bool:
        """Close a delivery, together with others that Telegram takes at the same time; whether more waits."""
        self.landed.set()
        if outcome.kind not in {"done", "same"} or delivery.method in ANSWERED:
            return await drain.record(delivery, outcome)
        more: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.ended.append((delivery, outcome, more))
        if not self.closing:
            self.closing = True
            self._start(self._close())
        return await more

    async def _close(self) -> None:
        """Close what Telegram took; what it takes meanwhile is closed by the next statement."""
        try:
            while self.ended:
                ended, self.ended = self.ended, []
                # What was queued in these chats until now is seen by the statement; only what comes later is news.
                self.again -= {delivery.chat_id for delivery, _, _ in ended}
                try:
                    told = await answers.close([(delivery, outcome) for delivery, outcome, _ in ended])
                except Exception as error:
                    log.info("closing %s answers one by one: %s", len(ended), error)
                    told = {}
                for delivery, outcome, more in ended:
                    if delivery.id in told:
                        more.set_result(told[delivery.id])
                    else:
                        self._start(_close_one(delivery, outcome, more))
        finally:
            self.closing = False

    async def _speak(self, chat_id: int) -> None:
        try:
            waited = 0.0
            while waited < SOON and not self.closed:
                self.again.discard(chat_id)
                wait = await self._turn(chat_id)
                if wait is None and chat_id not in self.again:
                    return
                wait = max(wait or 0, LOOK)
                await asyncio.sleep(wait)
                waited += wait
        finally:
            self._rest(chat_id)

    async def _turn(self, chat_id: int) -> float | None:
        """Send what may leave now; the seconds until it is worth looking again, None when there is nothing more."""
        try:
            async with self.room:
                drained = await drain.drain(self.post, chat_id, REPLY)
                if not drained.more:
                    return None
                async with transaction() as session:
                    return await seconds_left(session, chat_id)
        except Exception as error:  # the answers are rows; one chat's trouble is no reason to end the bot
            log.warning("answering chat %s waits: %s", chat_id, error)
            return 0.5

    async def _toast(self, query_id: str, toast: Toast) -> None:
        parameters: dict[str, Any] = {"callback_query_id": query_id}
        if toast.text:
            parameters |= {"text": toast.text[:200], "show_alert": toast.alert}
        outcome = await self.post.telegram.call("answerCallbackQuery", parameters)
        if outcome.kind != "done":
            log.info("a button's answer did not arrive: %s", outcome.words)

    async def _dress(self, chat_id: int, dress: Dress) -> None:
        outcome = await self.post.telegram.call("setMyCommands", menu(chat_id, dress.names, dress.language))
        if outcome.kind != "done":
            log.info("a menu was not set: %s", outcome.words)


async def _close_one(delivery: Delivery, outcome: Outcome, more: asyncio.Future[bool]) -> None:
    try:
        more.set_result(await drain.record(delivery, outcome))
    except Exception as error:
        more.set_exception(error)


def menu(chat_id: int, names: Sequence[str], language: str) -> dict[str, Any]:
    """The menu of one chat, as Telegram takes it."""
    commands = [{"command": name, "description": plain(f"menu_{name}", language)} for name in names]
    return {"commands": commands, "scope": {"type": "chat", "chat_id": chat_id}}


async def unsent(session: AsyncSession) -> list[int]:
    """Chats whose answers a process before this one left behind."""
    waiting = select(Delivery.chat_id).where(Delivery.state == State.WAITING, Delivery.lane == REPLY).distinct()
    return list(await session.scalars(waiting.limit(1000)))


async def seconds_left(session: AsyncSession, chat_id: int) -> float | None:
    """Seconds until the chat's next waiting answer may leave; None when there is none, or it is for others to send."""
    paused = select(BotPause.until).where(BotPause.id == 1).scalar_subquery()
    moment = func.greatest(func.min(Delivery.not_before), func.max(Chat.paced_until), func.max(Chat.not_before), paused)
    left: float | None = await session.scalar(
        select(func.extract("epoch", moment - func.clock_timestamp()))
        .select_from(Delivery)
        .join(Chat, Chat.id == Delivery.chat_id)
        .where(
            Delivery.chat_id == chat_id,
            Delivery.state == State.WAITING,
            Delivery.lane == REPLY,
            Chat.held.is_(None),
        )
    )
    if left is None:
        return None
    return max(0.0, float(left)) if left < SOON else None
