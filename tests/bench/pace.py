"""Ten thousand messages to six hundred chats under Telegram's limits: none refused, how near the legal rate."""

import asyncio
import json
import math
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from shared import db
from shared.db import transaction
from shared.settings import settings
from tests.bench.figures import Figure, percentile
from tests.bench.house import House, Servers, cpu, house
from tests.bench.simulator import Simulator, simulator

MESSAGES = 10_000
HOT, GROUPS, PRIVATE = 20, 180, 400  # chats: busy groups, groups, private
SHARE = {"hot": 0.16, "group": 0.36, "private": 0.48}  # of the messages
WINDOW = 30.0  # seconds of one round of the rate
MINUTE = 62.0

_CHATS = text("INSERT INTO chat (id, kind, title, last_message_id) VALUES (:id, :kind, :title, 0)")
_QUEUE = text("""
    INSERT INTO delivery (chat_id, kind, lane, method, payload, brief, keep, attempts, repeated, floor_id)
    SELECT chat, 'status', 1, 'sendMessage',
        jsonb_build_object('text', mark || '. OGP, sedang dikerjakan. Nadia Putri, 10.42 WIB', 'reply_markup',
            jsonb_build_object('inline_keyboard', jsonb_build_array(jsonb_build_array(jsonb_build_object(
                'text', 'Cek progres', 'callback_data', 'cek-' || mark))))),
        CASE WHEN :brief THEN mark || ' OGP. Nadia Putri' ELSE '' END, true, 0, false, 0
    FROM (SELECT cast(chat AS bigint) AS chat, cast(:mark AS text) || place || 'x' || n AS mark, n
          FROM jsonb_array_elements_text(cast(:chats AS jsonb)) WITH ORDINALITY AS given (chat, place),
               generate_series(1, :each) n) each_one
    ORDER BY n, chat
""")


@dataclass(frozen=True, slots=True)
class Mix:
    """Which chats get how many messages each."""

    hot: list[int]
    groups: list[int]
    private: list[int]
    each: dict[str, int]

    def counts(self) -> dict[int, int]:
        kinds = (("hot", self.hot), ("group", self.groups), ("private", self.private))
        return {chat: self.each[kind] for kind, chats in kinds for chat in chats}


def run(at: Servers, *, messages: int = MESSAGES) -> list[Figure]:
    """First each message by itself, then as many that may be merged, as news of orders are."""
    with house(at, "relay", "notifier", flood="published") as here:
        here.start_if_it_can("bot")
        return asyncio.run(_measure(here, messages))


def mix_of(messages: int) -> Mix:
    """The usual mix, its messages a chat cut to whole numbers of at least one."""
    many = {"hot": HOT, "group": GROUPS, "private": PRIVATE}
    each = {kind: max(1, round(messages * SHARE[kind] / chats)) for kind, chats in many.items()}
    base = -1_002_000_000_000
    return Mix(
        [base - n for n in range(HOT)],
        [base - 1000 - n for n in range(GROUPS)],
        [6_100_000 + n for n in range(PRIVATE)],
        each,
    )


def legal_seconds(counts: dict[int, int]) -> float:
    """The least time Telegram's limits leave for these messages: 30/s in all, 1/s a chat, 20 a minute a group."""
    longest = 0.0
    for chat, many in counts.items():
        minutes, rest = divmod(many - 1, 20)
        alone = minutes * 60 + rest if chat < 0 else many - 1
        longest = max(longest, float(alone))
    return max(longest, math.ceil(sum(counts.values()) / 30) - 1.0)


async def _measure(here: House, messages: int) -> list[Figure]:
    engine = db.connect(settings().asyncpg_url)
    mix = mix_of(messages)
    counts = mix.counts()
    async with simulator(here.sim) as sim:
        await _make(sim, mix)
        await _warm(mix)
        alone = await _run(here, sim, mix, counts, brief=False)
        await asyncio.sleep(MINUTE)  # of the groups
        merged = await _run(here, sim, mix, counts, brief=True)
    await engine.dispose()
    return _figures(counts, alone, merged)


async def _make(sim: Simulator, mix: Mix) -> None:
    user = [{"id": chat, "first_name": "Teknisi", "last_name": str(chat)} for chat in mix.private]
    groups = [
        {"id": chat, "type": "supergroup", "title": f"Grup {chat}", "bot": "administrator", "quietly": True,
         "members": [mix.private[0]]}
        for chat in (*mix.hot, *mix.groups)
    ]  # fmt: skip
    private = [{"id": chat, "type": "private"} for chat in mix.private]
    await sim.post("bulk", users=user, chats=groups + private)
    async with transaction() as session:
        rows = [{"id": chat, "kind": "supergroup", "title": "Grup"} for chat in (*mix.hot, *mix.groups)]
        rows += [{"id": chat, "kind": "private", "title": "Teknisi"} for chat in mix.private]
        await session.execute(_CHATS, rows)


async def _warm(mix: Mix) -> None:
    """One message, and a minute: in the first of an emptied Redis the pace lets only 25 a second leave."""
    async with transaction() as session:
        await session.execute(_QUEUE, {"chats": json.dumps(mix.private[:1]), "mark": "Warm", "brief": False, "each": 1})
        await session.execute(text("SELECT pg_notify('sikpro_outbox', '')"))
    await asyncio.sleep(MINUTE)


@dataclass(frozen=True, slots=True)
class Sent:
    """What one run came to. crowded: calls a second while all chats waited. cpu: ms a call of relay and notifier."""

    seconds: float
    calls: int
    violations: int
    too_many: int
    lost: int
    doubled: int
    rates: list[float]
    crowded: float
    cpu: float


async def _run(here: House, sim: Simulator, mix: Mix, counts: dict[int, int], *, brief: bool) -> Sent:
    """Queue everything at once and wait until nothing is left."""
    mark = "M" if brief else "A"
    before = await sim.stats()
    pids = [here.processes[name].pid for name in ("relay", "notifier")]
    used = sum(cpu(pid) for pid in pids)
    async with transaction() as session:
        for kind, chats in (("hot", mix.hot), ("group", mix.groups), ("private", mix.private)):
            given = {"chats": json.dumps(chats), "mark": f"{mark}{kind}", "brief": brief, "each": mix.each[kind]}
            await session.execute(_QUEUE, given)
        await session.execute(text("SELECT pg_notify('sikpro_outbox', '')"))
    began = time.time()
    until = time.monotonic() + max(120.0, 4 * legal_seconds(counts))
    while await _left():
        assert time.monotonic() < until, f"{await _left()} messages never left"
        await asyncio.sleep(1)
    after = await sim.stats()
    made = await sim.calls(before["calls"])
    calls = [call for call in made if call["outcome"] == "ok" and call["method"].lower() == "sendmessage"]
    times = sorted(call["ts"] for call in calls)
    seen = Counter(_marks(calls, mark))
    used = sum(cpu(pid) for pid in pids) - used
    return Sent(
        seconds=times[-1] - began,
        calls=len(calls),
        violations=after["violations"] - before["violations"],
        too_many=after["too_many"] - before["too_many"],
        lost=sum(counts.values()) - len(seen),
        doubled=sum(many - 1 for many in seen.values()),
        rates=_rates(times, began),
        crowded=_crowded(calls),
        cpu=used * 1000 / max(1, len(calls)),
    )


def _marks(calls: Sequence[dict[str, Any]], mark: str) -> list[str]:
    lines = [line for call in calls for line in str(call["params"].get("text", "")).split("\n")]
    return [line.partition(".")[0].partition(" ")[0] for line in lines if line.startswith(mark)]


def _rates(times: Sequence[float], began: float) -> list[float]:
    """Calls a second in each whole window, the ramp of the first and the tail of the last left out."""
    last = int((times[-1] - began) // WINDOW)
    found = Counter(int((at - began) // WINDOW) for at in times)
    return [found[window] / WINDOW for window in range(last)] or [len(times) / max(0.001, times[-1] - began)]


def _crowded(calls: Sequence[dict[str, Any]]) -> float:
    """Calls a second from the first until one of the chats has heard everything."""
    first = min(call["ts"] for call in calls)
    end = min({call["chat"]: call["ts"] for call in sorted(calls, key=lambda each: each["ts"])}.values())
    return float(sum(call["ts"] <= end for call in calls) / max(0.001, end - first))


async def _left() -> int:
    async with transaction() as session:
        left = await session.scalar(
            text("SELECT count(*) FROM delivery WHERE state IN ('waiting', 'sending', 'unknown')")
        )
    return int(left or 0)


def _figures(counts: dict[int, int], alone: Sent, merged: Sent) -> list[Figure]:
    total, legal = sum(counts.values()), legal_seconds(counts)
    bad = alone.lost + alone.doubled + merged.lost + merged.doubled
    return [
        Figure(
            "pace", f"refused with 429, {total} messages alone", [alone.too_many], unit="", aim="0",
            kept=alone.violations + alone.too_many == 0,
        ),
        Figure("pace", "whole run, alone", [alone.seconds], unit="s", peer="legal bound", beside=legal),
        Figure(
            "pace", "of it, legal bound", [legal / alone.seconds * 100], unit="%", aim="≥ 98 %",
            kept=legal >= 0.98 * alone.seconds,
        ),
        Figure(
            "pace", f"rate while all {len(counts)} chats wait", [alone.crowded], unit="/s", peer="limit", beside=30.0,
            aim="≥ 98 %", kept=alone.crowded >= 0.98 * 30,
        ),
        Figure("pace", f"rate in windows of {WINDOW:.0f} s", alone.rates, unit="/s", peer="limit", beside=30.0),
        Figure("pace", "lowest tenth of those windows", [percentile(alone.rates, 10)], unit="/s"),
        Figure("pace", "CPU a call, relay + notifier", [alone.cpu]),
        Figure(
            "pace", f"refused with 429, {total} that may merge", [merged.too_many], unit="", aim="0",
            kept=merged.violations + merged.too_many == 0,
        ),
        Figure("pace", "calls made for them", [merged.calls], unit="", peer="messages", beside=float(total)),
        Figure("pace", "whole run, merging", [merged.seconds], unit="s", peer="alone", beside=alone.seconds),
        Figure("pace", "lost or doubled", [bad], unit="", aim="0", kept=bad == 0),
    ]  # fmt: skip
