"""A shift's end: orders are offered, accepted or declined; only then they change hands, each once."""

import asyncio
import html
import json
import re
import secrets
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update

from shared import clock, upkeep
from shared.db import transaction
from shared.desk.models import Handover, HandoverOrder, Line
from shared.events import EventRow
from shared.orders.models import Order
from shared.people.models import Person
from tests.web.conftest import Answer, Browser, Office
from tests.web.test_claims import as_it_is, do, held, told
from tests.web.test_live import listening


async def offer(browser: Browser, orders: list[Order], taker: Person, **more: str) -> Answer:
    """What the page's form sends: each order ticked, with its promise."""
    form = {"request_key": secrets.token_hex(8), "to": str(taker.id), "note": "sampai besok"} | more
    body = "&".join(
        [f"csrf={browser.csrf}", *[f"{k}={v}" for k, v in form.items()], *[f"order={o.id}" for o in orders]]
    )
    body += "".join(f"&janji-{each.id}=jam {n}" for n, each in enumerate(orders) if f"janji-{each.id}" not in form)
    kind = {"content-type": "application/x-www-form-urlencoded"}
    return await browser.ask("POST", "/serah-terima", data=body, headers=kind)


async def lines() -> dict[int, HandoverOrder]:
    async with transaction() as session:
        return {each.order_id: each for each in await session.scalars(select(HandoverOrder))}


async def offered(office: Office, helpdesk: Browser, count: int = 3) -> tuple[list[Order], str]:
    orders = [await held(office, office.here.helpdesk) for _ in range(count)]
    answer = await offer(helpdesk, orders, office.here.second_helpdesk)
    assert answer.status == 303, answer.text
    return orders, answer.headers["location"].partition("?")[0]


async def answer(browser: Browser, path: str, act: str, *orders: Order, **more: str) -> Answer:
    form = {"request_key": secrets.token_hex(8)} | more
    body = "&".join(
        [f"csrf={browser.csrf}", *[f"{k}={v}" for k, v in form.items()], *[f"order={o.id}" for o in orders]]
    )
    kind = {"content-type": "application/x-www-form-urlencoded"}
    return await browser.ask("POST", f"{path}/{act}", data=body, headers=kind)


async def test_offered_orders_stay_with_their_holder_until_they_are_accepted(office: Office, helpdesk: Browser) -> None:
    rudi = await office.visitor(office.here.second_helpdesk)
    async with listening(rudi) as stream:
        orders, path = await offered(office, helpdesk)
        while (news := json.loads((await stream.next("kabar"))["data"]))["href"] != path:
            pass
        assert news["text"] == "Nadia Putri menyerahkan 3 order kepada Anda."
    assert {(await as_it_is(each)).holder_id for each in orders} == {office.here.helpdesk.id}
    mine = (await helpdesk.get("/serah-terima")).text
    assert mine.count("menunggu jawaban Rudi Hartono") == 3
    assert "Bagus Santoso" not in mine
    page = (await rudi.get(path)).text
    assert "Nadia Putri" in page
    assert "sampai besok" in page
    for n, each in enumerate(orders):
        assert each.registration_no in page
        assert f"jam {n}" in page
    assert "Menunggu jawaban Anda" in (await rudi.get("/serah-terima")).text
    done = await answer(rudi, path, "terima", semua="ya")
    assert done.headers["location"] == f"{path}?kabar=diterima&n=3&lewat=0"
    assert {(await as_it_is(each)).holder_id for each in orders} == {office.here.second_helpdesk.id}
    assert await told(office.here.helpdesk) == ["accepted"]
    panel = (await rudi.get(f"/order/{orders[0].registration_no}/panel")).text
    assert "menerima serah terima dari Nadia Putri" in panel
    assert "jam 0" in panel
    for browser in (helpdesk, rudi):
        assert "3 diterima" in (await browser.get("/serah-terima")).text


async def test_one_order_is_accepted_and_the_others_are_declined_with_words(office: Office, helpdesk: Browser) -> None:
    orders, path = await offered(office, helpdesk)
    rudi = await office.visitor(office.here.second_helpdesk)
    assert (await answer(rudi, path, "terima", orders[0])).status == 303
    silent = await answer(rudi, path, "tolak", *orders[1:])
    assert (silent.status, "Tulis mengapa Anda menolak" in silent.text) == (422, True)
    none = await answer(rudi, path, "tolak", words="capek")
    assert (none.status, "Centang paling sedikit satu order." in none.text, 'value="capek"' in none.text) == (
        422,
        True,
        True,
    )
    assert (await answer(rudi, path, "tolak", *orders[1:], words="di luar jangkauan saya")).status == 303
    holders = [(await as_it_is(each)).holder_id for each in orders]
    nadia, hers = office.here.second_helpdesk.id, office.here.helpdesk.id
    assert holders == [nadia, hers, hers]
    assert await told(office.here.helpdesk) == ["accepted", "declined"]
    page = (await helpdesk.get(path)).text
    assert page.count("di luar jangkauan saya") == 2
    assert (await offer(helpdesk, orders[1:], office.here.leader)).status == 303  # free to be offered again


async def test_what_was_closed_or_taken_meanwhile_is_told_and_skipped(office: Office, helpdesk: Browser) -> None:
    orders, path = await offered(office, helpdesk)
    await helpdesk.change(orders[0], "SELESAI")
    dewi, rudi = await office.visitor(office.here.leader), await office.visitor(office.here.second_helpdesk)
    assert (await do(dewi, orders[1], "ambil")).status == 200
    done = await answer(rudi, path, "terima", semua="ya")
    assert done.headers["location"].endswith("?kabar=diterima&n=1&lewat=2")
    page = (await rudi.get(done.headers["location"])).text
    assert "1 order diterima. 2 dilewati karena sudah berubah." in page
    assert "Order ini sudah ditutup, jadi dilewati." in page
    assert "Order ini sudah berpindah pemegang, jadi dilewati." in page
    holders = [(await as_it_is(each)).holder_id for each in orders]
    assert holders == [office.here.helpdesk.id, office.here.leader.id, office.here.second_helpdesk.id]


async def test_accepting_twice_and_declining_at_once_answers_each_order_once(office: Office, helpdesk: Browser) -> None:
    orders, path = await offered(office, helpdesk, 4)
    windows = [await office.visitor(office.here.second_helpdesk) for _ in range(3)]
    answers = await asyncio.gather(
        answer(windows[0], path, "terima", semua="ya"),
        answer(windows[1], path, "tolak", semua="ya", words="tidak"),
        answer(windows[2], path, "terima", *orders[:2]),
    )
    assert 303 in {each.status for each in answers}
    assert {each.status for each in answers} <= {303, 409}
    for order_id, line in (await lines()).items():
        now = await as_it_is(next(each for each in orders if each.id == order_id))
        mine = line.state is Line.ACCEPTED
        assert line.state in {Line.ACCEPTED, Line.DECLINED}
        assert now.holder_id == (office.here.second_helpdesk if mine else office.here.helpdesk).id
        assert now.version == 2 + mine


async def test_taking_over_while_it_is_accepted_leaves_one_holder(office: Office, helpdesk: Browser) -> None:
    orders, path = await offered(office, helpdesk, 3)
    rudi, dewi = await office.visitor(office.here.second_helpdesk), await office.visitor(office.here.leader)
    accepted, *taken = await asyncio.gather(
        answer(rudi, path, "terima", semua="ya"), *[do(dewi, each, "ambil") for each in orders]
    )
    assert accepted.status == 303
    states = await lines()
    for order, over in zip(orders, taken, strict=True):
        now = await as_it_is(order)
        async with transaction() as session:
            events = await session.scalar(
                select(func.count()).where(EventRow.order_id == order.id, EventRow.seq == now.version)
            )
        assert events == 1
        if over.status == 200 and now.version == 3:  # she was first
            assert (now.holder_id, states[order.id].state) == (office.here.leader.id, Line.SKIPPED)
        else:
            assert states[order.id].state is Line.ACCEPTED


async def test_an_order_waits_for_one_answer_at_a_time(office: Office, helpdesk: Browser) -> None:
    orders = [await held(office, office.here.helpdesk) for _ in range(2)]
    elsewhere = await office.visitor(office.here.helpdesk)
    answers = await asyncio.gather(
        offer(helpdesk, orders, office.here.second_helpdesk), offer(elsewhere, orders, office.here.leader)
    )
    assert sorted(each.status for each in answers) == [303, 422]
    refused = next(each for each in answers if each.status == 422)
    assert "sudah diserahkan dan menunggu jawaban" in refused.text
    assert len(await lines()) == 2


async def test_a_handover_is_withdrawn_until_it_is_answered(office: Office, helpdesk: Browser) -> None:
    orders, path = await offered(office, helpdesk, 2)
    rudi = await office.visitor(office.here.second_helpdesk)
    assert (await answer(rudi, path, "tarik")).status == 404  # only its giver
    assert (await answer(helpdesk, path, "terima", semua="ya")).status == 404  # only its taker
    assert (await answer(helpdesk, path, "tarik")).status == 303
    assert {each.state for each in (await lines()).values()} == {Line.WITHDRAWN}
    late = await answer(rudi, path, "terima", semua="ya")
    assert (late.status, "ditarik, atau kedaluwarsa" in late.text) == (409, True)
    assert await told(office.here.second_helpdesk) == ["handover", "withdrawn"]
    assert {(await as_it_is(each)).holder_id for each in orders} == {office.here.helpdesk.id}


async def test_what_nobody_answers_expires_and_says_so(office: Office, helpdesk: Browser) -> None:
    orders, path = await offered(office, helpdesk, 2)
    async with transaction() as session:
        past = clock.now() - timedelta(minutes=1)
        await session.execute(update(Handover).values(expires_at=past))
    rudi = await office.visitor(office.here.second_helpdesk)
    assert "2 kedaluwarsa" in (await rudi.get(path)).text
    assert "Menunggu jawaban Anda" not in (await rudi.get("/serah-terima")).text
    assert (await answer(rudi, path, "terima", semua="ya")).status == 409
    assert (await offer(helpdesk, orders[:1], office.here.leader)).status == 303
    async with transaction() as session:
        await upkeep.tidy(session)
    async with transaction() as session:
        states = await session.scalars(select(HandoverOrder.state).order_by(HandoverOrder.handover_id))
    assert sorted(states) == [Line.EXPIRED, Line.EXPIRED, Line.WAITING]


async def test_a_team_leader_reads_the_handovers_of_the_area_and_strangers_none(
    office: Office, helpdesk: Browser
) -> None:
    orders, path = await offered(office, helpdesk, 1)
    dewi, bagus = await office.visitor(office.here.leader), await office.visitor(office.here.outsider)
    page = await dewi.get(path)
    assert (page.status, orders[0].registration_no in page.text, "/terima" in page.text) == (200, True, False)
    assert path in (await dewi.get("/serah-terima")).text
    assert (await answer(dewi, path, "terima", semua="ya")).status == 404
    stranger, nothing = await bagus.get(path), await bagus.get("/serah-terima/999999")
    assert (stranger.status, nothing.status) == (404, 404)
    assert orders[0].registration_no not in stranger.text
    assert path not in (await bagus.get("/serah-terima")).text
    assert (await answer(bagus, path, "tolak", semua="ya", words="x")).status == 404
    third = await office.visitor(office.here.supervisor)
    assert (await third.get(path)).status == 200


async def test_what_one_does_not_hold_or_may_not_see_is_not_handed_over(office: Office, helpdesk: Browser) -> None:
    mine = await held(office, office.here.helpdesk)
    rudis = await held(office, office.here.second_helpdesk)
    theirs = await held(
        office, office.here.outsider, by=office.here.outsider, sto="SPJ", odp=None, technician_code=None
    )
    refused = await offer(helpdesk, [rudis, theirs], office.here.leader)
    assert (refused.status, theirs.registration_no in refused.text) == (422, False)
    some = await offer(helpdesk, [mine, rudis, theirs], office.here.leader)
    assert some.headers["location"].endswith("?kabar=dikirim&tinggal=2")
    assert set(await lines()) == {mine.id}


@pytest.mark.parametrize("who", ["outsider", "helpdesk", "technician", "supervisor"])
async def test_the_next_person_must_cover_the_orders(office: Office, helpdesk: Browser, who: str) -> None:
    order = await held(office, office.here.helpdesk)
    refused = await offer(helpdesk, [order], getattr(office.here, who))
    assert refused.status == 422
    assert 'aria-invalid="true"' in refused.text
    assert await lines() == {}


async def test_nothing_typed_is_lost_when_the_form_is_wrong(office: Office, helpdesk: Browser) -> None:
    order, other = await held(office, office.here.helpdesk), await held(office, office.here.helpdesk)
    hostile = '"><script>alert(1)</script>'
    for more, words in (
        ({"to": ""}, "Pilih rekan yang akan menerimanya."),
        ({"to": "0x1"}, "Pilih rekan yang akan menerimanya."),
        ({"note": "n" * 501}, "paling banyak 500 karakter"),
        ({f"janji-{order.id}": "p" * 201}, "Janji terlalu panjang"),
        ({"request_key": ""}, "Belum dikirim."),
    ):
        page = await offer(helpdesk, [order], office.here.second_helpdesk, **{f"janji-{other.id}": hostile} | more)
        assert page.status == 422, more
        assert words in page.text
        assert html.escape(hostile) in page.text.replace("&#34;", "&quot;")
        assert "<script>alert" not in page.text
        boxes = re.findall(rf'name="order" value="({order.id}|{other.id})"( checked)?', page.text)
        assert dict(boxes) == {str(order.id): " checked", str(other.id): ""}
    nobody = await offer(helpdesk, [], office.here.second_helpdesk)
    assert "Centang paling sedikit satu order." in nobody.text
    assert await lines() == {}


async def test_the_same_handover_sent_twice_is_one(office: Office, helpdesk: Browser) -> None:
    order = await held(office, office.here.helpdesk)
    answers = [await offer(helpdesk, [order], office.here.second_helpdesk, request_key="sama") for _ in range(2)]
    assert answers[0].headers["location"] == answers[1].headers["location"]
    async with transaction() as session:
        assert await session.scalar(select(func.count()).select_from(Handover)) == 1


async def test_a_hundred_orders_are_listed_and_handed_over_in_one_go(office: Office, helpdesk: Browser) -> None:
    orders = await office.orders(103)
    async with transaction() as session:
        await session.execute(
            update(Order)
            .where(Order.id.in_([each.id for each in orders]))
            .values(holder_id=office.here.helpdesk.id, status_code="OGP", category="working")
        )
    page = (await helpdesk.get("/serah-terima")).text
    assert page.count('name="order"') == 100
    assert "3 order lain belum tampil" in page
    shown = [each for each in orders if f'value="{each.id}" checked' in page]
    sent = await offer(helpdesk, shown, office.here.second_helpdesk)
    path = sent.headers["location"].partition("?")[0]
    rudi = await office.visitor(office.here.second_helpdesk)
    done = await answer(rudi, path, "terima", semua="ya")
    assert done.headers["location"].endswith("n=100&lewat=0")


async def test_the_lists_of_handovers_rest_on_indexes(office: Office, helpdesk: Browser) -> None:
    await offered(office, helpdesk, 1)
    async with transaction() as session:
        await session.execute(text("SET LOCAL enable_seqscan = off"))
        for statement in (
            "SELECT * FROM handover WHERE taker_id = 1 ORDER BY id DESC LIMIT 30",
            "SELECT * FROM notice WHERE person_id = 1 ORDER BY id DESC LIMIT 20",
            """SELECT id FROM orders WHERE holder_id = 1 AND category IN ('received', 'working', 'obstacle')
               AND deleted_at IS NULL ORDER BY sort_at LIMIT 100""",
        ):
            plan = "\n".join((await session.scalars(text(f"EXPLAIN {statement}"))).all())
            assert "Seq Scan" not in plan, plan


@pytest.mark.parametrize("role", ["technician", "collector", "helpdesk", "leader", "supervisor", "admin"])
async def test_each_role_reads_a_handover_or_is_refused(office: Office, helpdesk: Browser, role: str) -> None:
    _, path = await offered(office, helpdesk, 1)
    browser = await office.visitor(getattr(office.here, role))
    office_role = role not in {"technician", "collector"}
    assert (await browser.get(path)).status == (200 if office_role else 403)
    desk = office_role and role != "supervisor"
    for act in ("terima", "tolak", "tarik"):
        refused = await answer(browser, path, act, words="x")
        assert (refused.status == 403) == (not desk), act
