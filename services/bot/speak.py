"""Sends the bot's own answers right after their commit, chat by chat, without making any other chat wait.

The notifier would send them too, a little later: this only saves the person's time.
"""

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.bot.answers import Dress, Toast
from services.bot.texts import plain
from shared.chats.models import Chat
from shared.db import transaction
from shared.deliveries.drain import Post, drain
from shared.deliveries.models import BotPause, Delivery, State
from shared.deliveries.operations import REPLY

log = logging.getLogger(__name__)

SOON = 30.0  # seconds: an answer that must wait longer is left to the notifier
AT_ONCE = 8  # chats spoken to at the same moment; each needs a connection of the pool
LOOK = 0.15  # seconds until a chat that somebody else sends to is looked at again


@dataclass(slots=True)
class Mouth:
    """The chats being answered by this process. `tasks` owns the work."""

    post: Post
    tasks: asyncio.TaskGroup
    busy: set[int] = field(default_factory=set)
    again: set[int] = field(default_factory=set)
    running: set[asyncio.Task[None]] = field(default_factory=set)
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
        self._start(self._speak(chat_id))

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
            self.busy.discard(chat_id)
            if chat_id in self.again:
                self.again.discard(chat_id)
                self.speak(chat_id)

    async def _turn(self, chat_id: int) -> float | None:
        """Send what may leave now; the seconds until it is worth looking again, None when there is nothing more."""
        try:
            async with self.room:
                drained = await drain(self.post, chat_id, REPLY)
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
