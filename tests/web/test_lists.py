"""Long lists of people and groups: a search has next pages too, and they leave nobody out."""

import html
import re

from shared.chats import operations as chats
from shared.chats.models import ChatKind
from shared.db import transaction
from shared.people import operations as people
from shared.people.models import Role
from tests.web.conftest import Browser, Office


async def walk(browser: Browser, path: str, row: str) -> list[str]:
    """What every page of a list links to, page after page."""
    page = (await browser.get(path)).text
    seen = re.findall(row, page)
    while more := re.search(r'href="([^"]+sesudah=[^"]+)"', page):
        page = (await browser.get(html.unescape(more[1]))).text
        assert "q=" in more[1], "the search goes along"
        seen += re.findall(row, page)
    return seen


async def test_a_search_for_people_goes_on_to_the_next_page(office: Office) -> None:
    async with transaction() as session:
        for n in range(120):
            await people.enter(session, f"Petugas Uji {n % 7}", Role.HELPDESK, username=f"uji{n}")
    admin = await office.visitor(office.here.admin)
    seen = await walk(admin, "/pengguna?q=Petugas+Uji", r'href="(/pengguna/\d+)"')
    assert len(seen) == len(set(seen)) == 120
    assert await walk(admin, "/pengguna?q=tidak+ada", r'href="(/pengguna/\d+)"') == []


async def test_a_search_for_groups_goes_on_to_the_next_page(office: Office) -> None:
    async with transaction() as session:
        for n in range(120):
            await chats.seen(session, -1001000009000 - n, ChatKind.SUPERGROUP, f"Grup Uji & {n % 5}")
    admin = await office.visitor(office.here.admin)
    seen = await walk(admin, "/grup?q=Uji+%26", r'href="(/grup/-?\d+)"')
    assert len(seen) == len(set(seen)) == 120
