"""Live changes: rows reach those who may see them, at once, and stop when a session does."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from sqlalchemy import text, update

from services.web import live
from shared.db import transaction
from shared.deliveries import operations as deliveries
from shared.deliveries.operations import Message
from shared.people import operations as people
from shared.people.models import WebSession
from tests.factories import HELPDESK_CHAT
from tests.web.conftest import Browser, Office


@dataclass
class Stream:
    """An open event stream as a browser hears it."""

    answer: object
    heard: list[dict[str, str]] = field(default_factory=list)

    async def next(self, kind: str, patience: float = 10) -> dict[str, str]:
        """The next event of this kind; raises TimeoutError, or EOFError when the stream is closed."""
        async with asyncio.timeout(patience):
            event: dict[str, str] = {}
            while line := await self.answer.content.readline():  # type: ignore[attr-defined]
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name == "" and event:
                    self.heard.append(event)
                    if event.get("event") == kind:
                        return event
                    event = {}
                elif name:
                    event[name] = f"{event[name]}\n{value}" if name in event else value
        raise EOFError


@asynccontextmanager
async def listening(browser: Browser, query: str = "", page: str = "/order", **headers: str) -> AsyncIterator[Stream]:
    address = f"{browser.base}{page}/langsung{query}"
    async with browser.client.get(address, headers=headers) as answer:
        assert answer.status == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["content-security-policy"]
        stream = Stream(answer)
        await answer.content.readline()
        yield stream


async def test_a_changed_row_reaches_those_who_look(office: Office, helpdesk: Browser) -> None:
    order = await office.order()
    rudi = await office.visitor(office.here.second_helpdesk)
    async with listening(rudi) as stream:
        await helpdesk.change(order, "OGP")
        row = await stream.next("row")
        assert f'<tr id="r-{order.registration_no}" data-version="2"' in row["data"]
        assert 'hx-swap-oob="true"' in row["data"]
        assert row["id"].isdigit()
        counts = json.loads((await stream.next("hitung"))["data"])
        assert (counts["order"], counts["aktif"], counts["belum"]) == (1, 1, 0)


async def test_a_new_order_is_announced_to_the_views_it_belongs_to(office: Office, helpdesk: Browser) -> None:
    async with listening(helpdesk) as active, listening(helpdesk, "?tampilan=kendala") as obstacles:
        order = await office.order()
        assert (await active.next("baru"))["data"] == order.registration_no
        row = await obstacles.next("row")
        assert "keluar dari tampilan ini" in row["data"]
        await obstacles.next("hitung")
        assert all(each.get("event") != "baru" for each in obstacles.heard)


async def test_an_order_of_another_area_is_never_heard_of(office: Office, helpdesk: Browser) -> None:
    async with listening(helpdesk) as stream:
        theirs = await office.order(by=office.here.outsider, sto="SPJ", odp=None, technician_code=None)
        ours = await office.order()
        await stream.next("baru")
        said = json.dumps(stream.heard)
        assert ours.registration_no in said
        assert theirs.registration_no not in said


async def test_the_stream_ends_at_once_when_the_person_is_disabled(office: Office, helpdesk: Browser) -> None:
    async with listening(helpdesk) as stream:
        async with transaction() as session:
            await people.disable(session, office.here.helpdesk.id)
        await stream.next("sesi", patience=5)
        order = await office.order()
        with suppress(EOFError):
            await stream.next("row", patience=5)
        assert order.registration_no not in json.dumps(stream.heard)
    assert not live.subscribers


async def test_signing_out_ends_only_the_streams_of_that_session(office: Office, helpdesk: Browser) -> None:
    elsewhere = await office.visitor(office.here.helpdesk)
    async with listening(helpdesk) as here, listening(elsewhere) as there:
        await helpdesk.post("/keluar", htmx=False)
        await here.next("sesi", patience=5)
        await office.order()
        await there.next("baru")


async def test_a_returning_browser_hears_what_it_missed(office: Office, helpdesk: Browser) -> None:
    order = await office.order()
    async with listening(helpdesk) as stream:
        await office.order()
        last = (await stream.next("row"))["id"]
    await helpdesk.change(order, "OGP")
    async with listening(helpdesk, **{"Last-Event-ID": last}) as stream:
        while order.registration_no not in (row := await stream.next("row"))["data"]:
            pass
        assert 'data-version="2"' in row["data"]


async def test_a_browser_that_missed_too_much_is_told_to_look_for_itself(office: Office, helpdesk: Browser) -> None:
    await office.orders(260)
    async with listening(helpdesk, **{"Last-Event-ID": "1"}) as stream:
        await stream.next("refresh")


async def test_a_stream_wants_our_own_page_and_a_session(office: Office, helpdesk: Browser) -> None:
    assert (await helpdesk.get("/order/langsung", Origin="https://jahat.example")).status == 403
    assert (await helpdesk.get("/order/langsung", **{"Sec-Fetch-Site": "cross-site"})).status == 403
    stranger = await office.stranger()
    assert (await stranger.get("/order/langsung", Accept="text/event-stream")).status == 401


async def test_many_streams_hold_no_connection_of_the_pool(office: Office, helpdesk: Browser) -> None:
    opened = [listening(helpdesk) for _ in range(40)]
    streams = [await each.__aenter__() for each in opened]
    try:
        order = await office.order()
        heard = await asyncio.gather(*[stream.next("row") for stream in streams])
        assert all(order.registration_no in each["data"] for each in heard)
        assert (await helpdesk.get("/order")).status == 200
    finally:
        for each in opened:
            await each.__aexit__(None, None, None)


async def test_a_reader_that_is_too_slow_is_let_go(office: Office, helpdesk: Browser) -> None:
    from fastapi.sse import ServerSentEvent

    from services.web.live import ROOM, Subscriber
    from services.web.view import Query

    slow = Subscriber(None, Query())  # type: ignore[arg-type]
    for n in range(ROOM + 1):
        slow.put(ServerSentEvent(event="row", raw_data=str(n)))
    assert slow.queue.qsize() == 1
    assert slow.queue.get_nowait() is None


async def test_rows_keep_coming_after_postgres_dropped_the_connection(office: Office, helpdesk: Browser) -> None:
    async with listening(helpdesk) as stream:
        await office.order()
        await stream.next("baru")
        async with transaction() as session:
            await session.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
                    " AND datname = current_database()"
                )
            )
            await session.execute(update(WebSession).values(seen_at=text("now()")))
        order = await office.order()
        while (await stream.next("baru"))["data"] != order.registration_no:
            pass


async def test_figures_of_deliveries_change_where_they_stand(office: Office) -> None:
    leader = await office.visitor(office.here.leader)
    page = (await leader.get("/kiriman")).text
    assert 'data-hitung="kiriman-gagal">0<' in page
    assert 'sse-connect="/kiriman/langsung"' in page
    async with listening(leader, page="/kiriman") as stream:
        first = json.loads((await stream.next("hitung"))["data"])
        assert (first["kiriman-gagal"], first["muat"]) == (0, "Muat ulang")
        async with transaction() as session:
            row = await deliveries.queue(session, HELPDESK_CHAT, Message("status", {"text": "halo"}), dead="mati")
        assert row is not None
        news = json.loads((await stream.next("hitung"))["data"])
    assert news["kiriman-gagal"] == 1
    assert news["muat"] == "Muat ulang: sudah berubah"
    assert "kiriman-menunggu" not in news  # only what changed


async def test_the_condition_of_the_house_is_told_as_it_changes(office: Office) -> None:
    admin = await office.visitor(office.here.admin)
    part = re.search(r'data-hitung="bagian-dead letters">([^<]*)<', (await admin.get("/kesehatan")).text)
    assert part is not None
    async with listening(admin, page="/kesehatan") as stream:
        assert json.loads((await stream.next("hitung"))["data"])["bagian-dead letters"] == part[1]
        async with transaction() as session:
            await deliveries.queue(session, HELPDESK_CHAT, Message("status", {"text": "halo"}), dead="mati")
        news = json.loads((await stream.next("hitung"))["data"])
        while "bagian-dead letters" not in news:  # the clock alone went on
            news = json.loads((await stream.next("hitung"))["data"])
    assert news["bagian-dead letters"] == "1 gagal, 0 menunggu keputusan."


async def test_who_may_not_watch_is_refused_the_figures(office: Office, helpdesk: Browser) -> None:
    for path in ("/kiriman/langsung", "/kesehatan/langsung"):
        answer = await helpdesk.get(path)
        assert answer.status == 403
        assert (await (await office.stranger()).get(path)).status == 303
