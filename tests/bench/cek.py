"""`/cek` and `/tugas` through the whole bot (inbox, transaction, ledger, pace) beside a bare aiogram bot."""

import asyncio
import json
import time
from contextlib import ExitStack
from functools import partial
from statistics import median
from typing import Any

from shared import db
from shared.settings import settings
from tests.bench import crowd
from tests.bench.click import evenly
from tests.bench.figures import ROUNDS, Figure, percentile
from tests.bench.house import House, Servers, cpu, house
from tests.bench.simulator import Simulator, simulator

CHATS = 100
RATE = 50  # questions a second; Telegram would let 30 answers a second leave, so the pace's windows are shorter here
SECONDS = 12
BURST = 1500  # questions at once, for the highest rate
PACE_TIMES = "200"
ACCOUNTS = 60  # of each collector
BARE = "bare aiogram"
SLOWEST, SHARE = 50, 0.6  # promised: ms of p99, and how much of the bare bot's highest rate

Questions = list[tuple[int, str]]
"""Private chats and what is asked in each, by the person whose it is."""


def run(at: Servers, *, seconds: int = SECONDS, burst: int = BURST) -> list[Figure]:
    """Two houses side by side, each with its own simulator: ours with relay and bot, and the bare bot."""
    with ExitStack() as stack:
        bare = stack.enter_context(house(at, "bare", SIKPRO_PACE_TIMES=PACE_TIMES))
        ours = stack.enter_context(house(at, "relay", "notifier", "bot", SIKPRO_PACE_TIMES=PACE_TIMES))
        return asyncio.run(_measure(ours, bare, seconds, burst))


async def _measure(ours: House, bare: House, seconds: int, burst: int) -> list[Figure]:
    engine = db.connect(settings().asyncpg_url)
    made = await crowd.settle(CHATS, CHATS * 3)
    collectors = await crowd.collect(CHATS, CHATS * ACCOUNTS)
    await engine.dispose()
    numbers = dict(zip(made.chats, (number for _, number in made.orders), strict=False))
    cek = [(chat, f"/cek {number}") for chat, number in numbers.items()]
    questions = {"/cek": cek, "/tugas": [(chat, "/tugas") for chat in collectors], BARE: cek}
    waits: dict[str, list[list[float]]] = {name: [] for name in questions}
    rates: dict[str, list[float]] = {name: [] for name in questions}
    used: dict[str, list[float]] = {name: [] for name in questions}
    async with simulator(ours.sim) as first, simulator(bare.sim) as second:
        both = dict.fromkeys(questions, (first, ours.processes["bot"].pid))
        both[BARE] = second, bare.processes["bare"].pid
        everybody = [*made.chats, *collectors]
        for sim in (first, second):
            await sim.post("bulk", users=crowd.users(everybody), chats=crowd.open_chats(everybody))
        for name, (sim, _) in both.items():
            await _asked(sim, questions[name], 1, patience=120)  # importing aiogram takes a while
            await _asked(sim, questions[name], RATE)
        for _ in range(ROUNDS):
            for name, (sim, pid) in both.items():
                before = cpu(pid)
                waits[name].append(await _asked(sim, questions[name], RATE * seconds))
                used[name].append((cpu(pid) - before) * 1000 / (RATE * seconds))
        for _ in range(ROUNDS):
            for name, (sim, _) in both.items():
                rates[name].append(await _at_once(sim, questions[name], burst))
    return _figures(waits, rates, used)


async def _asked(sim: Simulator, questions: Questions, many: int, patience: float = 120) -> list[float]:
    """Milliseconds from each question (before the simulator was asked to say it) to its answer's arrival."""
    since = (await sim.stats())["calls"]
    asked: dict[tuple[int, int], float] = {}

    async def ask(place: int) -> None:
        chat, words = questions[place % len(questions)]
        began = time.time()
        said = await sim.post("say", chat=chat, user=chat, text=words)
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


async def _at_once(sim: Simulator, questions: Questions, many: int) -> float:
    """Answers a second when many questions wait."""
    since = (await sim.stats())["calls"]
    began = time.time()
    say = [{"chat": chat, "user": chat, "text": words} for chat, words in questions]
    await sim.post("bulk", say=[say[place % len(say)] for place in range(many)])
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
    """Each of ours beside the bare bot; at 50 a second p99 is promised, and a share of the bare bot's highest rate."""
    found = []
    bare = {percent: [percentile(one, percent) for one in waits[BARE]] for percent in (50, 99)}
    peers = [Figure("cek", f"{BARE} p{percent}", bare[percent]) for percent in (50, 99)]
    most, cost = (
        Figure("cek", f"highest rate, {BARE}", rates[BARE], unit="/s"),
        Figure("cek", f"CPU, {BARE}", used[BARE]),
    )
    for name in ("/cek", "/tugas"):
        half, slow = ([percentile(one, percent) for one in waits[name]] for percent in (50, 99))
        kept = median(slow) < SLOWEST
        found.append(Figure("cek", f"{name} at {RATE}/s p50", half, peer=BARE, beside=peers[0].middle))
        found.append(
            Figure("cek", f"{name} at {RATE}/s p99", slow, "ms", BARE, peers[1].middle, f"< {SLOWEST} ms", kept)
        )
        kept = median(rates[name]) >= SHARE * most.middle
        rate = Figure("cek", f"highest rate of {name}", rates[name], "/s", BARE, most.middle, f"≥ {SHARE}×", kept)
        found += [rate, Figure("cek", f"CPU an answer to {name}", used[name], peer=BARE, beside=cost.middle)]
    return [*found, *peers, most, cost]
