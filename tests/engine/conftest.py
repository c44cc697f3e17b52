"""The engine against a real simulator process; each test begins with an empty Telegram and a database of its own."""

import os
from collections.abc import AsyncIterator, Iterator

import pytest

from shared import pace, pace_limits
from shared.deliveries.drain import Post
from shared.settings import settings
from shared.telegram import Telegram as Api
from tests.conftest import TOKEN, Servers, set_environment
from tests.engine.kit import GROUP, OTHER, PERSON, SECOND
from tests.faults import stage
from tests.simulator.telegram import Telegram


@pytest.fixture(scope="session")
async def simulator(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Telegram]:
    async with stage.simulator(tmp_path_factory.mktemp("simulator")) as telegram:
        yield telegram


@pytest.fixture
async def sim(simulator: Telegram) -> Telegram:
    """Two groups with the bot in them, two people who have started it, and no limits."""
    await simulator.sim("reset", forget_hook=True)
    await simulator.sim("flood", profile="off")
    await simulator.sim(
        "bulk",
        users=[{"id": PERSON, "first_name": "Rizal"}, {"id": SECOND, "first_name": "Nadia"}],
        chats=[
            {"id": GROUP, "title": "Teknisi SDA", "members": [PERSON], "bot": "administrator", "quietly": True},
            {"id": OTHER, "title": "Helpdesk SDA", "members": [PERSON], "bot": "administrator", "quietly": True},
            {"id": PERSON, "type": "private"},
            {"id": SECOND, "type": "private"},
        ],
    )
    return simulator


@pytest.fixture
async def api(sim: Telegram) -> AsyncIterator[Api]:
    made = Api(sim.base, TOKEN, wait=1.0)
    yield made
    await made.close()


@pytest.fixture
async def post(database: str, servers: Servers, api: Api) -> AsyncIterator[Post]:
    """What a sender needs; the pace's windows are sixty times shorter than Telegram's."""
    assert database
    redis = pace.connect(servers.valkey)
    await redis.flushdb()
    yield Post(api, pace.Pace(redis, settings().bot_id, limits=pace_limits.faster(60)))
    await redis.aclose()


@pytest.fixture(autouse=True)
def usual_settings() -> Iterator[None]:
    """The settings a test changes are the usual ones again afterwards."""
    usual = {"SIKPRO_AMBIGUOUS": "probe", "SIKPRO_SETTLE_WITHIN": "600", "SIKPRO_LEASE": "30", "SIKPRO_SWEEP": "5"}
    set_environment(**usual)
    yield
    for name in usual:
        del os.environ[name]
    settings.cache_clear()
