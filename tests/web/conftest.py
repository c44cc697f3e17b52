"""A real web server on a real database for each test, and people who use it with a browser of their own."""

import asyncio
import io
import re
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
import uvicorn
from sqlalchemy import update
from yarl import URL

from services.web import live
from services.web.app import app
from shared.db import transaction
from shared.orders.models import Order
from shared.people.models import Person, WebSession
from shared.people.passwords import hash_password
from shared.people.sessions import hashed
from shared.reports import queries as figures
from tests import factories
from tests.conftest import set_environment
from tests.factories import Town

PASSWORD = "tambak-lorong-92-biru"


@cache
def password_hash() -> str:
    return hash_password(PASSWORD)


@dataclass(frozen=True)
class Answer:
    status: int
    text: str
    headers: Any

    def value(self, name: str, of: str = 'id="f-status"') -> str:
        """A hidden field of the first form after `of`."""
        found = re.search(rf'name="{name}" value="([^"]*)"', self.text[self.text.index(of) :])
        assert found, f"no field {name}"
        return found[1]

    def rows(self) -> list[str]:
        """The order numbers of the list, from top to bottom."""
        return re.findall(r'<tr id="r-([^"]+)"', self.text)


@dataclass
class Browser:
    """What one person's browser does; it keeps cookies and does not follow redirects by itself."""

    base: str
    client: aiohttp.ClientSession
    csrf: str = ""
    person: Person | None = None

    async def ask(self, method: str, path: str, **given: Any) -> Answer:
        async with self.client.request(method, self.base + path, allow_redirects=False, **given) as answer:
            return Answer(answer.status, await answer.text(errors="replace"), answer.headers)

    async def get(self, path: str, *, htmx: bool = False, **headers: str) -> Answer:
        sent = headers | ({"HX-Request": "true"} if htmx else {})
        return await self.ask("GET", path, headers=sent)

    async def post(
        self, path: str, fields: dict[str, str] | None = None, *, htmx: bool = True, **headers: str
    ) -> Answer:
        sent = headers | ({"HX-Request": "true"} if htmx else {})
        sent["content-type"] = "application/x-www-form-urlencoded"
        body = io.BytesIO(urlencode({"csrf": self.csrf} | (fields or {})).encode())
        return await self.ask("POST", path, data=body, headers=sent)

    async def change(self, order: Order, status: str, *, htmx: bool = True, **fields: str) -> Answer:
        """Set a status as the panel's form would, at the version the order had when it was read."""
        form = {"version": str(order.version), "request_key": secrets.token_hex(8), "status": status} | fields
        return await self.post(f"/order/{order.registration_no}/status", form, htmx=htmx)

    async def type_login(self, username: str, password: str = PASSWORD, **more: str) -> Answer:
        page = await self.get("/masuk")
        form = {"csrf": page.value("csrf", "<form"), "ke": "/order", "username": username, "password": password}
        return await self.ask("POST", "/masuk", data=form | more)

    def plant(self, token: str) -> None:
        """Put a session cookie into the jar, as somebody else might."""
        self.client.cookie_jar.update_cookies({"sikpro": token}, URL(self.base))

    def cookie(self, name: str = "sikpro") -> str:
        return next((each.value for each in self.client.cookie_jar if each.key == name), "")


@dataclass
class Office:
    """The running service, its town, and a door for each visitor."""

    base: str
    here: Town
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def stranger(self) -> Browser:
        jar = aiohttp.CookieJar(unsafe=True)
        client = await self.stack.enter_async_context(aiohttp.ClientSession(cookie_jar=jar))
        return Browser(self.base, client)

    async def visitor(self, person: Person) -> Browser:
        """Somebody who is signed in already."""
        browser = await self.stranger()
        token = secrets.token_urlsafe(32)
        browser.csrf, browser.person = secrets.token_urlsafe(32), person
        async with transaction() as session:
            session.add(WebSession(token_hash=hashed(token), person_id=person.id, csrf=browser.csrf))
        browser.plant(token)
        return browser

    async def order(self, **given: Any) -> Order:
        async with transaction() as session:
            return await factories.order(session, self.here, **given)

    async def orders(self, count: int, **given: Any) -> list[Order]:
        async with transaction() as session:
            return [await factories.order(session, self.here, **given) for _ in range(count)]


@pytest.fixture(scope="session")
async def served() -> AsyncIterator[str]:
    """The service on a port of its own, one for all tests of a process; each test brings its database."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            app,
            lifespan="off",  # it would open the database of the first test
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=1,
            proxy_headers=False,
            server_header=False,
        )
        server = uvicorn.Server(config)
        free.listen(100)
        async with asyncio.TaskGroup() as group:
            group.create_task(server.serve(sockets=[free]))
            while not server.started:
                await asyncio.sleep(0.01)
            yield f"http://127.0.0.1:{free.getsockname()[1]}"
            server.should_exit = True


@pytest.fixture
async def office(database: str, served: str) -> AsyncIterator[Office]:
    figures.forget()
    async with transaction() as session:
        here = await factories.town(session)
        await session.execute(
            update(Person)
            .where(Person.username.is_not(None))
            .values(password_hash=await asyncio.to_thread(password_hash))
        )
    set_environment(SIKPRO_BASE_URL=served)
    async with asyncio.TaskGroup() as group:
        listening = group.create_task(live.run())
        opened = Office(served, here)
        async with opened.stack:
            yield opened
        live.close()
        listening.cancel()
    set_environment(SIKPRO_BASE_URL="http://127.0.0.1:8080")


@pytest.fixture
async def helpdesk(office: Office) -> Browser:
    return await office.visitor(office.here.helpdesk)


@pytest.fixture
def hold() -> Iterator[Callable[[float], None]]:
    """Sets the seconds in which a change may be taken back."""

    def seconds(wanted: float) -> None:
        set_environment(SIKPRO_FEEDBACK_HOLD=str(wanted))

    yield seconds
    seconds(10)
