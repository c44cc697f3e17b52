"""One's own page: password, looks that follow to other browsers, own sessions, API tokens; nobody else's."""

import re
from typing import Any

import pytest
from sqlalchemy import select

from shared.audit.models import AuditRow
from shared.db import transaction
from shared.people.models import ApiToken, Invite, Person, WebSession
from tests.web.conftest import PASSWORD, Browser, Office

NEW = "perahu-tambal-sulam-7"
EVIL = '"><script>alert(1)</script>'


async def person(person_id: int) -> Person:
    async with transaction() as session:
        return (await session.scalars(select(Person).where(Person.id == person_id))).one()


async def acts() -> list[str]:
    async with transaction() as session:
        return list(await session.scalars(select(AuditRow.what).order_by(AuditRow.id)))


def password(current: str = PASSWORD, new: str = NEW, again: str | None = None) -> dict[str, str]:
    return {"current": current, "password": new, "again": new if again is None else again}


async def test_a_new_password_works_and_ends_every_other_session(office: Office, helpdesk: Browser) -> None:
    elsewhere, somebody = await office.visitor(office.here.helpdesk), await office.visitor(office.here.leader)
    answer = await helpdesk.post("/profil/sandi", password(), htmx=False)
    assert (answer.status, answer.headers["location"]) == (303, "/profil?kabar=sandi")
    assert "Kata sandi diganti" in (await helpdesk.get("/profil?kabar=sandi")).text
    assert (await elsewhere.get("/order")).status == 303
    assert (await somebody.get("/order")).status == 200
    stranger = await office.stranger()
    assert (await stranger.type_login("nadia", PASSWORD)).status == 422
    assert (await stranger.type_login("nadia", NEW)).status == 303
    assert await acts() == ["password.changed", "login.failed", "login.done"]


async def test_a_new_password_ends_an_unused_invitation(office: Office, helpdesk: Browser) -> None:
    from sqlalchemy import func, insert

    async with transaction() as session:
        await session.execute(
            insert(Invite).values(
                person_id=office.here.helpdesk.id,
                token_hash="x" * 64,
                made_by=office.here.admin.id,
                expires_at=func.now(),
            )
        )
    assert (await helpdesk.post("/profil/sandi", password(), htmx=False)).status == 303
    async with transaction() as session:
        assert await session.scalar(select(Invite.ended_at)) is not None


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (password(current="salah"), "Kata sandi sekarang tidak cocok."),
        (password(current=""), "Isi kata sandi sekarang."),
        (password(new="", again=""), "Isi kata sandi baru."),
        (password(new="pendek"), "Beberapa kata yang tidak berhubungan mudah diingat."),
        (password(new="sikpro123456!"), "Terlalu mudah ditebak."),
        (password(new="nadia-nadia-nadia-1"), "Terlalu mudah ditebak."),
        (password(new="a" * 300), "Paling banyak 256 karakter."),
        (password(new=PASSWORD), "Sama dengan kata sandi sekarang."),
        (password(again=NEW + "x"), "Tidak sama dengan kata sandi baru."),
        ({}, "Isi kata sandi baru."),
    ],
)
async def test_a_password_that_may_not_be_is_refused_with_the_reason(
    office: Office, helpdesk: Browser, given: dict[str, str], words: str
) -> None:
    before = (await person(office.here.helpdesk.id)).password_hash
    answer = await helpdesk.post("/profil/sandi", given, htmx=False)
    assert answer.status == 422
    assert answer.text.count(words) == 2  # in the summary and at the field
    assert 'role="alert"' in answer.text
    assert NEW not in answer.text
    assert (await person(office.here.helpdesk.id)).password_hash == before


async def test_guessing_the_current_password_is_throttled(office: Office, helpdesk: Browser) -> None:
    seen = [(await helpdesk.post("/profil/sandi", password(current=f"salah{n}"), htmx=False)).status for n in range(7)]
    assert seen[:5] == [422] * 5
    assert 429 in seen[5:]
    answer = await helpdesk.post("/profil/sandi", password(), htmx=False)
    assert answer.status == 429
    assert "Terlalu banyak percobaan" in answer.text
    assert "password.changed" not in await acts()


async def test_a_password_cannot_be_changed_by_a_forged_form_or_a_stranger(office: Office, helpdesk: Browser) -> None:
    helpdesk.csrf = "x" * 43
    assert (await helpdesk.post("/profil/sandi", password(), htmx=False)).status == 403
    stranger = await office.stranger()
    assert (await stranger.post("/profil/sandi", password(), htmx=False)).status == 303
    assert "password.changed" not in await acts()


async def test_looks_follow_to_another_browser(office: Office, helpdesk: Browser) -> None:
    page = (await helpdesk.get("/order")).text
    assert '<html lang="id">' in page
    wanted = {"theme": "dark", "density": "lega", "shortcuts": "off"}
    assert (await helpdesk.post("/profil/tampilan", wanted, htmx=False)).status == 303
    other = await office.visitor(office.here.helpdesk)
    for path in ("/order", "/", "/profil"):
        page = (await other.get(path)).text
        assert '<html lang="id" data-theme="dark" data-density="lega">' in page
        assert " data-no-shortcuts" in page
    assert (await helpdesk.post("/profil/tampilan", {"theme": "system"}, htmx=False)).status == 303
    page = (await other.get("/order")).text
    assert '<html lang="id" data-theme="system" data-density="lega">' in page
    assert "data-theme" not in (await (await office.visitor(office.here.leader)).get("/order")).text.split("<head>")[0]


@pytest.mark.parametrize("given", [{"theme": EVIL}, {"density": ""}, {"shortcuts": "mungkin"}, {"theme": "x" * 150}])
async def test_looks_that_do_not_exist_are_refused(office: Office, helpdesk: Browser, given: dict[str, str]) -> None:
    answer = await helpdesk.post("/profil/tampilan", given, htmx=False)
    assert answer.status == 422
    assert "Pilih dari daftar." in answer.text
    assert "<script>alert" not in answer.text
    assert (await person(office.here.helpdesk.id)).preferences == {}


async def test_extra_fields_are_no_way_in(office: Office, helpdesk: Browser) -> None:
    extra = {"theme": "dark", "role": "admin", "active": "0", "person_id": str(office.here.leader.id), "id": "1"}
    assert (await helpdesk.post("/profil/tampilan", extra, htmx=False)).status == 303
    now = await person(office.here.helpdesk.id)
    assert (now.role.value, now.preferences) == ("helpdesk", {"theme": "dark"})
    assert (await person(office.here.leader.id)).preferences == {}


def marks(page: str) -> list[str]:
    return re.findall(r'action="/profil/sesi/([0-9a-f]{16})/akhiri"', page)


async def test_own_sessions_are_seen_and_ended_one_or_all(office: Office, helpdesk: Browser) -> None:
    second, third = [await office.visitor(office.here.helpdesk) for _ in range(2)]
    leader = await office.visitor(office.here.leader)
    page = (await helpdesk.get("/profil")).text
    assert len(marks(page)) == 2
    assert page.count("sesi ini") == 1
    answer = await helpdesk.post(f"/profil/sesi/{marks(page)[0]}/akhiri", htmx=False)
    assert answer.headers["location"] == "/profil?kabar=sesi"
    alive = [(await each.get("/order")).status for each in (second, third)]
    assert sorted(alive) == [200, 303]
    assert (await helpdesk.post("/profil/sesi/lain/akhiri", htmx=False)).status == 303
    assert [(await each.get("/order")).status for each in (second, third)] == [303, 303]
    assert [(await each.get("/order")).status for each in (helpdesk, leader)] == [200, 200]
    assert await acts() == ["session.ended", "sessions.ended"]


async def test_another_persons_session_and_token_look_like_none(office: Office, helpdesk: Browser) -> None:
    leader = await office.visitor(office.here.leader)
    await office.visitor(office.here.leader)
    await leader.post("/profil/token", {"token": "laporan"}, htmx=False)
    theirs = marks((await leader.get("/profil")).text)[0]
    async with transaction() as session:
        token = await session.scalar(select(ApiToken.id))
    for path in (
        f"/profil/sesi/{theirs}/akhiri",
        "/profil/sesi/0000000000000000/akhiri",
        "/profil/sesi/%27/akhiri",
        f"/profil/token/{token}/cabut",
        "/profil/token/999999/cabut",
        "/profil/token/abc/cabut",
    ):
        assert (await helpdesk.post(path, htmx=False)).status == 404, path
    async with transaction() as session:
        assert len((await session.scalars(select(WebSession))).all()) == 3
        assert await session.scalar(select(ApiToken.revoked_at)) is None


async def test_ending_this_very_session_is_signing_out(office: Office, helpdesk: Browser) -> None:
    other = await office.visitor(office.here.helpdesk)
    mine = marks((await other.get("/profil")).text)[0]
    answer = await helpdesk.post(f"/profil/sesi/{mine}/akhiri", htmx=False)
    assert answer.headers["location"] == "/masuk"
    assert (await helpdesk.get("/order")).status == 303


async def test_a_token_is_shown_once_works_and_is_revoked(office: Office, helpdesk: Browser) -> None:
    answer = await helpdesk.post("/profil/token", {"token": "  laporan pagi "}, htmx=False)
    assert answer.status == 200
    shown = re.search(r"sikpro_[A-Za-z0-9_-]{43}", answer.text)
    assert shown is not None
    page = (await helpdesk.get("/profil")).text
    assert shown[0] not in page
    assert "laporan pagi" in page
    stranger = await office.stranger()

    async def ask() -> int:
        bearer = {"Authorization": f"Bearer {shown[0]}"}
        return (await stranger.ask("GET", "/api/v1/orders", headers=bearer)).status

    assert await ask() == 200
    revoke = re.search(r'action="(/profil/token/\d+/cabut)"', page)
    assert revoke is not None
    for _ in range(2):
        assert (await helpdesk.post(revoke[1], htmx=False)).status == 303
    assert await ask() == 401
    assert "laporan pagi" not in (await helpdesk.get("/profil")).text
    assert await acts() == ["token.made", "token.revoked"]


@pytest.mark.parametrize(
    ("name", "words"),
    [("", "Beri nama"), ("   ", "Beri nama"), ("x" * 81, "Paling banyak 80"), ("lama", "sudah punya")],
)
async def test_a_token_needs_a_name_of_its_own(helpdesk: Browser, name: str, words: str) -> None:
    await helpdesk.post("/profil/token", {"token": "Lama"}, htmx=False)
    answer = await helpdesk.post("/profil/token", {"token": name}, htmx=False)
    assert answer.status == 422
    assert answer.text.count(words) == 2
    assert f'value="{name.strip()}"' in answer.text
    assert "sikpro_" not in answer.text


async def test_there_is_an_end_to_tokens(helpdesk: Browser) -> None:
    for n in range(20):
        assert (await helpdesk.post("/profil/token", {"token": f"t{n}"}, htmx=False)).status == 200
    answer = await helpdesk.post("/profil/token", {"token": "satu lagi"}, htmx=False)
    assert (answer.status, "Paling banyak 20 token" in answer.text) == (422, True)


async def test_what_people_typed_stays_words(office: Office, helpdesk: Browser) -> None:
    async with transaction() as session:
        rows: Any = (await session.scalars(select(WebSession))).all()
        rows[0].agent = EVIL
    made = await helpdesk.post("/profil/token", {"token": EVIL}, htmx=False)
    for page in (made.text, (await helpdesk.get("/profil")).text):
        assert "<script>alert" not in page
        assert "&lt;script&gt;" in page


async def test_the_name_in_the_corner_leads_to_the_profile(helpdesk: Browser) -> None:
    assert (await helpdesk.get("/order")).text.count('href="/profil"') == 2  # beside the name, and in the phone's menu
