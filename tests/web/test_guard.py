"""What every answer carries and every request must pass: headers, tokens, origins, sizes, a database that is away."""

import asyncio
import json

import pytest
from sqlalchemy import func, select

from services.web.app import build
from services.web.security import HEADERS
from shared import db
from shared.db import transaction
from shared.events import EventRow
from shared.settings import settings
from tests.conftest import set_environment
from tests.web.conftest import Browser, Office

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
)


async def test_every_answer_carries_the_headers_of_the_house(office: Office, helpdesk: Browser) -> None:
    order = await office.order()
    stranger = await office.stranger()
    answers = [
        await browser.get(path)
        for browser in (helpdesk, stranger)
        for path in (
            *("/", "/masuk", "/order", "/order/baru", "/dasbor/isi", f"/order/{order.registration_no}"),
            *("/order/SC99999999", "/tidak/ada", "/health", "/robots.txt", "/favicon.ico", "/static/sikpro.css"),
            *(
                "/static/tidak-ada.css",
                "/static/vendor/tidak-ada.js",
                "/static/../app.py",
                "/api/v1/orders",
                "/api/v1/x",
            ),
            "/order?sesudah=bukan-penunjuk",
        )
    ]
    answers.append(await helpdesk.change(order, "OGP"))
    answers.append(await helpdesk.change(order, "OGP"))
    answers.append(await helpdesk.ask("POST", "/order/x/status", data={"csrf": "salah"}))
    answers.append(await helpdesk.ask("TRACE", "/"))
    answers.append(await helpdesk.ask("DELETE", "/order"))
    answers.append(await helpdesk.ask("HEAD", "/order"))
    assert {answer.status for answer in answers} >= {200, 303, 401, 403, 404, 405, 409, 422}
    for answer in answers:
        assert answer.headers["content-security-policy"] == CSP
        for name, value in HEADERS.items():
            assert answer.headers[name] == value
        assert answer.headers["cache-control"]
        assert "server" not in answer.headers
        assert "strict-transport-security" not in answer.headers
        assert "Traceback" not in answer.text


async def test_pages_with_data_are_never_kept_and_files_with_a_fingerprint_for_ever(
    office: Office, helpdesk: Browser
) -> None:
    assert (await helpdesk.get("/order")).headers["cache-control"] == "no-store"
    assert (await helpdesk.get("/static/sikpro.css?v=1")).headers[
        "cache-control"
    ] == "public, max-age=31536000, immutable"
    assert (await helpdesk.get("/static/tidak-ada.css")).headers["cache-control"] == "no-store"


async def test_over_https_cookies_belong_to_this_host_alone(office: Office) -> None:
    usual = settings().base_url
    set_environment(SIKPRO_BASE_URL="https://sikpro.example")
    try:
        stranger = await office.stranger()
        answer = await stranger.get("/masuk")
    finally:
        set_environment(SIKPRO_BASE_URL=usual)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-sikpro-masuk=")
    assert "Secure" in cookie
    assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://jahat.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_a_form_from_elsewhere_is_refused(office: Office, helpdesk: Browser, headers: dict[str, str]) -> None:
    order = await office.order()
    form = {"version": "1", "request_key": "k", "status": "OGP"}
    answer = await helpdesk.post(f"/order/{order.registration_no}/status", form, **headers)
    assert answer.status == 403


async def test_a_form_from_our_own_page_passes(office: Office, helpdesk: Browser) -> None:
    order = await office.order()
    form = {"version": "1", "request_key": "k", "status": "OGP"}
    own = {"Origin": office.base, "Sec-Fetch-Site": "same-origin"}
    assert (await helpdesk.post(f"/order/{order.registration_no}/status", form, **own)).status == 200


async def test_no_form_passes_without_this_sessions_token(office: Office, helpdesk: Browser) -> None:
    order = await office.order()
    rudi = await office.visitor(office.here.second_helpdesk)
    form = {"version": "1", "request_key": "k", "status": "OGP", "change": "1"}
    places = [f"/order/{order.registration_no}/{act}" for act in ("status", "ambil", "urungkan")]
    for path in (*places, "/order/baru", "/order/baru/periksa", "/keluar"):
        for token in ("", "salah", rudi.csrf, "é" * 20):
            answer = await helpdesk.ask("POST", path, data=form | {"csrf": token})
            assert answer.status == 403, (path, token)
        whole = form | {"csrf": helpdesk.csrf}
        text = "&".join(f"{name}={value}" for name, value in whole.items())
        disguised = await helpdesk.ask("POST", path, data=text, headers={"content-type": "text/plain"})
        assert disguised.status == 403, path
        as_json = await helpdesk.ask("POST", path, json=whole)
        assert as_json.status == 403, path
    async with transaction() as session:
        assert await session.scalar(select(func.count()).select_from(EventRow)) == 1
    header = {"X-CSRF-Token": helpdesk.csrf}
    assert (await helpdesk.ask("POST", places[0], data=form, headers=header)).status == 303


async def test_reading_changes_nothing(office: Office, helpdesk: Browser) -> None:
    order = await office.order()
    for act in ("status", "ambil", "urungkan"):
        address = f"/order/{order.registration_no}/{act}?version=1&request_key=k&status=OGP&csrf={helpdesk.csrf}"
        assert (await helpdesk.get(address)).status in {404, 405}
    assert (await helpdesk.get("/keluar")).status in {404, 405}
    async with transaction() as session:
        assert await session.scalar(select(func.count()).select_from(EventRow)) == 1


async def test_a_body_larger_than_any_form_is_cut_off(office: Office, helpdesk: Browser) -> None:
    kind = {"content-type": "application/x-www-form-urlencoded"}

    async def endless():
        for _ in range(40):
            yield b"a" * 65_536

    answer = await helpdesk.ask("POST", "/order/x/status", data=endless(), headers=kind)
    assert answer.status == 413
    answer = await helpdesk.ask("POST", "/order/x/status", headers=kind | {"content-length": "99999999"}, data=b"")
    assert answer.status in {400, 413}


async def test_a_database_that_is_away_is_said_in_words(office: Office, helpdesk: Browser) -> None:
    there = db.sessions.kw["bind"]
    away = db.create_async_engine("postgresql+asyncpg://x:y@127.0.0.1:1/x", connect_args={"timeout": 1})
    db.sessions.configure(bind=away)
    try:
        page = await helpdesk.get("/order")
        api = await helpdesk.get("/api/v1/orders", Authorization="Bearer sikpro_x")
        health = await helpdesk.get("/health")
        stream = await helpdesk.get("/order/langsung")
    finally:
        db.sessions.configure(bind=there)
        await away.dispose()
    assert (page.status, page.headers["retry-after"]) == (503, "5")
    assert "Layanan sedang tidak tersedia" in page.text
    assert (api.status, api.headers["content-type"]) == (503, "application/problem+json")
    assert stream.status == 503
    assert health.status == 503
    told = json.loads(health.text)
    database = next(part for part in told["parts"] if part["name"] == "database")
    assert database["ok"] is False
    assert "SIKPRO_DATABASE_URL" in database["do"]
    assert "Traceback" not in page.text + api.text + health.text
    assert (await helpdesk.get("/order")).status == 200


async def test_a_broker_that_is_away_is_named_and_the_house_goes_on(office: Office, helpdesk: Browser) -> None:
    usual = settings().redis_url.get_secret_value()
    set_environment(SIKPRO_REDIS_URL="redis://127.0.0.1:1/0")
    try:
        answer = await helpdesk.get("/health")
    finally:
        set_environment(SIKPRO_REDIS_URL=usual)
    parts = {part["name"]: part for part in json.loads(answer.text)["parts"]}
    assert answer.status == 200
    assert (parts["broker"]["ok"], bool(parts["broker"]["do"])) == (False, True)


async def test_a_crash_leaves_with_its_headers_and_without_its_trace(office: Office) -> None:
    app = build()

    async def crash() -> None:
        raise RuntimeError("rahasia dapur")

    app.add_api_route("/rusak", crash)
    sent = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)
        await asyncio.sleep(0)

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/rusak",
        "raw_path": b"/rusak",
        "query_string": b"",
        "headers": [(b"host", b"x")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "scheme": "http",
        "root_path": "",
    }
    await app(scope, receive, send)
    headers = dict(sent[0]["headers"])
    body = b"".join(each.get("body", b"") for each in sent[1:]).decode()
    assert sent[0]["status"] == 500
    assert headers[b"content-security-policy"].decode() == CSP
    assert "Terjadi gangguan" in body
    assert "rahasia dapur" not in body


async def test_the_token_in_pages_differs_each_time_and_always_fits(office: Office, helpdesk: Browser) -> None:
    order = await office.order()
    shown = {(await helpdesk.get(f"/order/{order.registration_no}/panel")).value("csrf") for _ in range(5)}
    assert len(shown) == 5
    assert helpdesk.csrf not in shown
    for version, token in enumerate(sorted(shown), 1):
        form = {"csrf": token, "version": str(version), "request_key": token[:20], "status": "OGP", "note": token[:3]}
        assert (await helpdesk.post(f"/order/{order.registration_no}/status", form)).status == 200
    broken = min(shown)[:-4] + "AAAA"
    assert (await helpdesk.post(f"/order/{order.registration_no}/status", {"csrf": broken})).status == 403
