"""A town to talk in, and its people on the telephone."""

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from tests import factories
from tests.bot.person import Person
from tests.factories import TECHNICIAN_CHAT, Town


@pytest.fixture
async def here(session: AsyncSession) -> Town:
    made = await factories.town(session)
    await session.commit()
    return made


@pytest.fixture
def rizal(here: Town) -> Person:
    """A technician, in the private chat."""
    assert here.technician.telegram_id
    return Person(here.technician.telegram_id)


@pytest.fixture
def rizal_in_group(here: Town) -> Person:
    assert here.technician.telegram_id
    return Person(here.technician.telegram_id, TECHNICIAN_CHAT)


@pytest.fixture
def nadia(here: Town) -> Person:
    """A helpdesk officer, in the private chat."""
    assert here.helpdesk.telegram_id
    return Person(here.helpdesk.telegram_id)
