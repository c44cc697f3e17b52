"""One house of real processes for the quick set; each test brings orders and tokens of its own."""

from collections.abc import AsyncIterator

import pytest

from tests.faults import stage
from tests.faults.stage import House


@pytest.fixture(scope="session")
async def running_house() -> AsyncIterator[House]:
    async with stage.house(stage.FAST) as running:
        yield running


@pytest.fixture
async def house(running_house: House) -> AsyncIterator[House]:
    """The running house without faults; this process may write to its database as a door does."""
    async with stage.door(running_house):
        yield running_house
