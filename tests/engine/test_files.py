"""A file that goes along with a message: sent once, settled like any other, and the same however often it is tried."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from sqlalchemy import text

from shared import upkeep
from shared.db import transaction
from shared.deliveries import files, operations
from shared.deliveries.drain import Post
from shared.deliveries.operations import DIGEST, Message
from tests.engine.kit import PERSON, chat, drained, fault, hurry, row, sql
from tests.simulator.telegram import TOKEN, Telegram

BODY = b"PK\x03\x04 not much of a workbook \x00\xff"


async def send_file(caption: str = "Laporan harian 21 Nov 2026") -> int:
    payload = {"document": files.ATTACHED, "caption": caption, "disable_notification": True}
    async with transaction() as session:
        file_id = await files.keep(session, "laporan-harian-2026-11-21.xlsx", BODY)
        message = Message("report_file", payload, lane=DIGEST, method="sendDocument", file_id=file_id)
        queued = await operations.queue(session, PERSON, message)
    assert queued is not None
    return queued


async def documents(sim: Telegram) -> list[Any]:
    return [each["message"] for each in await sim.messages(PERSON) if each["by_bot"] and "document" in each["message"]]


@pytest.fixture
async def known(sim: Telegram, post: Post) -> AsyncIterator[Telegram]:
    await chat(sim, PERSON)
    yield sim


async def test_a_file_arrives_whole_with_its_name_and_caption(known: Telegram, post: Post) -> None:
    queued = await send_file()
    await drained(post, PERSON)
    [message] = await documents(known)
    assert message["document"]["file_name"] == "laporan-harian-2026-11-21.xlsx"
    assert message["caption"] == "Laporan harian 21 Nov 2026"
    assert (await row(queued)).message_id == message["message_id"]
    path = (await known.ok("getFile", file_id=message["document"]["file_id"]))["file_path"]
    async with aiohttp.ClientSession() as http, http.get(f"{known.base}/file/bot{TOKEN}/{path}") as answer:
        assert await answer.read() == BODY


async def test_a_file_whose_answer_was_lost_is_found_and_not_sent_again(known: Telegram, post: Post) -> None:
    await fault(known, "drop_after", method="sendDocument")
    queued = await send_file()
    await drained(post, PERSON)
    assert (await row(queued)).state.value == "unknown"
    await hurry()
    await drained(post, PERSON)
    [message] = await documents(known)
    settled = await row(queued)
    assert (settled.state.value, settled.message_id) == ("sent", message["message_id"])


async def test_a_file_that_never_arrived_is_sent_once_more_as_it_was(known: Telegram, post: Post) -> None:
    await fault(known, "drop_before", method="sendDocument")
    queued = await send_file()
    for _ in range(4):
        await drained(post, PERSON)
        await hurry()
    [message] = await documents(known)
    assert message["document"]["file_size"] == len(BODY)
    assert (await row(queued)).state.value == "sent"


async def test_a_file_that_was_tampered_with_is_not_sent(known: Telegram, post: Post) -> None:
    queued = await send_file()
    await sql("UPDATE delivery_file SET body = 'anything'")
    await drained(post, PERSON)
    assert await documents(known) == []
    assert (await row(queued)).trouble == "the file to send is gone"


async def test_a_file_is_thrown_away_a_week_after_it_left_and_not_before(known: Telegram, post: Post) -> None:
    sent = await send_file()
    await drained(post, PERSON)
    waits = await send_file("yang ini belum")

    async def left() -> int:
        async with transaction() as session:
            await upkeep.tidy(session)
            return int(await session.scalar(text("SELECT count(*) FROM delivery_file")) or 0)

    assert await left() == 2
    await sql("UPDATE delivery_file SET made_at = now() - interval '8 days'")
    assert await left() == 1
    assert ((await row(sent)).file_id, (await row(waits)).file_id is not None) == (None, True)
