"""What was sent and never answered is asked about, not sent again."""

import asyncio
import time
from dataclasses import replace

import pytest

from shared.db import transaction
from shared.deliveries import drain, merge, operations, settle
from shared.deliveries.drain import Post
from shared.pace import Slot
from shared.telegram import UNANSWERED
from tests.conftest import set_environment
from tests.engine.kit import (
    GROUP,
    PERSON,
    SECOND,
    chat,
    chat_row,
    drained,
    fault,
    hurry,
    row,
    say,
    sql,
    states,
    texts,
)
from tests.simulator.telegram import Telegram


async def test_a_message_that_arrived_unanswered_is_found_and_not_repeated(post: Post, sim: Telegram) -> None:
    await chat(sim)
    ids = [await say("first"), await say("second")]
    await fault(sim, "drop_after")
    await drained(post, GROUP)
    assert await states(*ids) == ["unknown", "waiting"]
    await drained(post, GROUP)
    assert await texts(sim) == ["first"], "the chat waits until the first one is settled"
    await hurry()
    await drained(post, GROUP)
    assert await texts(sim) == ["first", "second"]
    found = await row(ids[0])
    assert (found.state.value, found.message_id) == ("sent", (await sim.messages(GROUP))[-2]["message"]["message_id"])


async def test_a_message_that_did_not_arrive_is_sent_once(post: Post, sim: Telegram) -> None:
    await chat(sim)
    ids = [await say("first"), await say("second")]
    await fault(sim, "drop_before")
    await drained(post, GROUP)
    await hurry()
    await drained(post, GROUP)
    await hurry()
    await drained(post, GROUP)
    assert await texts(sim) == ["first", "second"]
    assert await states(*ids) == ["sent", "sent"]


async def test_a_merged_message_that_arrived_unanswered_is_found(post: Post, sim: Telegram) -> None:
    await chat(sim)
    ids = [await say(f"long {number}", brief=f"brief {number}") for number in range(3)]
    await fault(sim, "hang_after", seconds=30)
    await drained(post, GROUP)
    await hurry()
    await drained(post, GROUP)
    assert await texts(sim) == ["brief 0\n\nbrief 1\n\nbrief 2"]
    assert await states(*ids) == ["merged"] * 3


async def test_a_merged_message_that_did_not_arrive_is_sent_once(post: Post, sim: Telegram) -> None:
    await chat(sim)
    for number in range(3):
        await say(f"long {number}", brief=f"brief {number}")
    await fault(sim, "error_before")
    for _ in range(3):
        await drained(post, GROUP)
        await hurry()
    assert await texts(sim) == ["brief 0\n\nbrief 1\n\nbrief 2"]


async def test_a_probe_looks_past_what_people_wrote_meanwhile(post: Post, sim: Telegram) -> None:
    await chat(sim)
    waiting = await say("ours")
    await fault(sim, "drop_after")
    for words in ("a", "b", "c"):
        await sim.sim("say", chat=GROUP, user=PERSON, text=words)
    await drained(post, GROUP)
    for _ in range(3):
        await hurry()
        await drained(post, GROUP)
    assert await states(waiting) == ["sent"]
    assert await texts(sim) == ["ours"]


async def test_a_probe_asks_only_ids_that_are_not_ours(post: Post, sim: Telegram) -> None:
    await chat(sim)
    before = [await say(f"known {number}") for number in range(3)]
    await drained(post, GROUP)
    lost = await say("lost")
    await fault(sim, "drop_before")
    await drained(post, GROUP)
    known = {(await row(number)).message_id for number in before}
    await hurry()
    await drained(post, GROUP)
    asked = {call["params"]["message_id"] for call in await sim.calls() if call["method"] == "editMessageReplyMarkup"}
    assert asked
    assert not asked & known
    assert [record["seq"] for record in await sim.messages(GROUP)] == sorted(
        record["seq"] for record in await sim.messages(GROUP)
    ), "no message was touched"
    assert await states(lost) == ["sent"]


async def test_a_message_of_ours_that_the_ledger_forgot_is_not_taken_for_the_lost_one(
    post: Post, sim: Telegram
) -> None:
    await chat(sim)
    await sim.ok("sendMessage", chat_id=GROUP, text="from elsewhere")
    lost = await say("lost")
    await fault(sim, "drop_after")
    await drained(post, GROUP)
    for _ in range(3):
        await hurry()
        await drained(post, GROUP)
    assert (await row(lost)).message_id == (await sim.messages(GROUP))[-1]["message"]["message_id"]
    assert await texts(sim) == ["from elsewhere", "lost"]


async def test_private_chats_share_ids_and_each_unsettled_message_is_still_found(post: Post, sim: Telegram) -> None:
    people = [PERSON, SECOND, *range(5512100, 5512104)]
    await sim.sim("bulk", users=[{"id": person, "first_name": "T"} for person in people])
    for person in people:
        await sim.sim("chats", id=person, type="private")
    await chat(sim, *people)
    ids = [await say(f"to {person}", person) for person in people]
    await fault(sim, "drop_after", count=len(people))
    for person in people:
        await drained(post, person)
    assert set(await states(*ids)) == {"unknown"}
    for _ in range(8):
        await hurry()
        await drain.drain_all(post, people[::-1])
    assert set(await states(*ids)) == {"sent"}
    assert [await texts(sim, person) for person in people] == [[f"to {person}"] for person in people]


async def test_two_who_settle_at_once_ask_once(post: Post, sim: Telegram) -> None:
    await chat(sim)
    await say("once")
    await fault(sim, "drop_before")
    await drained(post, GROUP)
    await fault(sim, "delay", method="editMessageReplyMarkup", seconds=0.1, count=None)
    await hurry()
    await asyncio.gather(*(drain.drain(post, GROUP) for _ in range(4)))
    await hurry()
    await drained(post, GROUP)
    assert await texts(sim) == ["once"]
    probes = [call for call in await sim.calls() if call["method"] == "editMessageReplyMarkup"]
    assert len(probes) == settle.ABSENT_AFTER


async def test_a_sender_that_wakes_up_late_does_not_touch_a_newer_claim(post: Post, sim: Telegram) -> None:
    await chat(sim)
    number = await say("x")
    async with transaction() as session:
        late = await operations.claim(session, await row(number))
    assert late is not None
    await sql("UPDATE delivery SET state = 'waiting', lease_until = NULL WHERE id = :id", id=number)
    async with transaction() as session:
        assert await operations.claim(session, await row(number)) is not None
    async with transaction() as session:
        await operations.absent(session, late, "asked long ago")
    assert await states(number) == ["sending"]
    assert await texts(sim) == []
    assert post.telegram is not None


async def test_a_429_to_a_probe_is_obeyed(post: Post, sim: Telegram) -> None:
    await chat(sim)
    await say("x")
    await fault(sim, "drop_after")
    await drained(post, GROUP)
    await fault(sim, "429", method="editMessageReplyMarkup", seconds=30)
    await sql("UPDATE delivery SET settle_at = clock_timestamp()")
    await drained(post, GROUP)
    assert (await chat_row()).not_before is not None
    await sql("UPDATE delivery SET settle_at = clock_timestamp()")
    await drained(post, GROUP)
    assert (await sim.figures())["violations"] == 0


async def test_a_chat_that_moved_while_a_message_was_unsettled_gets_it_marked(post: Post, sim: Telegram) -> None:
    await sim.sim("chats", id=-4004, type="group", title="Lama", members=[PERSON], bot="administrator")
    await chat(sim, -4004)
    await say("x", -4004)
    await fault(sim, "drop_before")
    await drained(post, -4004)
    new = (await sim.sim("migrate", chat=-4004))["id"]
    await hurry()
    await drained(post, -4004)
    await drained(post, new)
    assert await texts(sim, new) == ["(kirim ulang) x"]


async def test_a_sender_that_slept_until_it_may_be_asked_about_does_not_write_any_more(
    post: Post, sim: Telegram
) -> None:
    await chat(sim)
    number = await say("x")
    set_environment(SIKPRO_LEASE="0.2")
    slot = await post.pace.wait(GROUP, is_group=True, lane="push", within=5)
    assert isinstance(slot, Slot)
    async with transaction() as session:
        call = await merge.claim(session, await row(number))
    assert call is not None
    later = replace(
        slot, leaves=time.monotonic() + 0.11
    )  # its place was given ahead, and it sleeps past half its lease
    assert await drain.make(post, GROUP, later, call) is None
    assert (await states(number), await texts(sim)) == (["sending"], [])


async def test_what_cannot_be_settled_in_time_is_repeated_and_says_so(post: Post, sim: Telegram) -> None:
    await chat(sim)
    number = await say("x")
    await fault(sim, "drop_after")
    await drained(post, GROUP)
    set_environment(SIKPRO_SETTLE_WITHIN="0")
    await hurry()
    await drained(post, GROUP)
    assert await texts(sim) == ["x", "(kirim ulang) x"]
    assert (await row(number)).repeated


async def test_what_nobody_was_answered_about_is_asked_about_once_more_before_it_is_repeated(
    post: Post, sim: Telegram
) -> None:
    await chat(sim)
    number = await say("x")
    await fault(sim, "drop_after")
    await drained(post, GROUP)
    assert str((await row(number)).trouble).startswith(UNANSWERED)
    ago = "clock_timestamp() - make_interval(secs => :ago)"
    await sql(f"UPDATE delivery SET claimed_at = {ago}, not_before = {ago}, settle_at = now()", ago=700)
    await drained(post, GROUP)
    assert (await states(number), await texts(sim)) == (["sent"], ["x"])


async def test_what_telegram_keeps_silent_about_for_an_hour_is_repeated_at_last(post: Post, sim: Telegram) -> None:
    await chat(sim)
    number = await say("x")
    await fault(sim, "drop_before")
    await drained(post, GROUP)
    ago = "clock_timestamp() - make_interval(secs => :ago)"
    await sql(f"UPDATE delivery SET claimed_at = {ago}, not_before = {ago}, settle_at = now()", ago=3700)
    await drained(post, GROUP)
    assert (await row(number)).repeated


async def test_a_repeat_that_is_not_answered_either_is_for_a_person_to_decide(post: Post, sim: Telegram) -> None:
    await chat(sim)
    number = await say("x")
    await fault(sim, "drop_before", count=2)
    set_environment(SIKPRO_SETTLE_WITHIN="0")
    for _ in range(3):
        await drained(post, GROUP)
        await hurry()
    assert await states(number) == ["held"]


async def test_the_parts_of_a_merged_message_are_repeated_each_with_its_mark(post: Post, sim: Telegram) -> None:
    await chat(sim)
    for number in range(2):
        await say(f"long {number}", brief=f"brief {number}")
    await fault(sim, "drop_before")
    set_environment(SIKPRO_AMBIGUOUS="resend_marked")
    await drained(post, GROUP)
    await hurry()
    await drained(post, GROUP)
    assert await texts(sim) == ["(kirim ulang) long 0", "(kirim ulang) long 1"]


@pytest.mark.parametrize("how", ["no answer", "sender killed"])
async def test_the_policy_hold_leaves_it_to_a_person(post: Post, sim: Telegram, how: str) -> None:
    await chat(sim)
    set_environment(SIKPRO_AMBIGUOUS="hold")
    number, following = await say("x"), await say("following")
    if how == "no answer":
        await fault(sim, "drop_after")
        await drained(post, GROUP)
    else:
        await sql(
            "UPDATE delivery SET state = 'unknown', claimed_at = now(), settle_at = now() WHERE id = :id", id=number
        )
    await drained(post, GROUP)
    assert await states(number, following) == ["held", "sent"]
    async with transaction() as session:
        assert await operations.send_again(session, number)
    await drained(post, GROUP)
    assert (await texts(sim))[-1] == "x"


async def test_a_delivery_that_is_never_taken_ends_as_a_dead_letter(post: Post, sim: Telegram) -> None:
    await chat(sim)
    number = await say("x")
    await fault(sim, "error_before", count=None)
    for _ in range(40 * operations.GIVE_UP_AFTER):  # a probe that finds no slot of the pace is asked again later
        await drained(post, GROUP)
        if await states(number) == ["dead"]:
            break
        await hurry()
    assert await states(number) == ["dead"]
    assert (await row(number)).attempts == operations.GIVE_UP_AFTER
