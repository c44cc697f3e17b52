"""Signing in: throttled without ever locking, one answer to every wrong guess, sessions that end in time."""

import asyncio

from sqlalchemy import func, select, text, update

from shared.db import transaction
from shared.people import operations as people
from shared.people import sessions
from shared.people.models import LoginFailure, Person, WebSession
from shared.people.sessions import hashed
from tests.conftest import set_environment
from tests.web.conftest import PASSWORD, Browser, Office


async def test_the_right_password_opens_the_page_that_was_wanted(office: Office) -> None:
    nadia = await office.stranger()
    asked = await nadia.get("/order?tampilan=lewat")
    assert (asked.status, asked.headers["location"]) == (303, "/masuk?ke=/order%3Ftampilan%3Dlewat")
    page = await nadia.get(asked.headers["location"])
    assert page.value("ke", "<form") == "/order?tampilan=lewat"
    answer = await nadia.type_login("Nadia ", ke="/order?tampilan=lewat")
    assert (answer.status, answer.headers["location"]) == (303, "/order?tampilan=lewat")
    assert (await nadia.get("/order")).status == 200
    cookie = next(each for each in answer.headers.getall("set-cookie") if each.startswith("sikpro="))
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie


async def test_signing_in_leads_nowhere_else(office: Office) -> None:
    for elsewhere in ("https://jahat.example/", "//jahat.example", "/\\jahat.example", "javascript:alert(1)", "/masuk"):
        nadia = await office.stranger()
        answer = await nadia.type_login("nadia", ke=elsewhere)
        assert answer.headers["location"] == "/", elsewhere


async def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(office: Office) -> None:
    visitor = await office.stranger()
    wrong = await visitor.type_login("nadia", "bukan-kata-sandinya")
    unknown = await visitor.type_login("tidak-ada", "bukan-kata-sandinya")
    assert wrong.status == unknown.status == 422
    sentence = "Nama pengguna atau kata sandi tidak cocok."
    assert sentence in wrong.text
    assert sentence in unknown.text
    assert "bukan-kata-sandinya" not in wrong.text


async def test_after_five_failures_each_try_waits_longer_and_the_page_says_until_when(office: Office) -> None:
    visitor = await office.stranger()
    for name in ("nadia", "tidak-ada"):
        answers = [await visitor.type_login(name, "salah-salah-salah") for _ in range(6)]
        assert [answer.status for answer in answers] == [422] * 5 + [429]
        assert "Coba lagi pukul" in answers[-1].text
        assert int(answers[-1].headers["retry-after"]) >= 1
    async with transaction() as session:
        await session.execute(update(LoginFailure).values(wait_until=text("now() + interval '5 seconds'")))
    assert (await visitor.type_login("nadia")).status == 429, "also with the right password"
    async with transaction() as session:
        await session.execute(update(LoginFailure).values(wait_until=text("now() - interval '1 second'")))
    assert (await visitor.type_login("nadia", "salah-salah-salah")).status == 422
    async with transaction() as session:
        left = "extract(epoch from wait_until - clock_timestamp())"
        waits = await session.scalar(
            select(text(left)).select_from(LoginFailure).where(LoginFailure.key == "user:nadia")
        )
    assert 0 < float(waits) <= 2


async def test_a_wait_is_never_longer_than_a_minute_and_ends_by_itself(office: Office) -> None:
    visitor = await office.stranger()
    await visitor.type_login("nadia", "salah-salah-salah")
    async with transaction() as session:
        await session.execute(update(LoginFailure).where(LoginFailure.key == "user:nadia").values(failures=500))
    await visitor.type_login("nadia", "salah-salah-salah")
    async with transaction() as session:
        longest = select(LoginFailure.wait_until < func.now() + text("interval '61 seconds'"))
        assert await session.scalar(longest.where(LoginFailure.key == "user:nadia"))
        await session.execute(update(LoginFailure).values(wait_until=text("now() - interval '1 second'")))
    assert (await visitor.type_login("nadia")).status == 303
    async with transaction() as session:
        assert await session.get(LoginFailure, "user:nadia") is None


async def test_many_tries_at_once_are_throttled_as_one_after_another(office: Office) -> None:
    visitor = await office.stranger()
    page = await visitor.get("/masuk")
    form = {"csrf": page.value("csrf", "<form"), "username": "nadia", "password": "salah-salah-salah"}
    answers = await asyncio.gather(*[visitor.ask("POST", "/masuk", data=form) for _ in range(20)])
    looked_at = [answer.status for answer in answers].count(422)
    assert 5 <= looked_at <= 8, "a wait of a second may be over before the last try is counted"
    assert [answer.status for answer in answers].count(429) == 20 - looked_at


async def test_one_address_has_thirty_tries_a_minute(office: Office) -> None:
    visitor = await office.stranger()
    async with transaction() as session:
        session.add(LoginFailure(key="ip:127.0.0.1", failures=30))
    assert (await visitor.type_login("nadia")).status == 429
    page = await visitor.get("/masuk")
    form = {"csrf": page.value("csrf", "<form"), "username": "nadia", "password": PASSWORD}
    forged = {"X-Forwarded-For": "9.9.9.9", "X-Real-IP": "9.9.9.9", "Forwarded": "for=9.9.9.9"}
    assert (await visitor.ask("POST", "/masuk", data=form, headers=forged)).status == 429
    async with transaction() as session:
        await session.execute(update(LoginFailure).values(first_at=text("now() - interval '61 seconds'")))
    assert (await visitor.type_login("nadia")).status == 303


async def test_a_session_planted_before_signing_in_is_worth_nothing_after(office: Office) -> None:
    nadia = await office.stranger()
    nadia.plant("ditanam-oleh-penyerang")
    await nadia.type_login("nadia")
    assert nadia.cookie() != "ditanam-oleh-penyerang"
    first = nadia.cookie()
    assert len(first) >= 43
    again = await office.stranger()
    form = {"csrf": (await again.get("/masuk")).value("csrf", "<form"), "username": "nadia", "password": PASSWORD}
    again.plant(first)
    assert (await again.ask("POST", "/masuk", data=form)).status == 303
    async with transaction() as session:
        kept = (await session.scalars(select(WebSession.token_hash))).all()
    assert hashed(first) not in kept
    assert first not in kept


async def test_the_login_form_carries_a_token_of_its_own(office: Office) -> None:
    nadia = await office.stranger()
    form = {"username": "nadia", "password": PASSWORD}
    assert (await nadia.ask("POST", "/masuk", data=form)).status == 403
    rudi = await office.stranger()
    theirs = (await rudi.get("/masuk")).value("csrf", "<form")
    await nadia.get("/masuk")
    assert (await nadia.ask("POST", "/masuk", data=form | {"csrf": theirs})).status == 403
    assert nadia.cookie() == ""


async def test_signing_out_ends_the_session_and_clears_the_browser(office: Office, helpdesk: Browser) -> None:
    token = helpdesk.cookie()
    answer = await helpdesk.post("/keluar", htmx=False)
    assert (answer.status, answer.headers["location"]) == (303, "/masuk")
    assert answer.headers["clear-site-data"] == '"cache", "storage"'
    helpdesk.plant(token)
    assert (await helpdesk.get("/order")).status == 303


async def test_a_session_ends_when_idle_and_when_old(office: Office, helpdesk: Browser) -> None:
    for column in ("seen_at", "created_at"):
        browser = await office.visitor(office.here.leader)
        assert (await browser.get("/order")).status == 200
        past = text("now() - interval '31 minutes'" if column == "seen_at" else "now() - interval '13 hours'")
        async with transaction() as session:
            await session.execute(update(WebSession).values({column: past}))
        assert (await browser.get("/order")).status == 303
        assert (await browser.get("/order/baris", htmx=True)).status == 401
    async with transaction() as session:
        await sessions.forget_old(session)
        assert await session.scalar(select(func.count()).select_from(WebSession)) == 0


async def test_a_page_that_asks_by_itself_keeps_no_session_alive(office: Office, helpdesk: Browser) -> None:
    async with transaction() as session:
        await session.execute(update(WebSession).values(seen_at=text("now() - interval '20 minutes'")))
    await helpdesk.get("/dasbor/isi", htmx=True)
    async with transaction() as session:
        old = await session.scalar(select(WebSession.seen_at < text("now() - interval '19 minutes'")))
    assert old
    await helpdesk.get("/order")
    async with transaction() as session:
        assert await session.scalar(select(WebSession.seen_at > text("now() - interval '1 minute'")))


async def test_a_disabled_person_is_out_at_once(office: Office, helpdesk: Browser) -> None:
    assert (await helpdesk.get("/order")).status == 200
    async with transaction() as session:
        await people.disable(session, office.here.helpdesk.id)
    assert (await helpdesk.get("/order")).status == 303
    assert (await (await office.stranger()).type_login("nadia")).status == 422


async def test_those_who_work_in_telegram_have_no_web(office: Office) -> None:
    async with transaction() as session:
        leader = await session.get(Person, office.here.leader.id)
        assert leader is not None
        await session.execute(
            update(Person)
            .where(Person.id == office.here.technician.id)
            .values(username="rizal", password_hash=leader.password_hash)
        )
    rizal = await office.stranger()
    answer = await rizal.type_login("rizal")
    assert (answer.status, "lewat Telegram" in answer.text) == (403, True)


async def test_an_old_hash_is_renewed_at_sign_in(office: Office) -> None:
    from argon2 import PasswordHasher

    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    async with transaction() as session:
        await session.execute(update(Person).where(Person.id == office.here.helpdesk.id).values(password_hash=weak))
    assert (await (await office.stranger()).type_login("nadia")).status == 303
    async with transaction() as session:
        kept = await session.scalar(select(Person.password_hash).where(Person.id == office.here.helpdesk.id))
    assert "m=19456,t=2,p=1" in (kept or "")


async def test_odd_logins_get_a_sentence(office: Office) -> None:
    visitor = await office.stranger()
    assert (await visitor.type_login("nadia", "x" * 100_000)).status == 422
    assert (await visitor.type_login("x" * 10_000)).status == 422
    assert (await visitor.type_login("", "")).status == 422
    assert (await visitor.type_login("na\x00dia' OR 1=1 --")).status == 422


async def test_a_demo_names_its_people_and_never_a_password(office: Office) -> None:
    stranger = await office.stranger()
    assert "Akun demo" not in (await stranger.get("/masuk")).text
    set_environment(SIKPRO_DEMO="1", SIKPRO_DEMO_PASSWORD=PASSWORD)
    try:
        page = (await stranger.get("/masuk")).text
    finally:
        set_environment(SIKPRO_DEMO="0")
    assert "Akun demo" in page
    assert "hendra" in page
    assert PASSWORD not in page
