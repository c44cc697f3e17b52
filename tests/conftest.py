"""Real Postgres and Valkey for every test; the only fake there is stands at the outer wall (the Telegram simulator)."""

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession
from xdist.scheduler import LoadScopeScheduling

from deploy.local import temporary
from shared import db, migrate
from shared.orders import queries as orders
from shared.places import queries as places
from shared.reports import queries as reports
from shared.settings import settings
from tests import again

TOKEN = "731904:SIMULATOR-demo-token-not-a-secret-000000"


@dataclass(frozen=True)
class Servers:
    """A superuser's URL to the cluster, and the broker's."""

    postgres: str
    valkey: str

    def database(self, name: str) -> str:
        return self.postgres.rsplit("/", 1)[0] + "/" + name


def set_environment(**values: str) -> None:
    """Set SIKPRO_ variables for this process and for those it starts; settings are read again."""
    os.environ.update(values)
    settings.cache_clear()


def _own_broker(url: str) -> str:
    """Each of several test processes gets a numbered broker database of its own, or they would hear each other."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    return f"{url.rsplit('/', 1)[0]}/{worker}"


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    given = os.environ.get("SIKPRO_TEST_DATABASE_URL"), os.environ.get("SIKPRO_TEST_REDIS_URL")
    if given[0] and given[1]:
        yield Servers(given[0], _own_broker(given[1]))
        return
    with temporary.servers(durable=False) as (postgres, valkey):
        assert valkey is not None
        yield Servers(postgres.url, valkey.url)


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
async def template(servers: Servers) -> AsyncIterator[str]:
    """A migrated, empty database that others are copied from."""
    name = f"template_{uuid.uuid4().hex[:8]}"
    await _execute(servers.postgres, f"CREATE DATABASE {name}")
    await asyncio.to_thread(migrate.upgrade, servers.database(name))
    yield name
    await _execute(servers.postgres, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def engine_of(url: str) -> AsyncEngine:
    """This process's engine for a database; asked again it is the same one."""
    return db.connect("postgresql+asyncpg://" + url.split("://", 1)[1], pool_size=10)


@pytest.fixture(scope="session")
async def shared_database(servers: Servers, template: str) -> AsyncIterator[str]:
    """One database for all tests that roll back; returns its URL."""
    name = f"rollback_{uuid.uuid4().hex[:8]}"
    await _execute(servers.postgres, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield servers.database(name)
    await _execute(servers.postgres, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(scope="session")
async def engine(shared_database: str) -> AsyncIterator[AsyncEngine]:
    made = engine_of(shared_database)
    yield made
    await made.dispose()


def forget_all() -> None:
    """Forget what queries remember between calls: every test has a world of its own."""
    orders.forget()
    places.forget()
    reports.forget()


@pytest.fixture
async def connection(engine: AsyncEngine, servers: Servers, shared_database: str) -> AsyncIterator[AsyncConnection]:
    """Whatever commits in a test commits into a savepoint, and is gone after it."""
    set_environment(SIKPRO_DATABASE_URL=shared_database, SIKPRO_REDIS_URL=servers.valkey, SIKPRO_TELEGRAM_TOKEN=TOKEN)
    forget_all()
    async with engine.connect() as opened:
        outer = await opened.begin()
        db.bind(opened, join_transaction_mode="create_savepoint")
        yield opened
        await outer.rollback()
    db.bind(None, join_transaction_mode="conditional_savepoint")


@pytest.fixture
async def session(connection: AsyncConnection) -> AsyncIterator[AsyncSession]:
    """A session whose work is gone after the test; `shared.db.transaction()` sees the same world."""
    async with db.sessions() as opened:
        yield opened


@pytest.fixture(scope="session")
async def kept_database(servers: Servers, template: str) -> AsyncIterator[str]:
    """The one database that tests with real commits use one after the other; returns its URL."""
    name = f"again_{uuid.uuid4().hex[:8]}"
    await _execute(servers.postgres, f"CREATE DATABASE {name} TEMPLATE {template}")
    await again.remember(servers.database(name))
    yield servers.database(name)
    await engine_of(servers.database(name)).dispose()
    await _execute(servers.postgres, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@contextmanager
def _for_this_process(url: str, servers: Servers) -> Iterator[AsyncEngine]:
    set_environment(SIKPRO_DATABASE_URL=url, SIKPRO_REDIS_URL=servers.valkey, SIKPRO_TELEGRAM_TOKEN=TOKEN)
    forget_all()
    engine = engine_of(url)
    db.bind(engine, join_transaction_mode="conditional_savepoint")
    yield engine
    db.bind(None)


@pytest.fixture
async def database(servers: Servers, kept_database: str) -> AsyncIterator[str]:
    """A database as the migrations leave it, with real commits, for processes and races; returns its URL.

    Tests may write what they like into it, but leave its tables and triggers alone; else: `own_database`.
    """
    engine = engine_of(kept_database)
    try:
        await again.empty(engine)
    except DBAPIError:  # the test before ended all connections, this one too
        await again.empty(engine)
    with _for_this_process(kept_database, servers):  # its pool stays open for the next test
        yield kept_database


@pytest.fixture
async def own_database(servers: Servers, template: str) -> AsyncIterator[str]:
    """The same in a database that nobody uses after this test; returns its URL."""
    name = f"test_{uuid.uuid4().hex[:8]}"
    await _execute(servers.postgres, f"CREATE DATABASE {name} TEMPLATE {template}")
    with _for_this_process(servers.database(name), servers) as engine:
        yield servers.database(name)
    await engine.dispose()
    await _execute(servers.postgres, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _together(nodeid: str) -> str:
    """Tests that stay in one process: a file's own, and those in a browser in two parts with a house for each."""
    file = nodeid.partition("::")[0]
    if file in {"tests/browser/test_look.py", "tests/browser/test_office.py"}:
        return "looks"
    return "stories" if file.startswith("tests/browser/") else file


LONGEST_FIRST = (
    "tests/browser/test_office",
    "tests/browser/test_look",
    "tests/browser/test_story",
    "tests/browser/",
    "tests/faults/",
    "tests/bot/",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest parts begin first, so that no process is left alone with one at the end."""
    items.sort(key=lambda item: [not item.nodeid.startswith(part) for part in LONGEST_FIRST])


class Parts(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Hands out what `_together` says; `--dist loadgroup` does nothing with pytest 9.2: it writes to what is gone."""

    def _split_scope(self, nodeid: str) -> str:
        return _together(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Parts:
    return Parts(config, log)
