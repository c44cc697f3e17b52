"""Fill an empty house with the demo town: `python -m deploy.seed`, while the services run.

People and orders come in through the operations, never by SQL, and the newest orders as real `/reg` messages through
the simulator. Run again after it was cut short, it completes what is missing.
"""

import asyncio
import json
import logging
from collections.abc import Sequence
from typing import Any

import aiohttp
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from deploy.seed import arrears, history, town
from shared import clock, db, log
from shared.arrears.models import Visit
from shared.chats import operations as chats
from shared.chats.models import ChatKind
from shared.db import transaction
from shared.orders.models import Order
from shared.people import operations as people
from shared.people.access import Viewer
from shared.people.models import Person, Role
from shared.people.passwords import hash_password
from shared.people.queries import viewer_of
from shared.places.models import SiteOperation, Sto, Witel
from shared.settings import settings

logger = logging.getLogger(__name__)

LIVE = [  # typed by technicians in their groups when the town wakes up; the bot answers them
    (5512045, 0, "/reg AO SC32239101 ZTEGC68D01AA SDA ODP-SDA-003 F5SDA445"),
    (5512118, 0, "/reg\nTipe: MO\nSC: SC32239102\nSN: HWTC4A91B29E\nSTO: TUN\nODP: ODP-TUN-FK/016\nTeknisi: F5TUN118"),
    (5512207, 2, "/reg CONFIG SC32239103 FHTT9C20D114 SPJ ODP-SPJ-041 F5SPJ207"),
]


async def main() -> None:
    """Seed what is missing and leave the logins for the launcher."""
    log.start()
    db.connect(settings().asyncpg_url)
    async with transaction() as session:
        if await session.scalar(select(Witel.id).limit(1)) is None:
            await _settle_town(session, hash_password(settings().demo_password.get_secret_value()))
    async with transaction() as session:
        if await session.scalar(select(Order.id).limit(1)) is None:
            made = await history.play(session, await _viewers(session), clock.now())
            logger.info("%s orders of the last two weeks", made)
    async with transaction() as session:
        viewers, listed = await _viewers(session), await session.scalar(select(Visit.id).limit(1))
    if listed is None:
        logger.info("%s accounts in arrears", await arrears.play(viewers))
    if settings().demo:
        await _in_telegram()
    _leave_logins()


async def _settle_town(session: AsyncSession, password_hash: str) -> None:
    witel = Witel(code=town.WITEL[0], name=town.WITEL[1])
    session.add(witel)
    await session.flush()
    sites = {code: SiteOperation(witel_id=witel.id, code=code, name=name) for code, name in town.SITES}
    session.add_all(sites.values())
    await session.flush()
    session.add_all(Sto(code=code, name=name, site_operation_id=sites[site].id) for code, name, site in town.STOS)
    for somebody in town.PEOPLE:
        await people.enter(
            session,
            somebody.name,
            somebody.role,
            username=somebody.username,
            password_hash=password_hash if somebody.username else None,
            technician_code=somebody.code,
            telegram_id=somebody.telegram,
            sites=(sites[somebody.site].id,) if somebody.site else (),
        )
    for group in town.GROUPS:
        await chats.seen(session, group.id, ChatKind.SUPERGROUP, group.title)
        await chats.bind(session, group.id, group.purpose, site_operation_id=sites[group.site].id)


async def _viewers(session: AsyncSession) -> dict[str, Viewer]:
    everybody: Sequence[Person] = (await session.scalars(select(Person))).all()
    return {person.name: await viewer_of(session, person) for person in everybody}


async def _in_telegram() -> None:
    """The same people and groups in the simulator, and a few orders typed there."""
    world: dict[str, Any] = {
        "users": [
            {
                "id": person.telegram,
                "first_name": person.name.split()[0],
                "last_name": person.name.split()[-1],
                "username": person.name.lower().replace(" ", "_"),
                "language_code": "id",
                "note": town.note(person),
            }
            for person in town.PEOPLE
        ]
        + [town.STRANGER],
        "chats": [
            {
                "id": group.id,
                "type": "supergroup",
                "title": group.title,
                "bot": "administrator",
                "members": [
                    {"id": person.telegram, "status": "administrator" if person.role is Role.ADMIN else "member"}
                    for person in town.PEOPLE
                    if town.sits_in(person, group)
                ],
            }
            for group in town.GROUPS
        ],
    }
    base = settings().telegram_api.rstrip("/")
    async with aiohttp.ClientSession() as http:
        async with http.post(f"{base}/_sim/bulk", json=world) as answer:
            answer.raise_for_status()
        async with transaction() as session:
            known = set(
                await session.scalars(select(Order.registration_no).where(Order.registration_no > "SC32239100"))
            )
        if not known:  # those who have spoken to the bot in private can be told there
            for person in town.PEOPLE:
                hello = {"chat": person.telegram, "user": person.telegram, "text": "/start"}
                async with http.post(f"{base}/_sim/say", json=hello) as answer:
                    answer.raise_for_status()
        for user, group, words in LIVE:
            if not any(number in words for number in known):
                said = {"chat": town.GROUPS[group].id, "user": user, "text": words}
                async with http.post(f"{base}/_sim/say", json=said) as answer:
                    answer.raise_for_status()


def _leave_logins() -> None:
    logins = [
        {"username": person.username, "role": person.role.value, "name": person.name}
        for person in town.PEOPLE
        if person.username
    ]
    target = settings().data / "seed.json"
    temporary = target.with_suffix(".part")
    temporary.write_text(json.dumps({"logins": logins}, indent=1))
    temporary.replace(target)


if __name__ == "__main__":
    asyncio.run(main())
