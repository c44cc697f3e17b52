"""The house as real processes that a test may kill: Postgres, Valkey, simulator, relay, notifier. Ours alone.

Every process leads a session of its own, so that a kill of its group takes its children along, as a machine would.
"""

import asyncio
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import psutil
from aiohttp import ClientError, ClientSession

from deploy.local import postgres, temporary, valkey
from deploy.local.server import Server
from shared import db, migrate
from shared.settings import settings
from tests.conftest import forget_all, set_environment
from tests.simulator.telegram import TOKEN, Telegram

ROOT = Path(__file__).parents[2]
TIMES = 10  # how much shorter than Telegram's the windows of the limits are, for the simulator and the pace alike
KEPT = os.environ.get("FAULT_LOGS", "")
"""A folder for the logs of every house: what happened once in hours is found from its run alone."""
FAST = {"SIKPRO_LEASE": "8", "SIKPRO_SEND_TIMEOUT": "2.5", "SIKPRO_SWEEP": "2"}


@dataclass
class House:
    """A running house. `log(name)` is what a process wrote."""

    folder: Path
    postgres: Server
    valkey: Server
    telegram: Telegram
    database: str
    environment: dict[str, str]
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    lives: int = 1  # of the notifier

    def start(self, name: str, **more: str) -> None:
        """Start `python -m MODULE` of a service by its short name."""
        module = {"relay": "shared.relay", "simulator": "deploy.simulator"}.get(name, f"services.{name}")
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                [sys.executable, "-m", module],
                cwd=ROOT,
                env=self.environment | more,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def start_writer(self, module: str, plan: Path, notes: Path, **more: str) -> None:
        """Start a writer as a process of its own, called `writer`."""
        with (self.folder / "writer.log").open("ab") as log:
            self.running["writer"] = subprocess.Popen(
                [sys.executable, "-m", module, str(plan), str(notes)],
                cwd=ROOT,
                env=self.environment | more,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def kill(self, name: str) -> None:
        """SIGKILL to a process and all its children."""
        process = self.running[name]
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def kill_child(self, name: str, dice: random.Random) -> None:
        """SIGKILL to one of the worker processes, as the OOM killer would."""
        children = psutil.Process(self.running[name].pid).children()
        if children:
            with suppress(psutil.NoSuchProcess):
                dice.choice(children).kill()

    def kill_all(self) -> None:
        """The end of a house whose data nobody needs."""
        for name in self.running:
            self.kill(name)

    async def restart(self, name: str, **more: str) -> None:
        """Kill a process and start it again, as the supervisor does; more: of its environment."""
        self.kill(name)
        self.start(name, **more)
        if name == "notifier":
            self.lives += 1
            await self.notifier_ready(self.lives)

    async def notifier_ready(self, lives: int, seconds: float = 60) -> None:
        """Until the notifier of this many starts has said that it listens."""
        end = time.monotonic() + seconds
        while self.log("notifier").count(" ready.") < lives:
            assert time.monotonic() < end, self.log("notifier")[-2000:]
            await asyncio.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def answers(telegram: Telegram, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            await telegram.figures()
        except ClientError:
            assert time.monotonic() < end, "the simulator did not start"
            await asyncio.sleep(0.05)
        else:
            return


async def limits(telegram: Telegram, times: float) -> None:
    """Telegram's published limits, in windows `times` shorter."""
    await telegram.sim("flood", profile="published", all=[30, 1 / times], chat=[1, 1 / times], group=[20, 60 / times])


@asynccontextmanager
async def simulator(folder: Path) -> AsyncIterator[Telegram]:
    """A simulator process alone."""
    port = free_port()
    environment = temporary.plain_environment() | {"SIKPRO_DATA": str(folder), "SIKPRO_SIM_PORT": str(port)}
    with (folder / "simulator.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "deploy.simulator"], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
    try:
        async with ClientSession() as session:
            telegram = Telegram(session, f"http://127.0.0.1:{port}")
            await answers(telegram)
            yield telegram
    finally:
        process.terminate()
        process.wait(15)


@asynccontextmanager
async def house(more: dict[str, str], times: float = TIMES) -> AsyncIterator[House]:
    """A house of its own, with an empty migrated database. Simulator, relay and notifier run."""
    with temporary.folder() as folder, ExitStack() as stack:
        database = stack.enter_context(postgres.start(folder / "postgres", durable=False))
        broker = stack.enter_context(valkey.start(folder / "valkey"))
        connection = await asyncpg.connect(database.url)
        await connection.execute("CREATE DATABASE house")
        await connection.close()
        url = database.url.rsplit("/", 1)[0] + "/house"
        await asyncio.to_thread(migrate.upgrade, url)
        port = free_port()
        environment = temporary.plain_environment() | {
            "SIKPRO_DATABASE_URL": url,
            "SIKPRO_REDIS_URL": broker.url,
            "SIKPRO_TELEGRAM_TOKEN": TOKEN,
            "SIKPRO_TELEGRAM_API": f"http://127.0.0.1:{port}",
            "SIKPRO_SIM_PORT": str(port),
            "SIKPRO_DATA": str(folder),
            "SIKPRO_FEEDBACK_HOLD": "0",
            "SIKPRO_PACE_TIMES": str(times),
            **more,
        }
        async with ClientSession() as session:
            telegram = Telegram(session, f"http://127.0.0.1:{port}")
            here = House(folder, database, broker, telegram, url, environment)
            for name in ("simulator", "relay", "notifier"):
                here.start(name)
            try:
                await answers(telegram)
                await limits(telegram, times)
                await here.notifier_ready(1)
                yield here
            finally:
                here.kill_all()
                if KEPT:
                    shutil.copytree(folder, Path(KEPT) / folder.name, ignore=not_logs, dirs_exist_ok=True)


def not_logs(folder: str, names: list[str]) -> set[str]:
    """Of a house's folder, what is neither a log nor a folder of its own."""
    return {each for each in names if not each.endswith(".log") or (Path(folder) / each).is_dir()}


@asynccontextmanager
async def door(house: House) -> AsyncIterator[None]:
    """This process writes to the house's database as a door would; faults of an earlier run are gone."""
    before = {name: value for name, value in os.environ.items() if name.startswith("SIKPRO_")}
    ours = {name: value for name, value in house.environment.items() if name.startswith("SIKPRO_")}
    set_environment(**ours)
    forget_all()
    await clear_faults(house.telegram)
    await limits(house.telegram, float(house.environment["SIKPRO_PACE_TIMES"]))
    for name in ("simulator", "relay", "notifier"):
        if house.running[name].poll() is not None:
            await house.restart(name)
    await answers(house.telegram)
    engine = db.connect(settings().asyncpg_url, pool_size=15)
    db.sessions.configure(join_transaction_mode="conditional_savepoint")
    try:
        yield
    finally:
        await engine.dispose()
        db.sessions.configure(bind=None)
        for name in ours.keys() - before.keys():
            del os.environ[name]
        set_environment(**before)


async def clear_faults(telegram: Telegram) -> None:
    async with telegram.session.delete(f"{telegram.base}/_sim/faults") as answer:
        assert answer.status == 200


async def until_quiet(house: House, seconds: float) -> dict[str, Any]:
    """Wait until nothing is on its way any more; returns what still is when the time is over, else {}.

    What a report of the hour wrote for a group of the town that no Telegram knows is held, not on its way. A notifier
    that ended by itself is started again, as the supervisor does, and it is said: Celery's worker gives up now and then
    when its broker goes away ("Unrecoverable error", kombu asks a connection it has just dropped for its host name).
    """
    end = time.monotonic() + seconds
    left: dict[str, Any] = {}
    while time.monotonic() < end:
        if house.running["notifier"].poll() is not None:
            print(f"\nthe notifier ended by itself: {house.log('notifier')[-300:]}")
            await house.restart("notifier")
        try:
            connection = await asyncpg.connect(house.database, timeout=5)
            try:
                rows = await connection.fetch(
                    "SELECT 'outbox' AS what, state, count(*) FROM outbox WHERE state = 'waiting' GROUP BY 2 UNION ALL "
                    "SELECT 'delivery', state, count(*) FROM delivery"
                    " WHERE state IN ('waiting', 'sending', 'unknown')"
                    " AND chat_id NOT IN (SELECT id FROM chat WHERE held IS NOT NULL) GROUP BY 2"
                )
            finally:
                await connection.close()
        except (OSError, asyncpg.PostgresError, TimeoutError):
            await asyncio.sleep(0.5)
            continue
        left = {f"{row['what']} {row['state']}": row["count"] for row in rows}
        if not left:
            return {}
        await asyncio.sleep(0.1)
    return left
