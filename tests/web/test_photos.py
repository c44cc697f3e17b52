"""Photos of an order: fetched from Telegram once, shown to those who may read the order, and nothing but pictures."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web

from services.web.words import ROLES
from shared.db import transaction
from shared.orders.models import Order
from shared.orders.operations import Origin
from shared.people import tokens
from shared.people.models import Role
from shared.photos import files
from shared.photos import operations as photos
from shared.photos.operations import Sent
from tests.conftest import set_environment
from tests.factories import TECHNICIAN_CHAT, viewer
from tests.web.conftest import Browser, Office

PNG = b"\x89PNG\r\n\x1a\n" + bytes(300)
JPEG = b"\xff\xd8\xff\xe0" + bytes(300)


@dataclass
class Wall:
    """Telegram's two addresses for files. What it holds by file id, what was asked of it, and whether it answers."""

    holds: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    answers: bool = True

    async def get_file(self, request: web.Request) -> web.Response:
        file_id = (await request.json())["file_id"]
        self.asked.append(file_id)
        if not self.answers:
            return web.Response(status=502)
        if file_id not in self.holds:
            return web.json_response(
                {"ok": False, "error_code": 400, "description": "Bad Request: wrong file_id"}, status=400
            )
        return web.json_response({"ok": True, "result": {"file_id": file_id, "file_path": f"photos/{file_id}"}})

    async def file(self, request: web.Request) -> web.Response:
        return web.Response(body=self.holds[request.match_info["name"]], content_type="text/html")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Path]:
    """A folder of this test's own."""
    set_environment(SIKPRO_DATA=str(tmp_path))
    files.forget_away()
    yield tmp_path / "photos"
    set_environment(SIKPRO_DATA="var/data")


@pytest.fixture
async def wall(office: Office, store: Path) -> AsyncIterator[Wall]:
    made, app = Wall(), web.Application()
    app.router.add_post("/bot{token}/getFile", made.get_file)
    app.router.add_get("/file/bot{token}/photos/{name}", made.file)
    runner = web.AppRunner(app)
    await runner.setup()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    await web.TCPSite(runner, "127.0.0.1", port).start()
    set_environment(SIKPRO_TELEGRAM_API=f"http://127.0.0.1:{port}")
    yield made
    await runner.cleanup()
    set_environment(SIKPRO_TELEGRAM_API="https://api.telegram.org")


async def with_photo(office: Office, name: str = "besar", thumb: str = "kecil", caption: str = "") -> tuple[Order, int]:
    """An order of a group, with a photo that its technician sent."""
    order = await office.order(origin=Origin(TECHNICIAN_CHAT, 100 + len(name)))
    async with transaction() as session:
        rizal = await viewer(session, office.here.technician)
        sent = Sent(TECHNICIAN_CHAT, 500 + len(name), name, thumb, caption)
        assert await photos.attach(session, rizal, order.id, sent)
        [kept] = await photos.of_order(session, order.id)
    return order, kept.id


async def test_a_photo_is_shown_beside_its_order_and_fetched_once(
    office: Office, helpdesk: Browser, wall: Wall
) -> None:
    wall.holds = {"besar": JPEG, "kecil": PNG}
    order, photo = await with_photo(office, caption="ODP <penuh>")
    address = f"/order/{order.registration_no}/foto/{photo}?id={order.id}"
    panel = await helpdesk.get(f"/order/{order.registration_no}/panel", htmx=True)
    assert f'href="{address}"' in panel.text
    assert f'src="{address}&amp;kecil=ya"' in panel.text
    assert 'alt="Foto 1 dari Rizal Fauzi"' in panel.text
    assert "ODP &lt;penuh&gt;" in panel.text
    assert "mengirim foto" in panel.text
    assert "Foto 1 dari" in (await helpdesk.get(f"/order/{order.registration_no}")).text
    for _ in range(3):
        large, small = await helpdesk.get(address), await helpdesk.get(f"{address}&kecil=ya")
        assert (large.status, large.headers["content-type"]) == (200, "image/jpeg")
        assert (small.status, small.headers["content-type"]) == (200, "image/png")
        assert large.headers["x-content-type-options"] == "nosniff"
        assert large.headers["cache-control"].startswith("private")
    assert wall.asked == ["besar", "kecil"]
    wall.answers = False
    assert (await helpdesk.get(address)).status == 200, "what is kept does not need Telegram"


async def test_many_who_look_at_once_make_one_fetch(office: Office, helpdesk: Browser, wall: Wall) -> None:
    wall.holds = {"besar": JPEG}
    order, photo = await with_photo(office)
    address = f"/order/{order.registration_no}/foto/{photo}"
    answers = await asyncio.gather(*[helpdesk.get(address) for _ in range(8)])
    assert [each.status for each in answers] == [200] * 8
    assert wall.asked == ["besar"]


async def test_while_telegram_is_away_a_drawing_says_so(
    office: Office, helpdesk: Browser, wall: Wall, store: Path
) -> None:
    wall.holds, wall.answers = {"besar": JPEG}, False
    order, photo = await with_photo(office)
    address = f"/order/{order.registration_no}/foto/{photo}"
    for _ in range(3):
        answer = await helpdesk.get(address)
        assert (answer.status, answer.headers["content-type"]) == (503, "image/svg+xml")
        assert "Foto belum dapat diambil" in answer.text
        assert answer.headers["cache-control"] == "no-store"
    assert len(wall.asked) == 1, "it is not asked again at once"
    assert not [each for each in store.rglob("*") if each.is_file()]
    wall.answers = True
    files.forget_away()
    assert (await helpdesk.get(address)).status == 200


async def test_what_is_no_picture_or_gone_is_never_handed_on(
    office: Office, helpdesk: Browser, wall: Wall, store: Path
) -> None:
    wall.holds = {"halaman": b"<html><script>alert(1)</script>", "kosong": b"", "svg": b"<svg xmlns='x'/>"}
    for name in ("halaman", "kosong", "svg"):
        order, photo = await with_photo(office, name)
        answer = await helpdesk.get(f"/order/{order.registration_no}/foto/{photo}")
        assert (answer.status, answer.headers["content-type"]) == (404, "image/svg+xml"), name
        assert "script" not in answer.text
    order, photo = await with_photo(office, "hilang dari sana")
    answer = await helpdesk.get(f"/order/{order.registration_no}/foto/{photo}")
    assert (answer.status, "Foto" in answer.text) == (503, True)
    assert not [each for each in store.rglob("*") if each.is_file()]


async def test_a_picture_of_another_area_or_order_looks_like_none(
    office: Office, helpdesk: Browser, wall: Wall
) -> None:
    wall.holds = {"besar": JPEG}
    order, photo = await with_photo(office)
    other = await office.order()
    address = f"/order/{order.registration_no}/foto/{photo}"
    bagus = await office.visitor(office.here.outsider)
    assert (await bagus.get(address)).status == 404
    for wrong in (
        f"/order/{other.registration_no}/foto/{photo}",
        f"{address}9",
        "/order/SC1/foto/x",
        f"{address}?id=x",
    ):
        assert (await helpdesk.get(wrong)).status == 404, wrong
    for role in Role:
        person = getattr(office.here, {Role.TEAM_LEADER: "leader"}.get(role, role.value))
        browser = await office.visitor(person)
        reads = role not in {Role.TECHNICIAN, Role.COLLECTOR}
        assert (await browser.get(address)).status == (200 if reads else 403), ROLES[role]
    stranger = await office.stranger()
    assert (await stranger.get(address)).status == 303
    assert wall.asked == ["besar"], "who may not see it makes nobody fetch it"


async def test_the_api_links_the_pictures_of_an_order(office: Office, wall: Wall) -> None:
    wall.holds = {"besar": JPEG}
    order, photo = await with_photo(office)
    browser = await office.stranger()
    async with transaction() as session:
        token = await tokens.make(session, office.here.helpdesk.id, "uji")
        elsewhere = await tokens.make(session, office.here.outsider.id, "uji")
    bearer = {"Authorization": f"Bearer {token}"}
    told = await browser.ask("GET", f"/api/v1/orders/{order.registration_no}", headers=bearer)
    address = f"/api/v1/orders/{order.registration_no}/photos/{photo}?id={order.id}"
    assert f'"photos":["{address}"]' in told.text
    assert address in (await browser.ask("GET", "/api/v1/orders", headers=bearer)).text
    picture = await browser.ask("GET", address, headers=bearer)
    assert (picture.status, picture.headers["content-type"]) == (200, "image/jpeg")
    assert (await browser.ask("GET", address)).status == 401
    bagus = {"Authorization": f"Bearer {elsewhere}"}
    assert (await browser.ask("GET", address, headers=bagus)).status == 404
    wall.answers = False
    files.place("besar").unlink()
    away = await browser.ask("GET", address, headers=bearer)
    assert (away.status, away.headers["content-type"]) == (503, "application/problem+json")


async def test_pictures_are_dropped_from_the_folder_with_their_order(
    office: Office, helpdesk: Browser, wall: Wall
) -> None:
    wall.holds = {"besar": JPEG, "kecil": PNG}
    order, photo = await with_photo(office)
    await helpdesk.get(f"/order/{order.registration_no}/foto/{photo}")
    async with transaction() as session:
        gone = await photos.files_of(session, [order.id])
    assert set(gone) == {"besar", "kecil"}
    assert files.place("besar").exists()
    files.drop(gone)
    assert not files.place("besar").exists()
