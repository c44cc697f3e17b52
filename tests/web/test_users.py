"""People as an admin manages them: entered once, never above the giver, disabled at once, invited by a link."""

import asyncio
import re

import pytest
from sqlalchemy import func, select, update

from shared.audit.models import AuditRow
from shared.chats import speakers
from shared.chats.models import ChatKind
from shared.chats.speakers import Told
from shared.db import transaction
from shared.errors import Invalid, NotAllowed
from shared.people import invites, operations, tokens
from shared.people.access import Viewer
from shared.people.invites import DeadLink
from shared.people.models import Invite, Person, Role, WebSession
from shared.people.operations import Draft, LastAdmin
from shared.people.queries import viewer_of
from tests import factories
from tests.web.conftest import PASSWORD, Answer, Browser, Office
from tests.web.test_master import HOSTILE, admin_of, fields_of, key

NEW = "kopi-tubruk-di-teras-42"


def joko(office: Office) -> dict[str, str]:
    return {
        "name": "Joko Susilo",
        "role": "helpdesk",
        "username": "Joko.S",
        "technician_code": "",
        "telegram_id": "5512777",
        "area": f"so:{office.here.site.id}",
    }


async def person(username: str) -> Person:
    async with transaction() as session:
        return (await session.scalars(select(Person).where(Person.username == username))).one()


def link_of(answer: Answer) -> str:
    found = re.search(r"(/undangan/[A-Za-z0-9_-]{40,})", answer.text)
    assert found, answer.status
    return found[1]


async def take(browser: Browser, path: str, password: str, again: str | None = None) -> Answer:
    page = await browser.get(path)
    if page.status != 200:
        return page
    form = {"csrf": page.value("csrf", "<form"), "password": password, "again": password if again is None else again}
    return await browser.ask("POST", path, data=form)


async def invited(office: Office) -> tuple[Browser, Person, str]:
    admin = await admin_of(office)
    await admin.post("/pengguna", joko(office) | key(), htmx=False)
    new = await person("joko.s")
    return admin, new, link_of(await admin.post(f"/pengguna/{new.id}/tautan", htmx=False))


async def test_a_person_is_entered_once_and_comes_in_by_its_link(office: Office) -> None:
    admin, form = await admin_of(office), joko(office) | key()
    answers = await asyncio.gather(*[admin.post("/pengguna", form, htmx=False) for _ in range(4)])
    assert len({answer.headers["location"] for answer in answers}) == 1
    new = await person("joko.s")
    shown = await admin.post(f"/pengguna/{new.id}/tautan", htmx=False)
    path = link_of(shown)
    assert path not in (await admin.get(f"/pengguna/{new.id}")).text
    assert "Undangan 1" in (await admin.get("/pengguna")).text
    stranger = await office.stranger()
    assert "Selamat datang, Joko Susilo" in (await stranger.get(path)).text
    assert (await take(stranger, path, NEW)).headers["location"] == "/masuk"
    assert (await stranger.type_login("joko.s", NEW)).status == 303
    assert (await stranger.get("/order")).status == 200
    again = await stranger.get(path)
    assert again.status == 410
    assert "sudah dipakai" in again.text
    async with transaction() as session:
        kept = (await session.scalars(select(Invite.token_hash))).all()
        told = str([(row.what, row.details) for row in await session.scalars(select(AuditRow))])
    assert path.removeprefix("/undangan/") not in str(kept) + told
    assert NEW not in told


@pytest.mark.parametrize(
    ("password", "again", "words"),
    [
        ("pendek", None, "Terlalu pendek"),
        ("password1234", None, "Terlalu mudah ditebak"),
        ("joko.s joko.s 1", None, "Terlalu mudah ditebak"),
        (NEW, NEW + "x", "Tidak sama"),
        ("", None, "Terlalu pendek"),
        ("x" * 5000, None, "Terlalu panjang"),
    ],
)
async def test_a_weak_password_is_refused_in_words_and_the_link_stays_good(
    office: Office, password: str, again: str | None, words: str
) -> None:
    _, _, path = await invited(office)
    stranger = await office.stranger()
    answer = await take(stranger, path, password, again)
    assert answer.status == 422
    assert words in answer.text
    assert (await take(stranger, path, NEW)).status == 303


async def test_of_twenty_who_use_one_link_at_once_one_wins(office: Office) -> None:
    _, _, path = await invited(office)
    token = path.removeprefix("/undangan/")

    async def accept(n: int) -> int:
        try:
            await invites.accept(token, f"{NEW}-{n}")
        except DeadLink:
            return -1
        return n

    winners = [n for n in await asyncio.gather(*[accept(n) for n in range(20)]) if n >= 0]
    assert len(winners) == 1
    stranger = await office.stranger()
    assert (await stranger.type_login("joko.s", f"{NEW}-{winners[0]}")).status == 303


async def test_a_link_dies_after_a_day_by_a_newer_one_and_with_its_person(office: Office) -> None:
    admin, new, first = await invited(office)
    stranger = await office.stranger()
    second = link_of(await admin.post(f"/pengguna/{new.id}/tautan", htmx=False))
    assert (await stranger.get(first)).status == 410
    async with transaction() as session:
        await session.execute(update(Invite).values(expires_at=func.now()))
    assert (await stranger.get(second)).status == 410
    third = link_of(await admin.post(f"/pengguna/{new.id}/tautan", htmx=False))
    assert (await stranger.get(third)).status == 200
    await admin.post(f"/pengguna/{new.id}/aktif", {"aktif": "tidak"}, htmx=False)
    assert (await take(stranger, third, NEW)).status == 410
    for unknown in ("/undangan/x", "/undangan/" + "y" * 5000, "/undangan/%00"):
        assert (await stranger.get(unknown)).status == 410


async def test_the_form_of_a_link_carries_a_token_of_its_own(office: Office) -> None:
    _, _, path = await invited(office)
    stranger = await office.stranger()
    assert (await stranger.ask("POST", path, data={"password": NEW, "again": NEW})).status == 403
    assert (await take(stranger, path, NEW)).status == 303


async def test_a_reset_ends_sessions_and_the_old_password_at_once(office: Office) -> None:
    nadia = await office.visitor(office.here.helpdesk)
    admin = await admin_of(office)
    path = link_of(await admin.post(f"/pengguna/{office.here.helpdesk.id}/tautan", htmx=False))
    assert (await nadia.get("/order")).status == 303
    stranger = await office.stranger()
    assert (await stranger.type_login("nadia", PASSWORD)).status == 422
    assert (await take(stranger, path, NEW)).status == 303
    assert (await stranger.type_login("nadia", NEW)).status == 303
    assert (await admin.post(f"/pengguna/{office.here.admin.id}/tautan", htmx=False)).status == 409


async def test_disabling_ends_sessions_tokens_and_the_bot_at_once_and_enabling_gives_no_session_back(
    office: Office,
) -> None:
    nadia, helpdesk = await office.visitor(office.here.helpdesk), office.here.helpdesk
    async with transaction() as session:
        token = await tokens.make(session, helpdesk.id, "uji")
    api = {"headers": {"authorization": f"Bearer {token}"}}
    stranger = await office.stranger()
    assert (await stranger.ask("GET", "/api/v1/orders", **api)).status == 200
    admin = await admin_of(office)
    assert (await admin.post(f"/pengguna/{helpdesk.id}/aktif", {"aktif": "tidak"}, htmx=False)).status == 303
    assert (await nadia.get("/order")).status == 303
    assert (await stranger.ask("GET", "/api/v1/orders", **api)).status == 401
    async with transaction() as session:
        assert helpdesk.telegram_id
        said = Told(helpdesk.telegram_id, ChatKind.PRIVATE, "", 1, helpdesk.telegram_id)
        assert await speakers.note(session, [said]) == [None]
    assert (await admin.post(f"/pengguna/{helpdesk.id}/aktif", {"aktif": "ya"}, htmx=False)).status == 303
    assert (await nadia.get("/order")).status == 303
    assert (await stranger.ask("GET", "/api/v1/orders", **api)).status == 401
    assert (await stranger.type_login("nadia", PASSWORD)).status == 303


async def test_every_mistake_of_a_person_is_named_and_what_is_taken_says_so(office: Office) -> None:
    admin = await admin_of(office)
    bad = joko(office) | {
        "name": "",
        "role": "technician",
        "username": "Ada Spasi",
        "technician_code": "SALAH",
        "telegram_id": "-5",
        "area": "sto:999999",
    }
    answer = await admin.post("/pengguna", bad | key(), htmx=False)
    assert answer.status == 422
    for words in ("Belum diisi.", "Huruf kecil, angka", "Satu huruf, satu angka", "angka saja", "Pilih lagi"):
        assert answer.text.count(words) >= 2, words
    answer = await admin.post("/pengguna", bad | {"role": "raja"} | key(), htmx=False)
    for words in ("Tidak ada dalam daftar", "Huruf kecil, angka", "angka saja"):
        assert answer.text.count(words) >= 2, words
    taken = {"username": "nadia", "technician_code": "F5SDA445", "telegram_id": "5512001"}
    for name, value in taken.items():
        answer = await admin.post("/pengguna", joko(office) | {name: value} | key(), htmx=False)
        assert answer.status == 422, name
        assert "sudah" in answer.text
        assert f'href="#baru-{name}"' in answer.text
    hostile = await admin.post("/pengguna", joko(office) | {"name": HOSTILE} | key(), htmx=False)
    assert hostile.status == 303
    assert "<script>alert" not in (await admin.get("/pengguna")).text


async def test_role_area_and_code_are_edited_and_take_effect_at_once(office: Office) -> None:
    nadia, admin = await office.visitor(office.here.helpdesk), await admin_of(office)
    path = f"/pengguna/{office.here.helpdesk.id}"
    form = fields_of(await admin.get(path), path)
    assert form["role"] == "helpdesk"
    area = f"sto:{office.here.spj.id}"
    assert (await admin.post(path, form | {"area": area, "role": "supervisor"}, htmx=False)).status == 303
    page = await nadia.get("/order")
    assert "Supervisor · SPJ" in page.text
    assert (await nadia.get("/order/baru")).status == 403
    form = fields_of(await admin.get(path), path)
    demoted = form | {"role": "technician", "technician_code": "F5SPJ333"}
    assert (await admin.post(path, demoted, htmx=False)).status == 303
    assert (await nadia.get("/order")).status == 303
    async with transaction() as session:
        told = (await session.scalars(select(AuditRow).where(AuditRow.what == "person.changed"))).all()
    assert told[-1].details["before"]["role"] == "supervisor"
    assert told[-1].details["after"]["technician_code"] == "F5SPJ333"


async def test_an_admin_cannot_change_its_own_role_nor_disable_itself(office: Office) -> None:
    admin, path = await admin_of(office), f"/pengguna/{office.here.admin.id}"
    form = fields_of(await admin.get(path), path)
    answer = await admin.post(path, form | {"role": "helpdesk", "area": f"so:{office.here.site.id}"}, htmx=False)
    assert answer.status == 422
    assert "hanya dapat diubah admin lain" in answer.text
    answer = await admin.post(f"{path}/aktif", {"aktif": "tidak"}, htmx=False)
    assert answer.status == 409
    assert "akun Anda sendiri" in answer.text
    assert (await admin.get("/pengguna")).status == 200


async def test_two_admins_who_disable_each_other_at_once_leave_one(office: Office) -> None:
    async with transaction() as session:
        second = await operations.enter(session, "Admin Dua", Role.ADMIN, username="admin2")
        one, two = await viewer_of(session, office.here.admin), await viewer_of(session, second)

    async def dismiss(viewer: Viewer, whom: int) -> bool:
        try:
            async with transaction() as session:
                await operations.dismiss(session, viewer, whom, source="web")
        except LastAdmin:
            return False
        return True

    done = await asyncio.gather(dismiss(one, second.id), dismiss(two, office.here.admin.id))
    assert sorted(done) == [False, True]
    async with transaction() as session:
        assert await session.scalar(select(func.count()).where(Person.role == Role.ADMIN, Person.active)) == 1


@pytest.mark.parametrize("giver", list(Role))
@pytest.mark.parametrize("given", list(Role))
async def test_nobody_gives_a_role_above_its_own(session, giver: Role, given: Role) -> None:
    here = await factories.town(session)
    person = await operations.enter(session, "Pemberi", giver, sites=(here.site.id,))
    viewer = await viewer_of(session, person)
    draft = Draft(
        "Baru", given, "baru.orang", "F5SDA777", None, frozenset({here.site.id} if given is not Role.ADMIN else ())
    )
    if giver is Role.ADMIN:
        assert (await operations.add(session, viewer, draft, source="web")).role is given
    else:
        with pytest.raises((NotAllowed, Invalid)):
            await operations.add(session, viewer, draft, source="web")


async def test_a_team_leader_approves_a_technician_of_its_area_once(office: Office) -> None:
    async with transaction() as session:
        near = await operations.apply(session, "Joko Susilo", "F5TUN130", 5519001, "id")
        far = await operations.apply(session, "Jauh Sekali", "F5SPJ130", 5519002, "id")
    assert near
    assert far
    dewi = await office.visitor(office.here.leader)
    page = await dewi.get("/pengguna?tampilan=menunggu")
    assert "Joko Susilo" in page.text
    assert "Jauh Sekali" not in page.text
    assert 'action="/pengguna"' not in page.text.replace('role="search" action="/pengguna"', "")
    assert (await dewi.post(f"/pengguna/{far.id}/persetujuan", {"setuju": "ya"}, htmx=False)).status == 404
    assert (await dewi.post(f"/pengguna/{near.id}/persetujuan", {"setuju": "ya"}, htmx=False)).status == 303
    late = await dewi.post(f"/pengguna/{near.id}/persetujuan", {"setuju": "tidak"}, htmx=False)
    assert late.status == 409
    assert "sudah tidak menunggu" in late.text
    async with transaction() as session:
        kept = await session.get_one(Person, near.id)
    assert (kept.active, kept.waiting) == (True, False)


async def test_the_list_is_searched_filtered_and_paged(office: Office) -> None:
    async with transaction() as session:
        for n in range(60):
            await operations.enter(
                session,
                f"Teknisi {n:02}",
                Role.TECHNICIAN,
                technician_code=f"F5SDA{500 + n}",
                sites=(office.here.site.id,),
            )
    admin = await admin_of(office)
    page = await admin.get("/pengguna")
    onward = re.search(r'href="(/pengguna\?tampilan=semua&amp;sesudah=\d+)"', page.text)
    assert onward
    second = await admin.get(onward[1].replace("&amp;", "&"))
    assert "Teknisi 59" in second.text
    assert "Bagus Santoso" not in second.text
    for words in ("teknisi 07", "F5SDA507"):
        found = await admin.get(f"/pengguna?q={words}")
        assert "Teknisi 07" in found.text
        assert "Teknisi 08" not in found.text
    assert "Nadia Putri" in (await admin.get("/pengguna?q=5512001")).text
    assert "Tidak ada yang cocok." in (await admin.get("/pengguna?q=%25")).text
    assert (await admin.get("/pengguna?tampilan=ada&sesudah=x")).status == 200


async def test_who_is_signed_in_elsewhere_loses_that_session_by_taking_a_link(office: Office) -> None:
    _, _, path = await invited(office)
    rudi = await office.visitor(office.here.second_helpdesk)
    answer = await take(rudi, path, NEW)
    assert answer.status == 303
    assert rudi.cookie() == ""


async def test_ids_that_are_none_are_not_found(office: Office) -> None:
    admin = await admin_of(office)
    for path in ("/pengguna/abc", "/pengguna/9999999", "/pengguna/-1", "/pengguna/99999999999999999999999", "/site/x"):
        assert (await admin.get(path)).status == 404, path
    async with transaction() as session:
        assert await session.scalar(select(func.count()).select_from(WebSession)) == 1
