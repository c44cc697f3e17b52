"""Who hears what: an admin reads it with last week tried, adds and removes lines, changes minutes; one's own wishes."""

import re

from sqlalchemy import func, select, update

from shared import clock
from shared.audit.models import AuditRow
from shared.chats.models import Chat, ChatKind, GroupBinding, Purpose
from shared.db import transaction
from shared.events import emit
from shared.notify.events import ClockAlerted
from shared.notify.models import NotifyRule, NotifyStep, NotifyWish
from shared.orders.models import Order
from shared.people.models import Person
from tests import factories
from tests.factories import HELPDESK_CHAT
from tests.web.conftest import Office

LINE = {"what": "silent.2", "unit": "semua", "language": "sendiri"}


async def test_rules_say_whom_last_week_would_have_reached_and_change_by_forms(office: Office) -> None:
    here = office.here
    async with transaction() as session:
        for step in (1, 2, 2):
            alert = ClockAlerted(
                kind="silent",
                step=step,
                subject=step,
                fact_at=clock.now(),
                site_operation_id=here.site.id,
                sto_id=here.sda.id,
            )
            await emit(session, alert, source="system")
        before = await session.scalar(select(func.count(NotifyRule.id)))
        session.add(Chat(id=here.helpdesk.telegram_id, kind=ChatKind.PRIVATE, title="Nadia"))
        blocked = Chat(id=5512904, kind=ChatKind.PRIVATE, title="Dewi", held="the bot was blocked by the user")
        session.add_all([blocked, Chat(id=5512906, kind=ChatKind.PRIVATE, title="Sari")])
        for person, number in ((here.leader, 5512904), (here.admin, 5512906)):
            await session.execute(update(Person).where(Person.id == person.id).values(telegram_id=number))
    admin = await office.visitor(here.admin)
    page = (await admin.get("/pemberitahuan")).text
    assert "yang bersangkutan (1 kali)" in page
    assert "Yang dipilih di halaman Target SLA; Team leader" in page, "somebody hears of a breach from the first day"
    assert "Yang dipilih di halaman Target SLA; Grup helpdesk STO-nya" in page, "and the helpdesk of what comes near"
    for step, minutes, who in ((1, "1\u00a0j kerja", "Supervisor"), (2, "3\u00a0j kerja", "Admin")):
        row = page.partition(f"Lewat SLA, belum diambil, tingkat {step}</a>")[2].partition("</tr>")[0]
        assert (minutes in row, who in row) == (True, True), step
    assert f"naik ke {here.admin.name} (2 kali)" in page  # the leader blocked the bot, no supervisor wrote to it
    assert f"{here.leader.name}: obrolannya tertahan" in page
    assert f"{here.leader.name} (2 kali)" not in page
    line = LINE | {"audience": f"person:{here.leader.id}", "unit": f"sto:{here.sda.id}", "coba": "ya"}
    assert f"<dd>{here.leader.name}: obrolannya tertahan</dd>" in (await admin.post("/pemberitahuan", line)).text
    line = LINE | {"audience": f"person:{here.helpdesk.id}"}
    for unit, then, times in (
        (f"sto:{here.sda.id}", "Nadia Putri (2 kali)", 1),
        (f"sto:{here.tun.id}", f"naik ke {here.admin.name} (2 kali)", 2),  # as now
    ):
        tried = await admin.post("/pemberitahuan", line | {"unit": unit, "coba": "ya"})
        [row] = re.findall(r'id="fakta-j".*?<dl(.*?)</dl>', tried.text, re.DOTALL)
        assert (tried.status, "<dd>Nadia Putri</dd>" in row, row.count(then)) == (200, True, times)
        assert f'value="{unit}" selected' in tried.text
        assert "Belum disimpan, dan belum ada yang diberi tahu." in tried.text
    async with transaction() as session:
        assert await session.scalar(select(func.count(NotifyRule.id))) == before
    far = {"audience": "team_leader", "unit": f"so:{here.other_site.id}", "coba": "ya"}
    assert "Belum ada orangnya" in (await admin.post("/pemberitahuan", LINE | far)).text
    assert (await admin.post("/pemberitahuan", line)).status == 303
    assert "Aturan ini sudah ada." in (await admin.post("/pemberitahuan", line)).text
    own = await admin.post("/pemberitahuan", LINE | {"what": "sla_near.1", "audience": "own"})
    assert (own.status, "tidak punya orang yang bersangkutan" in own.text) == (422, True)
    assert (await admin.post("/pemberitahuan", LINE | {"audience": "person:999999"})).status == 422
    desk = {"what": "unanswered.2", "audience": "desk", "unit": f"so:{here.site.id}", "coba": "ya"}
    assert "<dd>Helpdesk Sidoarjo</dd>" in (await admin.post("/pemberitahuan", LINE | desk)).text
    nowhere = await admin.post("/pemberitahuan", LINE | {"what": "house.1", "audience": "desk"})
    assert (nowhere.status, "atau satu grup" in nowhere.text) == (422, True)
    house = {"what": "house.1", "audience": "supervisor", "unit": f"sto:{here.sda.id}", "coba": "ya"}
    assert "tidak punya wilayah" in (await admin.post("/pemberitahuan", house)).text
    async with transaction() as session:
        made = await session.scalar(select(func.max(NotifyRule.id)))
    assert (await admin.post(f"/pemberitahuan/aturan/{made}/hapus")).status == 303
    assert (await admin.post(f"/pemberitahuan/aturan/{made}/hapus")).status == 404
    stamp = (await admin.get("/pemberitahuan/silent")).value("stamp", 'id="tangga-j"')
    wrong = await admin.post("/pemberitahuan/silent", {"stamp": stamp, "step1": "90", "step2": "60", "step3": ""})
    assert (wrong.status, "lebih lama dari tingkat sebelumnya" in wrong.text) == (422, True)
    form = {"stamp": stamp, "step1": "45", "step2": "90", "step3": ""}
    assert (await admin.post("/pemberitahuan/silent", form)).status == 303
    assert (await admin.get("/pemberitahuan/house")).status == 404
    async with transaction() as session:
        steps = await session.execute(select(NotifyStep.step, NotifyStep.minutes).where(NotifyStep.kind == "silent"))
        assert sorted((step, minutes) for step, minutes in steps) == [(1, 45), (2, 90)]
        assert await session.scalar(select(func.count(NotifyRule.id))) == before
        noted = list(await session.scalars(select(AuditRow.what).where(AuditRow.what.like("notify.%"))))
    assert sorted(noted) == ["notify.minutes", "notify.rule_added", "notify.rule_removed"]


async def test_the_trial_says_what_was_muted(office: Office) -> None:
    here = office.here
    async with transaction() as session:
        mine, other = [await factories.order(session, here) for _ in range(2)]
        await session.execute(update(Order).where(Order.id == mine.id).values(holder_id=here.helpdesk.id))
        for order in (mine, other, other):
            event = {"subject": order.id, "fact_at": clock.now(), "site_operation_id": here.site.id}
            await emit(session, ClockAlerted(kind="silent", step=1, **event), source="system")
        session.add(Chat(id=here.helpdesk.telegram_id, kind=ChatKind.PRIVATE, title="Nadia"))
        session.add(NotifyRule(kind="silent", step=1, audience="person", person_id=here.helpdesk.id))
        session.add(NotifyWish(person_id=here.helpdesk.id, muted=["silent.1"], hourly=False))
    page = (await (await office.visitor(here.admin)).get("/pemberitahuan")).text
    assert "Nadia Putri (3 kali, 3 dibisukan); yang bersangkutan (3 kali, 1 dibisukan)" in page


async def test_a_person_says_what_to_mute_and_when_to_be_quiet(office: Office) -> None:
    nadia = await office.visitor(office.here.helpdesk)
    path = "/profil/pemberitahuan"
    assert "/profil/pemberitahuan" in (await nadia.get("/profil")).text
    form = {"muted": "sla_near.1", "begins": "20:00", "ends": "07:00", "hourly": "ya"}
    assert (await nadia.post(path, form)).status == 303
    page = (await nadia.get(path)).text
    assert 'value="20:00"' in page
    for wrong in (
        {"muted": "silent.2"},
        {"muted": "untaken.1"},
        {"begins": "20:00", "ends": ""},
        {"begins": "07:00", "ends": "07:00"},
    ):
        assert (await nadia.post(path, wrong)).status == 422, wrong
    async with transaction() as session:
        wish = await session.get_one(NotifyWish, office.here.helpdesk.id)
        assert (wish.muted, f"{wish.quiet_from:%H:%M}", wish.hourly) == (["sla_near.1"], "20:00", True)


async def test_a_rule_names_a_topic_that_is_bound_and_no_other(office: Office) -> None:
    admin, chat = await office.visitor(office.here.admin), f"chat:{HELPDESK_CHAT}"
    async with transaction() as session:
        site = office.here.site.id
        for thread, lost in ((12, None), (13, clock.now())):
            given = {"chat_id": HELPDESK_CHAT, "thread_id": thread, "purpose": Purpose.HELPDESK}
            session.add(GroupBinding(**given, site_operation_id=site, lost_at=lost))
    page = (await admin.get("/pemberitahuan")).text
    assert re.findall(rf'<option value="{chat}#(\d+)">([^<]+)<', page) == [
        ("12", "Grup Helpdesk Sidoarjo, topik 12 (Helpdesk SO-SDA)")
    ]
    for wrong in ("13", "99"):
        refused = await admin.post("/pemberitahuan", LINE | {"audience": f"{chat}#{wrong}"})
        assert (refused.status, "Tidak ada dalam daftar. Pilih lagi." in refused.text) == (422, True), wrong
    assert (await admin.post("/pemberitahuan", LINE | {"audience": f"{chat}#12"})).status == 303
    assert "Grup Helpdesk Sidoarjo, topik 12</td>" in (await admin.get("/pemberitahuan")).text
    async with transaction() as session:
        assert await session.scalar(select(NotifyRule.thread_id).where(NotifyRule.chat_id == HELPDESK_CHAT)) == 12
