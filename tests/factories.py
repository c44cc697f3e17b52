"""Valid records; a test names only what it is about."""

from dataclasses import dataclass
from itertools import count
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from shared.chats import operations as chats
from shared.chats.models import ChatKind, Purpose
from shared.orders import operations
from shared.orders.models import Order
from shared.people import operations as people
from shared.people.access import Viewer
from shared.people.models import Person, Role
from shared.people.queries import viewer_of
from shared.places.models import SiteOperation, Sto, Witel

_serial = count(1)
HELPDESK_CHAT = -1001000000001
TECHNICIAN_CHAT = -1001000000002


@dataclass(frozen=True)
class Town:
    """A small place: one Witel, two Site Operations, three STO, and one person of each role."""

    site: SiteOperation
    other_site: SiteOperation
    sda: Sto
    tun: Sto
    spj: Sto
    technician: Person
    helpdesk: Person
    second_helpdesk: Person
    leader: Person
    supervisor: Person
    admin: Person
    collector: Person
    outsider: Person
    """A helpdesk of the other Site Operation (STO SPJ)."""


async def town(session: AsyncSession) -> Town:
    """A town with groups: helpdesk and technicians of the first Site Operation (SDA, TUN)."""
    witel = Witel(code="SDO", name="Sidoarjo")
    session.add(witel)
    await session.flush()
    site = SiteOperation(witel_id=witel.id, code="SO-SDA", name="Sidoarjo Kota")
    other = SiteOperation(witel_id=witel.id, code="SO-SPJ", name="Sepanjang")
    session.add_all([site, other])
    await session.flush()
    sda = Sto(site_operation_id=site.id, code="SDA", name="Sidoarjo")
    tun = Sto(site_operation_id=site.id, code="TUN", name="Tulangan")
    spj = Sto(site_operation_id=other.id, code="SPJ", name="Sepanjang")
    session.add_all([sda, tun, spj])
    await session.flush()
    sites = (site.id,)
    made = Town(
        site,
        other,
        sda,
        tun,
        spj,
        technician=await people.enter(
            session, "Rizal Fauzi", Role.TECHNICIAN, technician_code="F5SDA445", telegram_id=5512045, sites=sites
        ),
        helpdesk=await people.enter(
            session, "Nadia Putri", Role.HELPDESK, username="nadia", telegram_id=5512001, sites=sites
        ),
        second_helpdesk=await people.enter(
            session, "Rudi Hartono", Role.HELPDESK, username="rudi", telegram_id=5512002, sites=sites
        ),
        leader=await people.enter(session, "Dewi Lestari", Role.TEAM_LEADER, username="dewi", sites=sites),
        supervisor=await people.enter(session, "Hendra Wijaya", Role.SUPERVISOR, username="hendra", sites=sites),
        admin=await people.enter(session, "Sari Admin", Role.ADMIN, username="admin"),
        collector=await people.enter(session, "Yuli Astuti", Role.COLLECTOR, telegram_id=5512050, sites=sites),
        outsider=await people.enter(session, "Bagus Santoso", Role.HELPDESK, username="bagus", sites=(other.id,)),
    )
    for chat, title, purpose in (
        (HELPDESK_CHAT, "Helpdesk Sidoarjo", Purpose.HELPDESK),
        (TECHNICIAN_CHAT, "Teknisi Sidoarjo", Purpose.TECHNICIANS),
    ):
        await chats.seen(session, chat, ChatKind.SUPERGROUP, title)
        await chats.bind(session, chat, purpose, site_operation_id=site.id)
    return made


async def viewer(session: AsyncSession, person: Person, group: int | None = None) -> Viewer:
    return await viewer_of(session, person, group)


async def order(session: AsyncSession, here: Town, by: Person | None = None, **given: Any) -> Order:
    """An order as a technician of SDA registered it; `origin` makes it come from a chat."""
    n = next(_serial)
    origin = given.pop("origin", None)
    new = operations.NewOrder(
        **{
            "registration_no": f"SC{30000000 + n}",
            "type_code": "AO",
            "sto": "SDA",
            "serial": f"ZTEGC{n:07X}",
            "odp": "ODP-SDA-003",
            "technician_code": "F5SDA445",
        }
        | given
    )
    asking = await viewer_of(session, by or here.technician)
    return await operations.register(session, asking, new, source="bot" if origin else "web", origin=origin)
