"""Trouble of the house is told to the admins once, again only after it was over, and also that it is over."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifier.hearing import ears
from shared import clock
from shared.chats.models import Chat, ChatKind
from shared.deliveries import pauses
from shared.deliveries.models import BotPause, Delivery
from shared.deliveries.troubles import BY_PERSON
from shared.desk.models import Notice
from shared.events import EventRow
from shared.notify import house, pulse
from shared.notify.models import HouseTrouble
from shared.reports.health import Part
from shared.telegram import AWAY
from tests import factories
from tests.factories import HELPDESK_CHAT

WELL = [Part("intake", ok=True, detail=""), Part("telegram", ok=True, detail=""), Part("chats", ok=False, detail="1")]
BLIND = [Part("intake", ok=False, detail="", code="away"), *WELL[1:]]
REFUSED = [
    WELL[0],
    Part("telegram", ok=False, detail="", code="Telegram refuses the bot's token: Unauthorized"),
    WELL[2],
]
FLOOD = [WELL[0], Part("telegram", ok=False, detail="", code="Too Many Requests: retry after 9"), WELL[2]]


async def look(session: AsyncSession, parts: list[Part]) -> list[str]:
    """What the admin reads after a look."""
    before = set(await session.scalars(select(Delivery.id)))
    await house.watch(session, parts)
    await session.commit()
    for row in (await session.scalars(select(EventRow.id).where(EventRow.name == "house.alerted"))).all():
        await ears.hear(f"event:{row}")
    sent = await session.scalars(select(Delivery).where(Delivery.kind == "house").order_by(Delivery.id))
    return [each.payload["text"].partition("\n")[0] for each in sent if each.id not in before]


async def test_trouble_is_told_once_and_again_when_it_came_back(session: AsyncSession) -> None:
    here = await factories.town(session)
    here.admin.telegram_id = 5512906
    session.add(Chat(id=5512906, kind=ChatKind.PRIVATE, title="Sari"))
    await session.commit()
    assert await look(session, BLIND) == []  # a blink is nobody's concern
    await session.execute(update(HouseTrouble).values(since=clock.now() - timedelta(minutes=3)))
    assert await look(session, BLIND) == ["<b>Bot tidak menerima pesan</b>"]
    assert await look(session, BLIND) == []
    [since] = await session.scalars(select(HouseTrouble.since))
    [healed] = await look(session, WELL)
    assert healed.startswith(f"<b>Sudah pulih</b>: Bot tidak menerima pesan, {since + timedelta(hours=7):%H:%M}–")
    states = await session.scalars(select(Delivery.state).where(Delivery.kind == "house").order_by(Delivery.id))
    assert [each.value for each in states] == ["cancelled", "waiting"], "an alarm that never left is not sent after it"
    assert await look(session, WELL) == []
    assert await look(session, FLOOD) == []  # ends by itself
    assert await look(session, REFUSED) == ["<b>Telegram menolak token bot</b>"]
    assert await look(session, [Part("database", ok=False, detail="")]) == []  # nothing else was looked at
    assert await look(session, REFUSED) == []
    kinds = await session.execute(select(Notice.kind, Notice.note).order_by(Notice.id))
    assert [tuple(each) for each in kinds] == [("house", "intake"), ("house", "telegram")]


async def test_an_alarm_waits_for_a_look_after_telegram_is_back(session: AsyncSession) -> None:
    here = await factories.town(session)
    here.admin.telegram_id = 5512906
    session.add(Chat(id=5512906, kind=ChatKind.PRIVATE, title="Sari"))
    await session.flush()
    later = func.extract("epoch", Delivery.not_before - func.clock_timestamp())
    waits = select(later).where(Delivery.kind == "house", Delivery.state == "waiting")
    await pauses.pause_all(session, 60, AWAY)
    await look(session, REFUSED)
    assert 60 < (await session.scalars(waits)).one() <= 90
    await session.execute(update(Delivery).values(not_before=clock.now()))
    assert await house.put_off(session)
    assert 60 < (await session.scalars(waits)).one() <= 90, "it waits as long as Telegram is away"
    await session.execute(update(BotPause).values(until=clock.now(), reason=""))
    await session.execute(update(Delivery).values(not_before=clock.now()))
    assert not await house.put_off(session)
    assert (await session.scalars(waits)).one() < 1, "what is still true then leaves"


async def test_a_bound_group_that_removed_the_bot_is_told_of_by_name_and_a_held_one_is_not(
    session: AsyncSession,
) -> None:
    here = await factories.town(session)
    here.admin.telegram_id = 5512906
    session.add(Chat(id=5512906, kind=ChatKind.PRIVATE, title="Sari", held="the bot was blocked by the user"))
    session.add(Chat(id=-100777, kind=ChatKind.GROUP, title="Arisan", held="the bot was removed from the group"))
    await session.commit()
    for why, told in (
        (BY_PERSON, []),
        ("the bot was removed from the group", ["<b>Bot dikeluarkan dari grup Helpdesk Sidoarjo</b>"]),
        ("Forbidden: bot was kicked from the supergroup chat", []),
    ):
        await session.execute(update(Chat).where(Chat.id == HELPDESK_CHAT).values(held=why))
        assert await look(session, WELL) == told, why
    [notice] = await session.scalars(select(Notice.note))
    assert notice == "group:Helpdesk Sidoarjo"
    await session.execute(update(Chat).where(Chat.id == HELPDESK_CHAT).values(held=None))
    [healed] = await look(session, WELL)
    assert healed.startswith("<b>Sudah pulih</b>: Bot dikeluarkan dari grup Helpdesk Sidoarjo, ")


async def test_a_relay_that_never_ran_is_missed_from_the_first_question_on(session: AsyncSession) -> None:
    asked = datetime(2026, 11, 22, 3, 42, tzinfo=UTC)
    for seconds, since in ((0, None), (30, None), (90, asked)):
        with clock.stopped_at(asked + timedelta(seconds=seconds)):
            assert await pulse.silent_since(session) == since


async def test_a_relay_that_was_away_for_long_says_so_once_when_it_is_back(session: AsyncSession) -> None:
    here = await factories.town(session)
    here.admin.telegram_id = 5512906
    session.add(Chat(id=5512906, kind=ChatKind.PRIVATE, title="Sari"))
    await session.commit()
    began = datetime(2026, 11, 22, 3, 42, tzinfo=UTC)
    for minutes, told, silent in ((0, False, False), (1, False, False), (3, False, True), (28, True, True)):
        with clock.stopped_at(began + timedelta(minutes=minutes)):
            assert ((await pulse.silent_since(session)) is not None, await pulse.beat(session)) == (silent, told)
            assert await pulse.silent_since(session) is None
    await session.commit()
    row = (await session.scalars(select(EventRow.id).where(EventRow.name == "house.alerted"))).one()
    await ears.hear(f"event:{row}")
    sent = (await session.scalars(select(Delivery).where(Delivery.kind == "house"))).one()
    assert sent.chat_id == 5512906
    assert "<b>Penerus kejadian berjalan lagi</b>\nDiam 25 menit, sejak" in sent.payload["text"]
    assert "10:45 WIB. Kabar yang tertahan" in sent.payload["text"]
