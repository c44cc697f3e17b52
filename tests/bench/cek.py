"""`/cek` through the whole bot (inbox, transaction, ledger, pace) beside a bare aiogram bot with a fixed answer."""

import asyncio
import json
import time
from contextlib import ExitStack
from functools import partial
from typing import Any

from shared import db
from shared.settings import settings
from tests.bench import crowd
from tests.bench.click import evenly
from tests.bench.crowd import Crowd
from tests.bench.figures import ROUNDS, Figure, percentile
from tests.bench.house import House, Servers, cpu, house
from tests.bench.simulator import Simulator, simulator

CHATS = 100
RATE = 50  # questions a second; Telegram would let 30 answers a second leave, so the pace's windows are shorter here
SECONDS = 12
BURST = 1500  # questions at once, for the highest rate
PACE_TIMES = "200"


def run(at: Servers, *, seconds: int = SECONDS, burst: int = BURST) -> list[Figure]:
    """Two houses side by side, each with its own simulator: ours with relay and bot, and the bare bot."""
    with ExitStack() as stack:
        bare = stack.enter_context(house(at, "bare", SIKPRO_PACE_TIMES=PACE_TIMES))
        ours = stack.enter_context(house(at, "relay", "notifier", "bot", SIKPRO_PACE_TIMES=PACE_TIMES))
        return asyncio.run(_measure(ours, bare, seconds, burst))


async def _measure(ours: House, bare: House, seconds: int, burst: int) -> list[Figure]:
    engine = db.connect(settings().asyncpg_url)
    made = await crowd.settle(CHATS, CHATS * 3)
    await engine.dispose()
    waits: dict[str, list[list[float]]] = {"ours": [], "bare": []}
    rates: dict[str, list[float]] = {"ours": [], "bare": []}
    used: dict[str, list[float]] = {"ours": [], "bare": []}
    async with simulator(ours.sim) as first, simulator(bare.sim) as second:
        both = {"ours": (first, ours.processes["bot"].pid), "bare": (second, bare.processes["bare"].pid)}
        for sim, _ in both.values():
            await sim.post("bulk", users=crowd.users(made), chats=crowd.open_chats(made))
            await _asked(sim, made, 1, patience=120)  # importing aiogram takes a while
            await _asked(sim, made, RATE)
        for _ in range(ROUNDS):
            for name, (sim, pid) in both.items():
                before = cpu(pid)
                waits[name].append(await _asked(sim, made, RATE * seconds))
                used[name].append((cpu(pid) - before) * 1000 / (RATE * seconds))
        for _ in range(ROUNDS):
            for name, (sim, _) in both.items():
                rates[name].append(await _at_once(sim, made, burst))
    return _figures(waits, rates, used)


async def _asked(sim: Simulator, made: Crowd, many: int, patience: float = 120) -> list[float]:
    """Milliseconds from each question (before the simulator was asked to say it) to its answer's arrival."""
    since = (await sim.stats())["calls"]
    asked: dict[tuple[int, int], float] = {}

    async def ask(place: int) -> None:
        chat, (_, number) = made.chats[place % CHATS], made.orders[place % CHATS]
        began = time.time()
        said = await sim.post("say", chat=chat, user=chat, text=f"/cek {number}")
        asked[chat, said["message"]["message_id"]] = began

    await evenly(RATE, [partial(ask, place) for place in range(many)])
    waited: dict[tuple[int, int], float] = {}
    until = time.monotonic() + patience
    while len(waited) < many:
        assert time.monotonic() < until, f"{many - len(waited)} questions were never answered"
        for call in await sim.calls(since):
            since = call["seq"]
            key = (call["chat"], _replied(call["params"]))
            if key in asked and call["method"].lower() == "sendmessage":
                waited.setdefault(key, (call["ts"] - asked[key]) * 1000)
        await asyncio.sleep(0.2)
    return list(waited.values())


def _replied(params: dict[str, Any]) -> int:
    """The id of the message that a call replies to, 0 for none; aiogram sends forms with JSON in their fields."""
    given = params.get("reply_parameters") or {}
    given = json.loads(given) if isinstance(given, str) else given
    return int(given.get("message_id", 0))


async def _at_once(sim: Simulator, made: Crowd, many: int) -> float:
    """Answers a second when many questions wait."""
    since = (await sim.stats())["calls"]
    numbers = dict(zip(made.chats, (number for _, number in made.orders), strict=False))
    began = time.time()
    say = [{"chat": chat, "user": chat, "text": f"/cek {number}"} for chat, number in numbers.items()]
    await sim.post("bulk", say=[say[place % CHATS] for place in range(many)])
    until = time.monotonic() + 120
    answers: list[float] = []
    while len(answers) < many:
        assert time.monotonic() < until, f"{many - len(answers)} questions were never answered"
        await asyncio.sleep(0.5)
        for call in await sim.calls(since):
            since = call["seq"]
            if call["method"].lower() == "sendmessage":
                answers.append(call["ts"])
    return many / (max(answers) - began)


def _figures(
    waits: dict[str, list[list[float]]], rates: dict[str, list[float]], used: dict[str, list[float]]
) -> list[Figure]:
    found = []
    for percent in (50, 99):
        peer = Figure("cek", f"bare aiogram p{percent}", [percentile(one, percent) for one in waits["bare"]])
        mine = [percentile(one, percent) for one in waits["ours"]]
        found += [
            Figure("cek", f"/cek at {RATE}/s p{percent}", mine, peer="bare aiogram", beside=peer.middle),
            peer,
        ]
    peer = Figure("cek", "highest rate, bare aiogram", rates["bare"], unit="/s")
    found += [Figure("cek", "highest rate", rates["ours"], unit="/s", peer="bare aiogram", beside=peer.middle), peer]
    peer = Figure("cek", "CPU an answer, bare aiogram", used["bare"])
    cost = Figure("cek", "CPU an answer, bot process", used["ours"], peer="bare aiogram", beside=peer.middle)
    return [*found, cost, peer]
