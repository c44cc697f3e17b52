"""Photos that people send the bot: those of a /reg, of its album, and replies belong to the order; others do not."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.deliveries.models import Delivery
from shared.orders.models import Order
from shared.photos.models import OrderPhoto
from tests.bot.person import BOT, Heard, Person
from tests.factories import TECHNICIAN_CHAT, Town

LINE = "/reg AO SC32232558 ZTEGC6754546 SDA ODP-SDA-003 F5SDA445"


def picture(name: str) -> list[dict[str, Any]]:
    """A photo in Telegram's sizes, the smallest first."""
    sizes = (("s", 90), ("m", 320), ("x", 1280))
    return [
        {"file_id": f"{name}-{size}", "file_unique_id": f"{name}{size}", "width": wide, "height": wide}
        for size, wide in sizes
    ]


async def shows(who: Person, name: str, caption: str | None = None, **given: Any) -> Heard:
    """A photo message."""
    said = {"caption": caption} if caption else {}
    return await who.sends(message=who.message(photo=picture(name), **said, **given))


async def about(session: AsyncSession) -> dict[str, str | None]:
    """File → number of the order it belongs to."""
    rows = await session.execute(
        select(OrderPhoto.file_id, Order.registration_no).outerjoin(Order, Order.id == OrderPhoto.order_id)
    )
    return dict(rows.all())


def quoting(who: Person, message_id: int) -> dict[str, Any]:
    """A reply to a message of ours."""
    return {"message_id": message_id, "date": 1, "chat": who._chat(), "from": BOT, "text": "?"}


async def test_the_photo_of_a_registration_and_its_album_belong_to_the_order(
    session: AsyncSession, here: Town, rizal_in_group: Person
) -> None:
    heard = await shows(rizal_in_group, "depan", LINE, media_group_id="77")
    assert "SC32232558" in heard.text
    assert (await shows(rizal_in_group, "samping", media_group_id="77")).silent
    assert await about(session) == {"depan-x": "SC32232558", "samping-x": "SC32232558"}
    row = await session.scalar(select(OrderPhoto).where(OrderPhoto.file_id == "depan-x"))
    assert row is not None
    assert (row.thumb_id, row.sender_id) == ("depan-m", here.technician.id)


async def test_a_photo_waits_while_its_registration_is_being_filled_in(
    session: AsyncSession, here: Town, rizal: Person
) -> None:
    await shows(rizal, "depan", "/reg SC32232558 ZTEGC6754546 SDA ODP-SDA-003", media_group_id="78")
    await shows(rizal, "samping", media_group_id="78")
    assert await about(session) == {"depan-x": None, "samping-x": None}
    answered = await rizal.says("AO")
    assert "SC32232558" in answered.text
    assert await about(session) == {"depan-x": "SC32232558", "samping-x": "SC32232558"}


async def test_a_photo_in_reply_to_the_bot_belongs_to_the_order_it_spoke_of(
    session: AsyncSession, here: Town, rizal_in_group: Person
) -> None:
    heard = await rizal_in_group.says(LINE)
    delivery = heard.deliveries[0]
    delivery = await session.get_one(Delivery, delivery.id)
    delivery.message_id = 4711
    await session.commit()
    told = await shows(rizal_in_group, "odp", "ODP penuh", reply_to_message=quoting(rizal_in_group, 4711))
    [seen] = told.deliveries  # a sign on the photo, and no message
    assert (seen.method, seen.payload["reaction"]) == ("setMessageReaction", [{"type": "emoji", "emoji": "👍"}])
    own = {"message_id": heard.message_id, "date": 1, "chat": rizal_in_group._chat(), "from": rizal_in_group._user()}
    file = {"file_id": "berkas", "file_unique_id": "b", "mime_type": "image/png"}
    await rizal_in_group.sends(message=rizal_in_group.message(document=file, reply_to_message=own | {"text": LINE}))
    assert await about(session) == {"odp-x": "SC32232558", "berkas": "SC32232558"}


async def test_the_same_message_twice_is_one_photo(session: AsyncSession, here: Town, rizal: Person) -> None:
    message = rizal.message(photo=picture("depan"), caption=LINE)
    for _ in range(2):
        await rizal.sends(message=message)
    assert await about(session) == {"depan-x": "SC32232558"}


async def test_photos_about_nothing_are_not_kept_and_chatter_is_left_alone(
    session: AsyncSession, here: Town, rizal: Person, rizal_in_group: Person
) -> None:
    assert (await shows(rizal_in_group, "kopi")).silent
    asked = await shows(rizal, "apa")
    assert "order yang mana" in asked.text
    quoted = quoting(rizal_in_group, 99)
    assert "order yang mana" in (await shows(rizal_in_group, "apa", reply_to_message=quoted)).text
    assert await about(session) == {}


async def test_nobody_adds_photos_to_an_order_it_may_not_see(
    session: AsyncSession, here: Town, rizal: Person, rizal_in_group: Person
) -> None:
    heard = await rizal.says(LINE)
    delivery = await session.get_one(Delivery, heard.deliveries[0].id)
    delivery.message_id, delivery.chat_id = 4712, TECHNICIAN_CHAT
    here.outsider.telegram_id = 5512099
    await session.merge(here.outsider)
    await session.commit()
    bagus = Person(5512099, TECHNICIAN_CHAT)
    answer = await shows(bagus, "intip", reply_to_message=quoting(bagus, 4712))
    assert "SC32232558" not in "".join(answer.texts)
    assert await about(session) == {}
