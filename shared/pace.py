"""One pace for everything the bot sends or edits, shared by all processes through Redis; it never sends itself.

Reserve, send, settle: Telegram receives a message somewhere between reserve and settle, so a send counts from the first
to its window after the second. Each process also remembers its own last minute. With Redis away that memory and slower
local limits decide. Whoever finds a Redis that was emptied or away tells it what it remembers, and what the ledger
knows of those who died meanwhile, before it reserves anything there.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from shared.pace_limits import USUAL, Lane, Limits
from shared.pace_scripts import PUSH, RESERVE, SLOW_DOWN
from shared.pace_slots import Known, Ledger, Sent, Slot, Wait, unwritten

__all__ = ["Known", "Pace", "Slot", "Wait", "connect"]

log = logging.getLogger(__name__)

PATIENCE = 0.4  # seconds any call waits for Redis
STRIKES_WITHIN, SLOW_FOR = 600, 3600  # seconds
IN_FLIGHT_LOOK = 0.05  # seconds until a send in flight is looked at again
AHEAD = 0.03  # seconds a place in line may be given before it is due: about what a look and a claim take
PUSHED_AT_ONCE = 500
LEDGER_LOOK = 0.5  # seconds until the ledger is asked again when its database is away
FRESH = 0.02  # seconds; who asks for many chats at once reads the ledger once


def connect(url: str) -> Redis:
    """A client that gives up fast and leaves trying again to the pace."""
    return Redis.from_url(url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, retry=Retry(NoBackoff(), 0))


class Pace:
    """The pace of one bot in one process. `processes`: how many processes share the local limits when Redis is away.

    lease: seconds a send may stay unsettled before it is taken for dead. ledger: asked when Redis is away or emptied.
    """

    def __init__(
        self,
        redis: Redis,
        bot_id: int,
        *,
        processes: int = 2,
        lease: float = 70.0,
        limits: Limits = USUAL,
        ledger: Ledger = unwritten,
    ) -> None:
        self.limits, self.lease, self.processes, self._ledger = limits, lease, processes, ledger
        self.prefix = f"pace:{{{bot_id}}}"
        self.away = False
        """True while Redis does not answer and the local pace decides."""
        self._redis = redis
        self._scripts = {text: redis.register_script(text) for text in (RESERVE, PUSH, SLOW_DOWN)}
        self._memory: dict[str, Sent] = {}
        self._epoch = self._lost = ""  # that of Redis as we know it; that of before it was away
        self._gap = False  # Redis was away for so long that messages were sent without it, and it was not told yet
        self._away_since = 0.0
        self._leave_alone_until = 0.0
        self._failures = 0
        self._forgot_at = self._learned = 0.0
        self._telling = asyncio.Lock()  # a push must not overwrite a settle that it did not see
        self._ended: list[tuple[Slot, str]] = []  # settled, and nobody was told yet
        self._line: dict[Lane, asyncio.Lock] = {"reply": asyncio.Lock(), "push": asyncio.Lock(), "bulk": asyncio.Lock()}
        self._strikes: dict[int, float] = {}
        self._slow: dict[int, float] = {}

    async def reserve(self, chat_id: int, *, is_group: bool, lane: Lane) -> Slot | float:
        """A slot, or the seconds to wait before asking again. Answers in about half a second even with Redis dead."""
        got = await self._ask(chat_id, is_group=is_group, lane=lane)
        return got if isinstance(got, Slot) else got.seconds

    async def stand_in_line(self, chat_id: int, *, is_group: bool, lane: Lane, within: float) -> Slot | float:
        """A slot as soon as there is room among all chats, one after the other: only the first in line asks Redis.

        Else the seconds to wait: the chat's own limit says so, or there is no room within about `within` seconds. The
        slot may be due a moment later (`Slot.due`), so that what is sent can be looked up meanwhile.
        """
        end = time.monotonic() + within
        async with self._line[lane]:
            while True:
                got = await self._ask(chat_id, is_group=is_group, lane=lane, ahead=AHEAD)
                if isinstance(got, Slot):
                    return got
                if not got.everybody or time.monotonic() + got.seconds > end:
                    return got.seconds
                await asyncio.sleep(max(0.001, got.seconds - AHEAD))

    async def reserve_all(self, chats: Sequence[int], lane: Lane) -> list[Slot | Wait]:
        """`reserve` for each of several chats in one trip to Redis; those below 0 are groups."""
        self._forget()
        slots = [self._slot(each, is_group=each < 0) for each in chats]
        asked = time.monotonic() >= self._leave_alone_until
        answers = await self._call_all(RESERVE, [self._question(slot, lane) for slot in slots])
        if asked and answers[0] is None:
            for slot in slots:
                self._may_be_placed(slot)
        return [await self._asked(slot, lane, answer=answer) for slot, answer in zip(slots, answers, strict=True)]

    async def _ask(self, chat_id: int, *, is_group: bool, lane: Lane, ahead: float = 0.0) -> Slot | Wait:
        self._forget()
        return await self._asked(self._slot(chat_id, is_group=is_group), lane, ahead)

    async def _asked(self, slot: Slot, lane: Lane, ahead: float = 0.0, answer: Any = None) -> Slot | Wait:
        """answer: that of Redis, where it was asked already."""
        got = await self._reserve_in_redis(slot, lane, ahead, answer)
        local = got is None
        if got is None:
            learned = await self._learn()
            seconds = self._local_wait(slot.chat_id, is_group=slot.is_group, lane=lane) if learned else LEDGER_LOOK
            got = Wait(seconds) if seconds > 0 else slot
        if isinstance(got, Slot):
            self._memory[slot.token] = Sent(got, time.monotonic())
            self._gap = self._gap or local
        return got

    async def wait(self, chat_id: int, *, is_group: bool, lane: Lane, within: float) -> Slot | float:
        """`reserve`, asked again until it gives a slot or the next wait would end after `within` seconds."""
        end = time.monotonic() + within
        while True:
            got = await self.reserve(chat_id, is_group=is_group, lane=lane)
            if isinstance(got, Slot) or time.monotonic() + got > end:
                return got
            await asyncio.sleep(got)

    async def settle(self, slot: Slot, name: str = "") -> None:
        """The request was answered, or perhaps arrived: it counts for its window from now.

        name: that of the ledger (`Known`), so that a message told of by two counts once. Those that come while Redis is
        being told of others are told together: it is one trip for all of them.
        """
        self._ended.append((slot, name or slot.token))
        async with self._telling:
            ended, self._ended = self._ended, []
            if not ended:
                return  # whoever had the lock before told of this one too
            for each, called in ended:
                sent = self._memory.setdefault(each.token, Sent(each, 0.0))
                sent.at, sent.state, sent.name = time.monotonic(), "settled", called
            keys = [key for each, _ in ended for key in each.keys]
            told = [part for each, called in ended for _ in each.keys for part in (each.token, called, 0)]
            try:
                await self._call(PUSH, keys, (*told, self._expiry()))
            except asyncio.CancelledError:  # whoever comes next tells of the others
                self._ended = ended + self._ended
                raise

    async def cancel(self, slot: Slot) -> None:
        """The request certainly never left: it does not count."""
        told = [part for _ in slot.keys for part in (slot.token, "", "gone")]
        async with self._telling:
            self._memory.setdefault(slot.token, Sent(slot, time.monotonic())).state = "gone"
            if await self._call(PUSH, slot.keys, (*told, self._expiry())) is not None:
                self._memory.pop(slot.token, None)

    async def slow_down(self, chat_id: int) -> bool:
        """Call once per 429. The second in ten minutes halves the group's ceilings for an hour: True then."""
        now = time.monotonic()
        slowed = now - self._strikes.get(chat_id, -STRIKES_WITHIN) < STRIKES_WITHIN
        self._strikes = {chat: at for chat, at in self._strikes.items() if now - at < STRIKES_WITHIN}
        self._strikes[chat_id] = now
        keys = (f"{self.prefix}:strikes:{chat_id}", self._slow_key(chat_id))
        answer = await self._call(SLOW_DOWN, keys, (STRIKES_WITHIN, SLOW_FOR))
        slowed = slowed or answer == 1
        if slowed:
            self._slow[chat_id] = now + SLOW_FOR
            self._strikes.pop(chat_id, None)
        return slowed

    async def close(self) -> None:
        """Close the connections to Redis."""
        await self._redis.aclose()

    def _slot(self, chat_id: int, *, is_group: bool) -> Slot:
        group = (f"{self.prefix}:group:{chat_id}",) if is_group else ()
        keys = (f"{self.prefix}:all", f"{self.prefix}:chat:{chat_id}", *group)
        return Slot(secrets.token_hex(8), chat_id, is_group, keys)

    def _slow_key(self, chat_id: int) -> str:
        return f"{self.prefix}:slow:{chat_id}"

    async def _reserve_in_redis(self, slot: Slot, lane: Lane, ahead: float, answer: Any) -> Slot | Wait | None:
        """The slot with the moment it is due, or how long to wait; None when Redis did not answer."""
        if answer is None and time.monotonic() < self._leave_alone_until:
            return None
        for _ in range(3):
            if answer is None:
                answer = await self._call(RESERVE, *self._question(slot, lane, ahead))
            if answer is None:
                self._may_be_placed(slot)
                return None
            seconds, epoch, what = int(answer[0]) / 1_000_000, answer[1], int(answer[2])
            if what == 0:
                return replace(slot, leaves=time.monotonic() + seconds) if seconds else slot
            if what > 0:
                return Wait(seconds, everybody=what == 1)
            if not await self._tell(epoch.decode() if isinstance(epoch, bytes) else str(epoch)):
                return None if self.away else Wait(LEDGER_LOOK)
            answer = None
        return Wait(IN_FLIGHT_LOOK)  # the epoch changed three times under us: somebody is emptying Redis in a loop

    def _may_be_placed(self, slot: Slot) -> None:
        """Redis did not answer, but may have placed the token: the next push takes it out."""
        self._memory[slot.token] = Sent(slot, time.monotonic(), "gone")

    def _question(self, slot: Slot, lane: Lane, ahead: float = 0.0) -> tuple[list[str], list[str | int]]:
        """Keys and arguments with which RESERVE is asked for a slot."""
        limits = self.limits
        most, most_group = limits.lanes[lane]
        halved = self._slow.get(slot.chat_id, 0) > time.monotonic()  # also when Redis forgot it
        most_group = max(1, most_group // 2) if halved else most_group
        hold, lost = max(limits.all_window, limits.chat_window), ""
        if self._gap:  # others may still send without it until they look again: a new epoch waits for them
            hold, lost = limits.chat_window + limits.retry_after + PATIENCE, self._lost
        each: list[tuple[float, int, int, int, int]] = [
            (limits.all_window, most, min(most, limits.cold_all), 0, 0),
            (limits.chat_window, 1, 1, 0, 0),
        ]
        if slot.is_group:
            cold, burst = min(most_group, limits.cold_group), limits.burst if lane == "push" else 0
            each.append((limits.group_window, most_group, cold, int(not halved), burst))
        fields = [value for win, *rest in each for value in (_us(win), *rest)]
        keys = [f"{self.prefix}:epoch", self._slow_key(slot.chat_id), f"{self.prefix}:hurry", *slot.keys]
        hurry = (int(lane == "reply"), limits.hurry, max(1, round(limits.hurry_for * 1000)))
        said: list[str | int] = [slot.token, _us(self.lease), self._epoch, secrets.token_hex(4), lost]
        return keys, [*said, _us(hold), _us(limits.group_window), *hurry, _us(ahead), *fields]

    async def _tell(self, epoch: str) -> bool:
        """Bring a Redis of another epoch up to date, once for all who wait for it. False: it could not be done now."""
        async with self._telling:
            if self._epoch == epoch:
                return True
            failures = self._failures
            told = await self._learn() and await self._push()
            if told and failures == self._failures:
                self._epoch, self._gap = epoch, False
            return told

    async def _learn(self) -> bool:
        """Remember what others sent, by the ledger. False: it is away, and without it nothing can be claimed either."""
        now = time.monotonic()
        if now - self._learned < FRESH:
            return True
        try:
            lately = await self._ledger(self.limits.group_window)
        except Exception as error:
            log.warning("the pace waits for the ledger: %s", error or type(error).__name__)
            return False
        self._learned = now
        known = {sent.name for sent in self._memory.values()}
        for one in lately:
            if one.name not in known:
                slot = replace(self._slot(one.chat_id, is_group=one.chat_id < 0), token=one.name)
                self._memory[one.name] = Sent(slot, time.monotonic() - one.ago, "settled", one.name, own=False)
        return True

    async def _push(self) -> bool:
        """Tell Redis everything this process remembers; harmless when Redis knows it already."""
        now = time.monotonic()
        rows: list[tuple[str, str, str, int | str]] = []
        for sent in list(self._memory.values()):
            age = now - sent.at
            shift = "gone" if sent.state == "gone" else _us(-age if sent.state == "settled" else self.lease - age)
            called = sent.name if sent.state == "settled" else sent.slot.token
            rows += [(key, sent.slot.token, called, shift) for key in sent.slot.keys]
        for start in range(0, len(rows), PUSHED_AT_ONCE):
            part = rows[start : start + PUSHED_AT_ONCE]
            told = [value for _, *values in part for value in values]
            if await self._call(PUSH, [key for key, *_ in part], (*told, self._expiry())) is None:
                return False
        return True

    def _expiry(self) -> int:
        """Milliseconds after which nothing in Redis counts any more."""
        return int((self.limits.group_window + self.lease + 1) * 1000)

    async def _call(self, script: str, keys: Sequence[str], argv: Sequence[str | int]) -> Any:
        """A script's answer, or None when Redis is away; then it is left alone for a second and told all later."""
        return await self._told(lambda: self._scripts[script](keys=list(keys), args=list(argv)))

    async def _call_all(self, script: str, asked: Sequence[tuple[Sequence[str], Sequence[str | int]]]) -> Sequence[Any]:
        """A script's answers to several questions, asked in one trip; None for each when Redis is away."""
        if len(asked) == 1:  # without the look whether Redis knows the script, which comes before several
            return [await self._call(script, *asked[0])]

        async def ask() -> list[Any]:
            async with self._redis.pipeline(transaction=False) as together:
                for keys, argv in asked:
                    await self._scripts[script](keys=keys, args=argv, client=together)
                answers: list[Any] = await together.execute()
                return answers

        answers: list[Any] | None = await self._told(ask)
        return [None] * len(asked) if answers is None else answers

    async def _told(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        if time.monotonic() < self._leave_alone_until:
            return None
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await ask()
        except (RedisError, OSError, TimeoutError) as error:
            if not self.away:
                self._away_since = time.monotonic()
                log.warning("Redis is away, sending at the local pace: %s", error or type(error).__name__)
            self._gap = self._gap or time.monotonic() - self._away_since >= self.limits.chat_window
            self.away, self._failures = True, self._failures + 1
            self._lost, self._epoch = self._epoch or self._lost, ""
            self._leave_alone_until = time.monotonic() + self.limits.retry_after
            return None
        if self.away:
            log.info("Redis answers again")
        self.away = False
        return answer

    def _local_wait(self, chat_id: int, *, is_group: bool, lane: Lane) -> float:
        """Seconds to wait by what this process remembers of itself and, by the ledger, of all others."""
        now, limits = time.monotonic(), self.limits
        most, most_group = limits.lanes[lane]
        group = min(limits.local_group, most_group)
        if self._slow.get(chat_id, 0) > now:
            group //= 2
        sent = [s for s in self._memory.values() if s.state != "gone"]
        here = [s for s in sent if s.slot.chat_id == chat_id]
        waits = [
            limits.chat_window - (now - self._away_since),
            self._room([s for s in sent if s.own], limits.all_window, min(limits.local_all, most // self.processes)),
            self._room(here, limits.local_chat_window, 1),
        ]
        if is_group:
            waits.append(self._room(here, limits.group_window, max(1, group)))
        return max(waits)

    def _room(self, sent: Sequence[Sent], window: float, most: int) -> float:
        """Seconds until fewer than `most` of these count within `window`."""
        now = time.monotonic()
        ends = sorted(IN_FLIGHT_LOOK if s.state == "in flight" else s.at + window - now for s in sent)
        ends = [end for end in ends if end > 0]
        return ends[-max(1, most)] if len(ends) >= max(1, most) else 0.0

    def _forget(self) -> None:
        """Drop what no window can see any more."""
        now, window = time.monotonic(), self.limits.group_window
        if now - self._forgot_at < min(1.0, window):
            return
        self._forgot_at = now
        longest = {"settled": window, "in flight": window + self.lease, "gone": window + self.lease}
        for token in [t for t, s in self._memory.items() if now - s.at > longest[s.state]]:
            del self._memory[token]
        for chat in [chat for chat, until in self._slow.items() if until < now]:
            del self._slow[chat]


def _us(seconds: float) -> int:
    return round(seconds * 1_000_000)
