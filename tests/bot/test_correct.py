"""Correcting one's own order: by the receipt's buttons, in one line, with the checks of /reg, and never too late."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifier.hearing import ears
from shared.deliveries.models import Delivery
from shared.events import EventRow
from shared.orders import operations, queries
from shared.orders.models import Order
from tests import factories
from tests.bot.person import Person
from tests.factories import HELPDESK_CHAT, Town

LINE = "/reg AO SC32232558 ZTEGC6754546 SDA ODP-SDA-003 F5SDA445"


async def the_order(session: AsyncSession) -> Order:
    return (await session.scalars(select(Order).execution_options(populate_existing=True))).one()


async def test_a_field_is_mended_by_the_receipts_buttons(
    here: Town, session: AsyncSession, rizal_in_group: Person
) -> None:
    receipt = await rizal_in_group.says(LINE)
    fields = await rizal_in_group.presses(receipt.button("Koreksi"), on=60)
    assert fields.labels() == ["Tipe", "Nomor", "SN", "STO", "ODP", "Kode teknisi", "Catatan", "‹ Kembali"]
    asked = await rizal_in_group.presses(fields.button("SN"), on=60)
    assert "SN modem?" in asked.texts[0]
    assert "contoh ZTEGC6754546" in (await rizal_in_group.replies("entah")).text
    doubted = await rizal_in_group.replies("ZTEGC67545O6")
    assert doubted.labels() == ["Pakai ZTEGC6754506", "Tetap ZTEGC67545O6"]
    saved = await rizal_in_group.presses(doubted.button("Pakai ZTEGC6754506"), on=61)
    assert saved.toast == "Koreksi disimpan."
    assert saved.deliveries[-1].payload["message_id"] == 60  # the receipt itself
    assert "ZTEGC6754506" in saved.texts[0]
    types = await rizal_in_group.presses((await rizal_in_group.presses(receipt.button("Koreksi"))).button("Tipe"))
    assert {"AO", "MO", "PDA", "CONFIG"} <= set(types.labels())
    before = await the_order(session)
    await rizal_in_group.presses(types.button("MO"))
    order = await the_order(session)
    assert (order.type_code, order.serial, order.version, order.warnings) == ("MO", "ZTEGC6754506", 3, [])
    assert (before.registered_at, order.target_seconds) == (order.registered_at, 1800)
    names = (await session.scalars(select(EventRow.name).order_by(EventRow.id))).all()
    assert names == ["order.registered", "order.corrected", "order.corrected"]
    await ears.hear(f"order:{order.id}")
    card = await session.scalar(select(Delivery.payload).where(Delivery.chat_id == HELPDESK_CHAT))
    assert "ZTEGC6754506" in str(card)


async def test_one_line_mends_several_fields_and_what_stays_wrong_is_said(
    here: Town, session: AsyncSession, rizal: Person, nadia: Person
) -> None:
    await rizal.says(LINE)
    taken = await factories.order(session, here)
    await session.commit()
    heard = await rizal.says("/ubah SC32232558 ODP-TUN-011 TUN catatan: rumah hijau")
    assert heard.text.startswith("Koreksi disimpan.\n")
    order = (await queries.by_number(session, None, "SC32232558")).order
    assert (order.odp, order.note, order.sto_id) == ("ODP-TUN-011", "rumah hijau", here.tun.id)
    offered = await rizal.says("/ubah SC32232558")
    assert "Bagian mana" in offered.text
    await rizal.presses(offered.button("Nomor"), on=70)
    assert "sudah terdaftar" in (await rizal.says(taken.registration_no)).text
    await rizal.presses(offered.button("ODP"), on=70)
    again = await rizal.says("ODP-SDA-004")
    assert "• ODP: labelnya di STO SDA, order di TUN" in again.texts[0]
    assert "Order mana" in (await rizal.says("/ubah")).text
    assert "Order mana" in (await rizal.says("/ubah SC99999999")).text
    assert "Hanya teknisi atau pendaftar" in (await nadia.says("/ubah SC32232558 SN ZTEGC0000001")).text


async def test_nobody_mends_anothers_order_or_one_that_was_taken(
    here: Town, session: AsyncSession, rizal_in_group: Person, nadia: Person
) -> None:
    receipt = await rizal_in_group.says(LINE)
    data = receipt.button("Koreksi")
    fields = await rizal_in_group.presses(data)
    sn = fields.button("SN")
    await rizal_in_group.presses(sn)
    only = "Hanya teknisi atau pendaftar order ini yang dapat mengoreksinya."
    assert [(await nadia.presses(each)).toast for each in (data, sn)] == [only] * 2
    viewer = await factories.viewer(session, here.helpdesk)
    order = await the_order(session)
    await operations.take(session, viewer, order.id, source="web")
    await session.commit()
    late = await rizal_in_group.presses(sn)
    assert late.toast == "SC32232558 sudah OGP, dipegang Nadia Putri. Minta helpdesk yang mengubahnya."
    assert late.labels() == ["Cek progres"]
    assert "sudah OGP" in (await rizal_in_group.replies("ZTEGC0000001")).text
    assert (await the_order(session)).serial == "ZTEGC6754546"


async def test_the_receipt_warns_of_a_modem_used_twice_and_of_a_box_in_trouble(
    here: Town, session: AsyncSession, rizal: Person
) -> None:
    viewer = await factories.viewer(session, here.helpdesk)
    reasons = (await queries.master(session)).reasons_for("KENDALA")
    full = next(each.id for each in reasons if each.label_id == "ODP penuh")
    for _ in range(3):
        order = await factories.order(session, here, odp="ODP-SDA-003")
        await operations.change_status(session, viewer, order.id, 1, "KENDALA", source="web", reason_id=full)
    twin = await factories.order(session, here, serial="ZTEGC6754546", odp="ODP-SDA-099")
    await session.commit()
    text = (await rizal.says(LINE)).text
    assert f"juga dipakai order {twin.registration_no} yang masih terbuka" in text
    assert "ODP: ODP-SDA-003 bulan ini sudah 3× ODP penuh" in text
