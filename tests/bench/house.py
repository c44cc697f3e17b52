"""A whole SIKPRO for one bench: database, broker, simulator and the real processes, all gone afterwards."""

import asyncio
import os
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen

import asyncpg
import psutil
import redis

from deploy.local import ports, temporary
from deploy.local.processes import SIMULATOR_TOKEN, healthy
from deploy.local.program import Program, end, last_words, launch, wait_ready
from deploy.local.say import CannotGoOnError
from shared import db, migrate
from shared.orders import queries as orders
from shared.places import queries as places
from shared.settings import settings

MODULES = {
    "relay": "shared.relay",
    "notifier": "services.notifier",
    "bot": "services.bot",
    "web": "deploy.local.edge",
    "ingest": "services.ingest",
    "bare": "tests.bench.bare_bot",
}


@dataclass(frozen=True, slots=True)
class Servers:
    """A superuser's URL to Postgres, and the broker's."""

    postgres: str
    valkey: str


@dataclass
class House:
    """A running house. `processes` by name; `sim` is the address of its simulator."""

    folder: Path
    database: str
    valkey: str
    sim: str
    env: dict[str, str]
    programs: dict[str, Program] = field(default_factory=dict)
    processes: dict[str, Popen[bytes]] = field(default_factory=dict)

    @property
    def web(self) -> str:
        return self.env["SIKPRO_BASE_URL"]

    def start(self, *names: str) -> None:
        """Start processes of the house by name; returns when each is ready (or has lived a second)."""
        for name in names:
            how = _program(name, MODULES[name], self.folder, self.env)
            self.programs[name], self.processes[name] = how, launch(how)
        for name in names:
            wait_ready(self.processes[name], self.programs[name], 60)

    def start_if_it_can(self, *names: str) -> None:
        """Start processes that the bench only wants to have beside it; one that cannot start is said and left out."""
        for name in names:
            try:
                self.start(name)
            except CannotGoOnError as trouble:
                print(f"without {name}: {str(trouble).splitlines()[-1]}", file=sys.stderr, flush=True)
                self.stop(name)

    def stop(self, name: str) -> None:
        end(self.processes.pop(name), self.programs[name], patience=20)


@contextmanager
def servers() -> Iterator[Servers]:
    """Those that `./sikpro bench` started, else temporary ones; both write to disk as in use."""
    given = os.environ.get("SIKPRO_TEST_DATABASE_URL"), os.environ.get("SIKPRO_TEST_REDIS_URL")
    if given[0] and given[1]:
        yield Servers(given[0], given[1])
        return
    with temporary.servers(durable=True) as (postgres, valkey):
        assert valkey is not None
        yield Servers(postgres.url, valkey.url)


@contextmanager
def house(at: Servers, *names: str, flood: str = "off", **environment: str) -> Iterator[House]:
    """An empty migrated database, an emptied broker, a simulator and these processes; this process is connected too.

    flood: the simulator's limits (off, published). environment: more settings, such as SIKPRO_PACE_TIMES.
    """
    with temporary.folder() as folder, ExitStack() as stack:
        database = stack.enter_context(_database(at.postgres))
        redis.Redis.from_url(at.valkey).flushall()
        sim, web = ports.any_free(), ports.any_free()
        mine = {
            "SIKPRO_DATABASE_URL": database,
            "SIKPRO_REDIS_URL": at.valkey,
            "SIKPRO_TELEGRAM_TOKEN": SIMULATOR_TOKEN,
            "SIKPRO_TELEGRAM_API": f"http://127.0.0.1:{sim}",
            "SIKPRO_SIM_PORT": str(sim),
            "SIKPRO_SIM_SAVES": "0",  # else a p99 is how long Telegram's stand-in writes its world to the disk
            "SIKPRO_PORT": str(web),
            "SIKPRO_BASE_URL": f"http://127.0.0.1:{web}",
            "SIKPRO_DATA": str(folder),
            "SIKPRO_DEMO": "1",
            "SIKPRO_FEEDBACK_HOLD": "0",
            "PYTHONUNBUFFERED": "1",
            "REMAP_SIGTERM": "SIGQUIT",
            "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
            **environment,
        }
        env = temporary.plain_environment() | mine
        stack.enter_context(_as_environment(mine))
        made = House(folder, database, at.valkey, f"http://127.0.0.1:{sim}", env)
        stack.callback(_stop_all, made)
        simulator = _program("simulator", "deploy.simulator", folder, env)
        made.programs["simulator"], made.processes["simulator"] = simulator, launch(simulator)
        wait_ready(made.processes["simulator"], simulator, 60)
        _post(sim, "/_sim/flood", f'{{"profile": "{flood}"}}')
        made.start(*names)
        try:
            yield made
        except BaseException:
            for name, program in made.programs.items():
                print(f"--- {name}\n{last_words(program.log, 8)[:2000]}", file=sys.stderr)
            raise


def family(pid: int) -> list[psutil.Process]:
    """A process and all below it; those that ended meanwhile are left out."""
    try:
        head = psutil.Process(pid)
        return [head, *head.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def cpu(pid: int) -> float:
    """Seconds of CPU that a process and its children used, those that have ended and been awaited included."""
    used = 0.0
    for place, one in enumerate(family(pid)):
        try:
            times = one.cpu_times()
        except psutil.NoSuchProcess:
            continue
        used += times.user + times.system
        if place == 0:
            used += times.children_user + times.children_system
    return used


async def server_pids(at: House) -> dict[str, int]:
    """The pids of Postgres' postmaster and of Valkey, asked from themselves."""
    connection = await asyncpg.connect(at.database)
    first = (await connection.fetchval("SELECT pg_read_file('postmaster.pid')")).split("\n", 1)[0]
    await connection.close()
    known = redis.Redis.from_url(at.valkey).info("server")
    return {"postgres": int(first), "valkey": int(known["process_id"])}


def _program(name: str, module: str, folder: Path, env: Mapping[str, str]) -> Program:
    started = time.monotonic()
    lived = lambda: time.monotonic() - started > 1.5  # noqa: E731 two readings of "ready" side by side
    answers = {
        "simulator": lambda: ports.answers(int(env["SIKPRO_SIM_PORT"])),
        "web": lambda: healthy(int(env["SIKPRO_PORT"])) is not None,
    }
    argv: Sequence[str] = (sys.executable, "-m", module)
    return Program(
        name=name,
        argv=tuple(argv),
        log=folder / f"{name}.log",
        environment=env,
        patience=15,
        ready=answers.get(name, lived),
    )


def _stop_all(made: House) -> None:
    for name in [
        name for name in ("web", "bare", "bot", "ingest", "notifier", "relay", "simulator") if name in made.processes
    ]:
        made.stop(name)


@contextmanager
def _as_environment(values: Mapping[str, str]) -> Iterator[None]:
    """This process reads the same settings while the house stands."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    settings.cache_clear()
    orders.forget()
    places.forget()
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        settings.cache_clear()
        db.sessions.configure(bind=None)


@contextmanager
def _database(superuser: str) -> Iterator[str]:
    name = f"bench_{uuid.uuid4().hex[:8]}"
    url = superuser.rsplit("/", 1)[0] + "/" + name
    _execute(superuser, f"CREATE DATABASE {name}")
    try:
        migrate.upgrade(url)
        yield url
    finally:
        _execute(superuser, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _execute(url: str, statement: str) -> None:
    async def work() -> None:
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(work())


def _post(port: int, path: str, body: str) -> None:
    asked = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body.encode(), method="POST")
    urllib.request.urlopen(asked, timeout=10).read()
