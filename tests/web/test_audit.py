"""The audit page: what was done is written down where it is done, and read by admins only."""

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, text, update

from shared import audit, clock
from shared.audit import queries
from shared.audit.models import AuditRow
from shared.db import transaction
from shared.people.models import Person
from tests import factories
from tests.reads import one_by_one
from tests.web.conftest import PASSWORD, Browser, Office

EVIL = "<script>alert(1)</script>"


@pytest.fixture
async def admin(office: Office) -> Browser:
    return await office.visitor(office.here.admin)


async def noted() -> list[AuditRow]:
    async with transaction() as session:
        return list(await session.scalars(select(AuditRow).order_by(AuditRow.id)))


async def write(what: str = "sto.changed", actor_id: int | None = None, subject: str = "", **details: Any) -> None:
    async with transaction() as session:
        await audit.note(session, actor_id, "web", what, subject, details)


async def write_at(days_ago: float, what: str) -> None:
    async with transaction() as session:
        at = clock.now() - timedelta(days=days_ago)
        await session.execute(insert(AuditRow).values(source="web", what=what, at=at))


async def test_signing_in_failing_and_signing_out_are_written_down_with_the_address(office: Office) -> None:
    browser = await office.stranger()
    await browser.type_login("nadia", "salah sama sekali")
    await browser.type_login("rahasia-saya-42")  # a password typed as a name
    assert (await browser.type_login("nadia", PASSWORD)).status == 303
    page = await browser.get("/order")
    await browser.ask("POST", "/keluar", data={"csrf": page.value("csrf", 'action="/keluar"')})
    nadia = office.here.helpdesk.id
    rows = await noted()
    assert [(row.what, row.actor_id, row.subject, row.ip) for row in rows] == [
        ("login.failed", None, f"person:{nadia}", "127.0.0.1"),
        ("login.failed", None, "", "127.0.0.1"),
        ("login.done", nadia, f"person:{nadia}", "127.0.0.1"),
        ("login.ended", nadia, f"person:{nadia}", "127.0.0.1"),
    ]
    assert "rahasia-saya" not in str(rows[1].details)
    assert PASSWORD not in str([row.details for row in rows])


async def test_the_page_says_it_in_words(office: Office, admin: Browser) -> None:
    await write("person.disabled", office.here.admin.id, f"person:{office.here.helpdesk.id}", name="Nadia Putri")
    await write(
        "sto.changed",
        office.here.admin.id,
        "sto:1",
        before={"name": "Lama", "code": "SDA"},
        after={"name": "Baru", "code": "SDA"},
    )
    await write("ufo.landed")
    page = (await admin.get("/audit")).text
    for words in ("Menonaktifkan pengguna", "Nadia Putri", "Sari Admin", "Mengubah STO", "Lama → Baru", "ufo.landed"):
        assert words in page, words
    assert "SDA → SDA" not in page


async def test_filters_narrow_to_a_person_an_act_and_days(office: Office, admin: Browser) -> None:
    here = office.here
    await write("sto.changed", here.admin.id)
    await write("holiday.added", here.leader.id)
    await write_at(10, "site.changed")
    await write_at(100, "type.changed")

    async def acts(query: str) -> list[str]:
        return re.findall(r'<td title="([^"]+)"', (await admin.get(f"/audit?{query}")).text)

    assert await acts("") == ["holiday.added", "sto.changed"]
    assert await acts(f"orang={here.leader.id}") == ["holiday.added"]
    assert await acts("apa=sto.changed") == ["sto.changed"]
    since = (clock.now() - timedelta(days=20)).date().isoformat()
    assert await acts(f"dari={since}") == ["holiday.added", "sto.changed", "site.changed"]
    assert await acts(f"dari={since}&orang=0") == ["site.changed"]
    day = clock.local(clock.now() - timedelta(days=10), "Asia/Jakarta")
    assert await acts(f"dari={day:%d/%m/%Y}&sampai={day:%Y-%m-%d}") == ["site.changed"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("dari=2026-02-30", "Tulis tanggal yang ada di kalender"),
        ("dari=2026-01-01&sampai=2026-11-01", "paling panjang 92 hari"),
        ("dari=2026-11-02&sampai=2026-11-01", "Tukar keduanya"),
        ("orang=abc", "Orang ini tidak dikenal"),
        ("dari=" + "9" * 300, "Tulis tanggal"),
        ("sampai=%00%22%3E%3Cscript%3E", "Tulis tanggal"),
    ],
)
async def test_a_wrong_filter_is_named_and_nothing_typed_is_lost(admin: Browser, query: str, words: str) -> None:
    answer = await admin.get(f"/audit?{query}")
    assert answer.status == 422
    assert words in answer.text
    assert 'role="alert"' in answer.text
    assert "<script>" not in answer.text
    assert (await admin.get(f"/audit/unduh?{query}")).status == 422
    if query.startswith("dari=2026"):
        assert re.split("[=&]", query)[1] in answer.text


@pytest.mark.parametrize(
    "query", ["sesudah=x", "sesudah=_", "sesudah=1_", "sesudah=-1_2", "apa=x", "orang=99999999999"]
)
async def test_an_odd_address_is_answered_calmly(admin: Browser, query: str) -> None:
    assert (await admin.get(f"/audit?{query}")).status == 200


async def test_the_log_is_read_page_by_page_without_a_gap(admin: Browser) -> None:
    async with transaction() as session:
        for n in range(103):
            await audit.note(session, None, "system", "sto.changed", f"sto:{n}")
    seen: list[str] = []
    path = "/audit"
    for _ in range(3):
        page = (await admin.get(path)).text
        seen += re.findall(r"STO (\d+)</td>", page)
        onward = re.search(r'href="(/audit\?[^"]*sesudah=[^"]+)"', page)
        path = onward[1].replace("&amp;", "&") if onward else ""
    assert seen == [str(n) for n in reversed(range(103))]
    assert path == ""


async def test_the_file_holds_every_row_and_no_formula_and_is_itself_written_down(
    office: Office, admin: Browser
) -> None:
    async with transaction() as session:
        await session.execute(
            update(Person).where(Person.id == office.here.leader.id).values(name='=HYPERLINK("http://x")')
        )
        await audit.note(session, office.here.leader.id, "web", "sto.changed", "@SUM(1)", {"name": "+1"})
        for _ in range(1203):
            await audit.note(session, None, "system", "holiday.added")
    answer = await admin.get("/audit/unduh")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff")), delimiter=";"))
    assert len(rows) == 1 + 1204
    assert rows[-1][2].startswith("'=")
    assert rows[-1][5].startswith("'@")
    last = (await noted())[-1]
    assert (last.what, last.actor_id) == ("audit.exported", office.here.admin.id)


async def test_what_people_typed_stays_words(office: Office, admin: Browser) -> None:
    await write(EVIL[:40], None, EVIL, name=EVIL, **{EVIL: {EVIL: [EVIL]}})
    page = (await admin.get("/audit")).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize("role", ["helpdesk", "leader", "supervisor"])
async def test_only_an_admin_reads_it(office: Office, role: str) -> None:
    browser = await office.visitor(getattr(office.here, role))
    for path in ("/audit", "/audit/unduh"):
        assert (await browser.get(path)).status == 403
    assert 'href="/audit"' not in (await browser.get("/order")).text
    assert await noted() == []


async def test_a_page_of_a_long_log_comes_from_an_index(office: Office) -> None:
    async with transaction() as session:
        await session.execute(text("ALTER TABLE audit DISABLE TRIGGER seal"))
        await session.execute(
            text(
                "INSERT INTO audit (id, at, actor_id, source, what, hash) SELECT n, now() - n * interval '1 minute',"
                " n % 40, 'web', 'sto.changed', '' FROM generate_series(1, 20000) AS n"
            )
        )
        await session.execute(text("ALTER TABLE audit ENABLE TRIGGER seal"))
    async with transaction() as session:
        await session.execute(text("ANALYZE audit"))
        viewer = await factories.viewer(session, office.here.admin)
        now = clock.now()
        before = await one_by_one(session, "audit")
        for person, what in ((None, ""), (7, ""), (None, "sto.changed"), (999, "")):
            wanted = queries.Narrowed(now - timedelta(days=7), now, person, what)
            await queries.page(session, viewer, wanted)
        await queries.kinds(session, viewer)
        assert await one_by_one(session, "audit") == before
