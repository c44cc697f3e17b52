"""The JSON API: tokens, the same rules as every door, versions, keys, and problems as problem+json."""

import asyncio
import json
from typing import Any

from sqlalchemy import func, select

from shared.db import transaction
from shared.events import EventRow
from shared.people import operations as people
from shared.people import tokens
from shared.people.models import ApiToken
from tests.web.conftest import Answer, Browser, Office


class Program:
    """A caller with a token."""

    def __init__(self, browser: Browser, token: str) -> None:
        self.browser, self.token = browser, token

    async def ask(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        given: dict[str, Any] = {"headers": {"Authorization": f"Bearer {self.token}"} | headers}
        if body is not None:
            given["json"] = body
        return await self.browser.ask(method, f"/api/v1{path}", **given)


async def program(office: Office, who: str = "helpdesk") -> Program:
    async with transaction() as session:
        token = await tokens.make(session, getattr(office.here, who).id, "uji")
    return Program(await office.stranger(), token)


async def test_orders_are_listed_read_made_and_changed(office: Office) -> None:
    api = await program(office)
    made = await api.ask("POST", "/orders", {"number": "sc 3223 2558", "type": "ao", "sto": "sda", "note": "uji"})
    assert made.status == 201
    assert made.headers["location"] == "/api/v1/orders/SC32232558"
    order = json.loads((await api.ask("GET", "/orders/SC32232558")).text)
    assert (order["number"], order["state"], order["version"], order["sto"]) == ("SC32232558", "BARU", 1, "SDA")
    body = {"state": "KENDALA", "reason_id": 1, "note": "penuh"}
    changed = await api.ask("POST", "/orders/SC32232558/state", body, **{"If-Match": '"1"'})
    told = json.loads(changed.text)
    assert (changed.status, told["state"], told["reason"], told["feedback"]) == (200, "KENDALA", "ODP full", "penuh")
    assert changed.headers["etag"] == '"2"'
    listed = json.loads((await api.ask("GET", "/orders?view=kendala")).text)
    assert [each["number"] for each in listed["orders"]] == ["SC32232558"]
    async with transaction() as session:
        sources = await session.scalars(select(EventRow.source))
        assert set(sources) == {"api"}


async def test_pages_follow_each_other_by_cursor(office: Office) -> None:
    orders = await office.orders(25)
    api = await program(office)
    seen: list[str] = []
    cursor = ""
    while True:
        page = json.loads((await api.ask("GET", f"/orders?limit=10&cursor={cursor}")).text)
        seen += [each["number"] for each in page["orders"]]
        if not (cursor := page["next"] or ""):
            break
    assert sorted(seen) == sorted(each.registration_no for each in orders)


async def test_without_a_valid_token_nothing_is_told(office: Office) -> None:
    order = await office.order()
    stranger = await office.stranger()
    for header in ("", "Bearer ", "Bearer salah", "Bearer " + "x" * 5000, "Basic bmFkaWE6eA==", "Bearer \xe9"):
        answer = await stranger.get(f"/api/v1/orders/{order.registration_no}", Authorization=header)
        assert (answer.status, answer.headers["content-type"]) == (401, "application/problem+json"), header
        assert answer.headers["www-authenticate"].startswith("Bearer")
    by_cookie = await office.visitor(office.here.helpdesk)
    assert (await by_cookie.get("/api/v1/orders")).status == 401


async def test_a_token_ends_when_revoked_and_with_its_person(office: Office) -> None:
    first, second = await program(office), await program(office)
    async with transaction() as session:
        kept = (await session.scalars(select(ApiToken).order_by(ApiToken.id))).all()
        assert all(first.token not in each.token_hash for each in kept)
        await tokens.revoke(session, kept[0].id)
    assert (await first.ask("GET", "/orders")).status == 401
    assert (await second.ask("GET", "/orders")).status == 200
    async with transaction() as session:
        await people.disable(session, office.here.helpdesk.id)
    assert (await second.ask("GET", "/orders")).status == 401


async def test_an_old_version_is_a_conflict_that_says_how_the_order_stands(office: Office) -> None:
    order = await office.order()
    api = await program(office)
    path = f"/orders/{order.registration_no}/state"
    assert (await api.ask("POST", path, {"state": "OGP", "version": 1})).status == 200
    late = await api.ask("POST", path, {"state": "SELESAI", "version": 1})
    told = json.loads(late.text)
    assert (late.status, told["version"], told["state"]) == (409, 2, "OGP")
    assert late.headers["content-type"] == "application/problem+json"
    for body, header in (
        ({"state": "SELESAI"}, ""),
        ({"state": "SELESAI"}, "dua"),
        ({"state": "SELESAI", "version": 1}, '"2"'),
        ({"state": "SELESAI", "version": "dua"}, ""),
        ({"state": "SELESAI", "version": 2, "role": "admin"}, ""),
        ({"state": ["SELESAI"], "version": 2}, ""),
        ({"state": "KENDALA", "version": 2}, ""),
        ({"state": "SELESAI", "version": 10**30}, ""),
        ({"state": "SELESAI", "version": 2, "note": "x" * 4001}, ""),
        ([], ""),
        ("teks", ""),
    ):
        answer = await api.ask("POST", path, body, **({"If-Match": header} if header else {}))
        assert answer.status == 422, body
        assert answer.headers["content-type"] == "application/problem+json"


async def test_the_same_key_has_one_effect(office: Office) -> None:
    api = await program(office)
    body = {"number": "SC32232558", "type": "AO", "sto": "SDA"}
    key = {"Idempotency-Key": "kunci-1"}
    made = await asyncio.gather(*[api.ask("POST", "/orders", body, **key) for _ in range(10)])
    assert {answer.status for answer in made} == {201}
    assert (await api.ask("POST", "/orders", body)).status == 409
    state = {"state": "OGP", "version": 1}
    path = "/orders/SC32232558/state"
    changed = await asyncio.gather(*[api.ask("POST", path, state, **key) for _ in range(10)])
    assert {answer.status for answer in changed} == {200}
    async with transaction() as session:
        assert await session.scalar(select(func.count()).select_from(EventRow)) == 2


async def test_another_areas_order_is_unknown_here_too(office: Office) -> None:
    theirs = await office.order(by=office.here.outsider, sto="SPJ", odp=None, technician_code=None)
    api = await program(office)
    unknown = await api.ask("GET", "/orders/SC99999999")
    other = await api.ask("GET", f"/orders/{theirs.registration_no}")
    assert (unknown.status, unknown.text) == (other.status, other.text)
    assert other.status == 404
    taken = await api.ask("POST", "/orders", {"number": theirs.registration_no, "type": "AO", "sto": "SDA"})
    assert taken.status == 409
    assert "BARU" not in taken.text
    assert (await api.ask("POST", "/orders", {"number": "SC55555555", "type": "AO", "sto": "SPJ"})).status == 403


async def test_what_cannot_be_is_named_by_field(office: Office) -> None:
    api = await program(office)
    answer = await api.ask(
        "POST", "/orders", {"number": "halo", "type": "X", "sto": "SDAA", "serial": "00:11:22:33:44:55"}
    )
    told = json.loads(answer.text)
    assert answer.status == 422
    assert {each["field"]: each["code"] for each in told["errors"]} == {
        "number": "sc.not_a_number",
        "type": "type.unknown",
        "sto": "sto.not_three_letters",
        "serial": "sn.is_mac",
    }
    for path in ("/orders?limit=0", "/orders?limit=x", "/orders?view=apa", "/orders?cursor=apa"):
        assert (await api.ask("GET", path)).status == 422, path
    raw = await api.browser.ask(
        "POST",
        "/api/v1/orders",
        data=b'{"number": "SC1',
        headers={"Authorization": f"Bearer {api.token}", "content-type": "application/json"},
    )
    assert raw.status == 422


async def test_the_description_stands_under_api_only(office: Office) -> None:
    stranger = await office.stranger()
    described = json.loads((await stranger.get("/api/v1/openapi.json")).text)
    one = "/api/v1/orders/{number}"
    assert set(described["paths"]) == {"/api/v1/orders", one, f"{one}/state", f"{one}/photos/{{photo_id}}"}
    for path in ("/docs", "/redoc", "/openapi.json", "/metrics", "/.git/config", "/.env"):
        assert (await stranger.get(path)).status == 404
