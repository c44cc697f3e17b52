"""The sender everybody writes first: commit, then send; after no answer send again. The harness must catch it.

A process, so that it can be killed between the commit and the send: python -m tests.faults.naive PLAN NOTES.
"""

import asyncio
import json
import random
import sys
import time
from pathlib import Path

import aiohttp

from shared import db
from shared.orders.models import Order
from shared.settings import settings
from tests.faults.writer import Plan, Written, change, note_down


async def commit_then_send(plan: Plan, notes: Path | None = None) -> Written:
    """Write `plan.events` changes one after the other and tell each chat oneself."""
    written, dice = Written(), random.Random(plan.seed)
    base = f"{settings().telegram_api}/bot{settings().telegram_token.get_secret_value()}/sendMessage"
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=1)) as session:
        for number in range(plan.events):
            order_id, token = dice.choice(plan.orders), f"{plan.tag}-{number:05d}"
            async with db.transaction() as work:
                await change(work, plan.actor, order_id, token, silent=True)
                order = await work.get(Order, order_id)
                assert order is not None
            written.at[token] = time.time()
            note_down(notes, token, written)
            await asyncio.sleep(1 / plan.rate)
            for _ in range(5):
                try:
                    async with session.post(base, json={"chat_id": order.chat_id, "text": token}) as answer:
                        if answer.status == 200:
                            break
                except (aiohttp.ClientError, TimeoutError):
                    continue
    return written


async def main() -> None:
    db.connect(settings().asyncpg_url)
    await commit_then_send(Plan(**json.loads(Path(sys.argv[1]).read_text())), Path(sys.argv[2]))


if __name__ == "__main__":
    asyncio.run(main())
