"""When Telegram says no: wait, hold, move, give up; and nothing of it blocks the others."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import pace, pace_limits
from shared.chats import operations as chats
from shared.chats.models import Purpose
from shared.db import transaction
from shared.deliveries import answers, drain, operations, pauses
from shared.deliveries.answers import Written
from shared.deliveries.drain import Post
from shared.deliveries.models import BotPause
from shared.deliveries.operations import Message
from shared.events import emit
from shared.orders.events import OrderRegistered
from shared.pace import Pace
from shared.telegram import AWAY
from shared.telegram import Telegram as Api
from tests import factories
from tests.conftest import TOKEN
from tests.engine.kit import GROUP, OTHER, PERSON, chat, chat_row, drained, fault, hurry, row, say, sql, states, texts
from tests.faults.stage import free_port
from tests.simulator.telegram import Telegram


async def pause_seconds() -> float:
    async with transaction() as session:
        paused = await session.get(BotPause, 1)
        assert paused is not None
        return (paused.until - await _now(session)).total_seconds()


async def _now(session: AsyncSession) -> datetime:
    now: datetime | None = await session.scalar(select(func.clock_timestamp()))
    assert now is not None
    return now


async def test_a_429_is_written_down_and_obeyed(post: Post, sim: Telegram) -> None:
    await chat(sim)
    number = await say("x")
    await fault(sim, "429", seconds=9)
    await drained(post, GROUP)
    blocked = await chat_row()
    assert blocked.not_before is not None
    async with transaction() as session:
        assert 8 < (blocked.not_before - await _now(session)).total_seconds() <= 10
    for _ in range(3):
        await drained(post, GROUP)
    assert await states(number) == ["waiting"]
    assert (await sim.figures())["too_early"] == 0
    await sim.sim("clock", seconds=10)
    await hurry()
    await drained(post, GROUP)
    assert await texts(sim) == ["x"]
    assert (await row(number)).attempts == 0


async def test_a_sender_that_chose_before_the_429_does_not_send_after_it(post: Post, sim: Telegram) -> None:
    await chat(sim)
    chosen = await row(await say("x"))
    await sql("UPDATE chat SET not_before = clock_timestamp() + interval '1 minute' WHERE id = :id", id=GROUP)
    async with transaction() as session:
        assert await operations.claim(session, chosen) is None
    await hurry()
    await sql("UPDATE bot_pause SET until = clock_timestamp() + interval '1 minute'")
    async with transaction() as session:
        assert await operations.claim(session, chosen) is None
    await hurry()
    await drained(post, GROUP)
    assert await texts(sim) == ["x"]


async def test_one_flooded_chat_does_not_stop_the_others(post: Post, sim: Telegram) -> None:
    await chat(sim)
    await say("x")
    await say("y", OTHER)
    await fault(sim, "429", seconds=30)
    await drain.drain_all(post, [GROUP])
    await drain.drain_all(post, [OTHER])
    assert await texts(sim, OTHER) == ["y"]


async def test_two_flooded_chats_silence_the_bot_for_the_longest_wait(post: Post, sim: Telegram) -> None:
    await chat(sim)
    for to in (GROUP, OTHER, PERSON):
        await say("x", to)
    await fault(sim, "429", chat=GROUP, seconds=40)
    await fault(sim, "429", chat=OTHER, seconds=5)
    await drained(post, GROUP)
    assert await pause_seconds() < 0
    await drained(post, OTHER)
    assert 35 < await pause_seconds() <= 41
    await drained(post, PERSON)
    assert await texts(sim, PERSON) == []
    await hurry()
    await drained(post, PERSON)
    assert await texts(sim, PERSON) == ["x"]


async def test_a_chat_that_threw_us_out_is_held_and_gets_all_when_it_is_bound_again(post: Post, sim: Telegram) -> None:
    await chat(sim)
    async with transaction() as session:
        here = await factories.town(session)
    ids = [await say("one"), await say("two")]
    await sim.sim("kick", chat=GROUP, user="bot")
    await drained(post, GROUP)
    assert "kicked" in str((await chat_row()).held)
    assert await states(*ids) == ["waiting", "waiting"]
    await sim.sim("join", chat=GROUP, user="bot")
    await drained(post, GROUP)
    assert await texts(sim) == []
    async with transaction() as session:
        await chats.bind(session, GROUP, Purpose.TECHNICIANS, sto_id=here.sda.id)
    await drained(post, GROUP)
    assert await texts(sim) == ["one", "two"]


async def test_what_waits_for_a_group_leaves_for_the_supergroup_it_became(post: Post, sim: Telegram) -> None:
    await sim.sim("chats", id=-4005, type="group", title="Lama", members=[PERSON], bot="administrator")
    await chat(sim, -4005)
    async with transaction() as session:
        here = await factories.town(session)
        await chats.bind(session, -4005, Purpose.HELPDESK, sto_id=here.spj.id)
    for number in range(3):
        await say(f"{number}", -4005, brief=f"brief {number}")
    new = (await sim.sim("migrate", chat=-4005))["id"]
    await drained(post, -4005)
    await drained(post, new)
    assert await texts(sim, new) == ["brief 0\n\nbrief 1\n\nbrief 2"]
    async with transaction() as session:
        [binding] = await chats.bindings_for(session, here.spj.id, Purpose.HELPDESK)
    assert binding.chat_id == new


async def test_poison_is_a_dead_letter_and_blocks_nobody(post: Post, sim: Telegram) -> None:
    await chat(sim)
    poison = await say("<b>", payload={"text": "<b>", "parse_mode": "HTML"})
    await say("after it")
    await drained(post, GROUP)
    assert await texts(sim) == ["after it"]
    dead = await row(poison)
    assert dead.state.value == "dead"
    assert "can't parse" in str(dead.trouble)


async def test_eight_definite_failures_are_enough(post: Post, sim: Telegram) -> None:
    await chat(sim)
    number = await say("", payload={"text": ""})
    for _ in range(7):
        await drained(post, GROUP)
        assert await states(number) == ["waiting"]
        await hurry()
    await drained(post, GROUP)
    assert await states(number) == ["dead"]


async def test_news_for_a_deleted_topic_go_to_the_groups_general_one(post: Post, sim: Telegram) -> None:
    await chat(sim)
    ids = [await say(f"long {number}", thread=999, brief=f"brief {number}") for number in range(2)]
    for _ in range(3):
        await drained(post, GROUP)
        await hurry()
    assert set(await states(*ids)) <= {"sent", "merged"}
    assert await texts(sim) == ["long 0", "long 1"]


async def test_a_move_to_a_chat_that_was_bound_and_told_already_doubles_nothing(post: Post, sim: Telegram) -> None:
    await sim.sim("chats", id=-4006, type="group", title="Lama", members=[PERSON], bot="administrator")
    await chat(sim, -4006)
    new = (await sim.sim("migrate", chat=-4006))["id"]
    await chat(sim, new)
    async with transaction() as session:
        here = await factories.town(session)
        for to in (-4006, new):
            await chats.bind(session, to, Purpose.HELPDESK, sto_id=here.spj.id)
        told = await emit(session, OrderRegistered(order_id=1), source="test")
        for to in (-4006, new):
            message = operations.Message(kind="card", payload={"text": "new order"})
            await operations.queue(session, to, message, event_id=told)
    await drained(post, -4006)
    await drained(post, new)
    assert await texts(sim, new) == ["new order"]
    async with transaction() as session:
        assert [binding.chat_id for binding in await chats.bindings_for(session, here.spj.id, Purpose.HELPDESK)] == [
            new
        ]


async def test_a_dead_letter_leaves_when_a_person_sends_it_again(post: Post, sim: Telegram) -> None:
    await chat(sim)
    number = await say("<b>", payload={"text": "<b>", "parse_mode": "HTML"})
    await drained(post, GROUP)
    await sql("UPDATE delivery SET payload = jsonb_build_object('text', 'mended') WHERE id = :id", id=number)
    async with transaction() as session:
        assert await operations.send_again(session, number)
        assert not await operations.send_again(session, number)
    await drained(post, GROUP)
    assert await texts(sim) == ["mended"]


async def test_a_telegram_that_cannot_be_reached_costs_no_attempt(post: Post, sim: Telegram) -> None:
    await chat(sim)
    number = await say("x")
    nobody = Api(f"http://127.0.0.1:{free_port()}", TOKEN, wait=1)
    await drained(Post(nobody, post.pace), GROUP)
    await nobody.close()
    assert await states(number) == ["waiting"]
    assert (await row(number)).attempts == 0
    await hurry()
    await drained(post, GROUP)
    assert await texts(sim) == ["x"]


async def test_while_telegram_is_away_nobody_tries_until_a_knock_is_answered(post: Post, sim: Telegram) -> None:
    await chat(sim)
    deaf = Post(Api(f"http://127.0.0.1:{free_port()}", TOKEN, wait=1.0), post.pace)
    lost = await say("unsettled")
    await fault(sim, "drop_before")
    await drained(post, GROUP)  # nobody knows whether it arrived
    hour = "clock_timestamp() - interval '1 hour'"
    await sql(
        f"UPDATE delivery SET claimed_at = {hour}, not_before = {hour}, settle_at = now() WHERE id = :id", id=lost
    )
    for chat_id in (OTHER, PERSON):
        await say("x", chat_id=chat_id)
        await drained(deaf, chat_id)
    assert deaf.telegram.unreached == pauses.SIGNS
    assert await pause_seconds() > 10
    await sql("UPDATE chat SET paced_until = NULL")
    assert await drained(post, OTHER) == await drained(post, GROUP) == 0
    # As if its call had been given up only after the others found that Telegram is away.
    await sql(f"UPDATE delivery SET trouble = 'no answer', not_before = {hour} WHERE id = :id", id=lost)
    await pauses.knock(deaf.telegram)
    assert await pause_seconds() > 10
    await sql("UPDATE bot_pause SET until = now()")  # nobody could knock in time: it is asked about, and not repeated
    await drained(deaf, GROUP)
    assert (await states(lost), (await row(lost)).repeated) == (["unknown"], False)
    await sql("UPDATE delivery SET settle_at = now() WHERE id = :id", id=lost)
    await sql("UPDATE bot_pause SET until = now() + interval '1 minute', reason = :why", why=AWAY)
    await pauses.knock(post.telegram)
    assert await pause_seconds() <= 0
    assert await drained(post, OTHER) == 1
    await fault(sim, "error_before", method="editMessageReplyMarkup")  # the first question has no answer
    while await states(lost) != ["sent"]:
        await drained(post, GROUP)
        await hurry()
    assert await texts(sim) == ["unsettled"]  # asked about although its time was over, and not marked as a repeat
    await deaf.telegram.close()


async def test_what_telegrams_absence_left_unsettled_is_asked_about_however_late(post: Post, sim: Telegram) -> None:
    await chat(sim)
    await say("unsettled")
    await fault(sim, "drop_before")
    await drained(post, GROUP)
    async with transaction() as session:
        await pauses.pause_all(session, 20, AWAY)
    await pauses.knock(post.telegram)
    await sql("UPDATE delivery SET claimed_at = now() - interval '1 hour', not_before = now() - interval '1 hour'")
    await hurry()
    await drained(post, GROUP)
    assert await texts(sim) == ["unsettled"]


async def test_a_flood_outlasts_the_return_of_telegram(post: Post, sim: Telegram) -> None:
    assert sim
    async with transaction() as session:
        await pauses.pause_all(session, 20, AWAY)
        await pauses.pause_all(session, 10, "Too Many Requests: retry after 9")
    await pauses.knock(post.telegram)
    assert await pause_seconds() > 5


async def test_a_refused_token_silences_the_bot_and_loses_nothing(post: Post, sim: Telegram) -> None:
    await chat(sim)
    number = await say("x")
    wrong = Api(sim.base, TOKEN[:-3] + "xyz", wait=1)
    await drained(Post(wrong, post.pace), GROUP)
    await wrong.close()
    assert await states(number) == ["waiting"]
    assert await pause_seconds() > 30


async def test_with_redis_away_messages_still_leave(post: Post, sim: Telegram) -> None:
    await chat(sim)
    await say("x")
    alone = pace.connect(f"redis://127.0.0.1:{free_port()}/0")
    keeper = Pace(alone, 731904, limits=pace_limits.faster(60))
    for _ in range(20):
        await hurry()
        await drained(Post(post.telegram, keeper), GROUP)
    await alone.aclose()
    assert await texts(sim) == ["x"]


async def test_what_telegram_will_not_whisper_is_said_aloud_and_a_sign_it_forbids_is_let_go(
    post: Post, sim: Telegram
) -> None:
    await chat(sim)
    await sim.sim("demote", chat=GROUP, user="bot")
    whisper = {"text": "pelan", "ephemeral_message_parameters": {"receiver_user_id": PERSON}}
    aloud = await say("pelan", payload=whisper)
    sign = {"message_id": 999_999, "reaction": [{"type": "emoji", "emoji": "👌"}]}
    reaction = await say("", payload=sign, method="setMessageReaction")
    for _ in range(4):
        await drained(post, GROUP)
        await hurry()
    assert await states(aloud, reaction) == ["sent", "cancelled"]
    assert await texts(sim) == ["pelan"]


async def test_where_a_group_forbids_reactions_the_sign_is_a_silent_reply_and_the_next_one_at_once(
    post: Post, sim: Telegram
) -> None:
    await chat(sim)
    asked = (await sim.sim("say", chat=GROUP, user=PERSON, text="foto"))["message"]["message_id"]
    await sim.sim("chats", id=GROUP, reactions=False)
    sign = {"message_id": asked, "reaction": [{"type": "emoji", "emoji": "👌"}]}
    wanted = Written(GROUP, Message("reaction", sign, lane=operations.REPLY, method="setMessageReaction"))
    for _ in range(2):
        async with transaction() as session:
            await answers.write(session, [wanted])
        for _ in range(2):
            await drained(post, GROUP)
            await hurry()
    assert await texts(sim) == ["👌", "👌"]
    calls = [call["method"].lower() for call in await sim.calls()]
    assert calls.count("setmessagereaction") == 1
    replies = [each["message"] for each in await sim.messages(GROUP) if each["by_bot"]]
    assert [reply["reply_to_message"]["message_id"] for reply in replies] == [asked, asked]
