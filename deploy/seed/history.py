"""Two weeks of orders for the demo town, planned by chance (a fixed seed) and played through the operations."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from deploy.seed.town import PEOPLE
from shared import clock
from shared.events import untold
from shared.orders import operations, queries
from shared.orders.operations import NewOrder
from shared.people.access import Viewer
from shared.people.models import Role

ZONE = ZoneInfo("Asia/Jakarta")
DAYS = 14
Act = Callable[[AsyncSession], Coroutine[Any, Any, None]]

KINDS = [("AO", 55), ("MO", 20), ("PDA", 12), ("CONFIG", 13)]
VENDORS = ["ZTEGC", "HWTC4", "FHTT9", "ALCLF"]
WORDS = {
    "ODP penuh": "ODP 8/8 terpakai. Mohon pindah ke ODP terdekat, lalu balas dengan foto redaman.",
    "Redaman tinggi": "Redaman -27 dBm. Mohon sambung ulang konektor di ODP.",
    "SN modem tidak terbaca": "SN belum muncul di OLT. Mohon modem dinyalakan ulang.",
    "Pelanggan tidak di lokasi": "Pelanggan baru di rumah setelah pukul 16.00.",
    "Pelanggan minta tunda": "Pelanggan minta pemasangan besok pagi.",
    "Fallout WFM": "Tiket WFM tertahan, sudah kami eskalasi.",
    "Crossing jalan": "Perlu izin crossing jalan dari RT setempat.",
}
# What lies on the desk when the town is made, at whatever hour: its state and how many minutes ago it came.
# Targets are 30 to 120 minutes, so two or three are late and most are not.
ON_DESK = [
    ("KENDALA", 205),
    ("OGP", 131),
    ("KENDALA", 118),
    ("BARU", 64),
    ("OGP", 53),
    ("OGP", 46),
    ("OGP", 38),
    ("OGP", 27),
    ("OGP", 21),
    ("BARU", 17),
    ("BARU", 12),
    ("BARU", 8),
    ("BARU", 5),
    ("BARU", 2),
]
DONE = ["Internet aktif, terima kasih.", "Sudah aktif, silakan tes bersama pelanggan.", "Layanan aktif.", ""]


@dataclass
class Plan:
    """What happened when: (moment, act), played in the order of time."""

    steps: list[tuple[datetime, int, Act]] = field(default_factory=list)

    def at(self, moment: datetime, act: Act) -> None:
        self.steps.append((moment, len(self.steps), act))


async def play(session: AsyncSession, viewers: dict[str, Viewer], now: datetime) -> int:
    """Write the town's last two weeks down, up to `now`; returns how many orders there are. Nobody is told of it."""
    chance = Random(20261121)
    plan = Plan()
    today = clock.local(now, "Asia/Jakarta").date()
    starts: list[tuple[datetime, str]] = [(now - timedelta(minutes=age), stays) for stays, age in ON_DESK]
    for back in range(DAYS, -1, -1):
        day = today - timedelta(days=back)
        many = chance.randint(9, 13) if day.weekday() == 6 else chance.randint(14, 24)
        for _ in range(many):
            start = datetime.combine(day, time(7, 30), ZONE) + timedelta(minutes=chance.triangular(0, 560, 120))
            if start < now:
                starts.append((start, ""))
    starts.sort()
    for place, (start, stays) in enumerate(starts):
        _order(plan, chance, viewers, start, number=32_230_000 + place * 7, stays=stays)
    with untold():
        for moment, _, act in sorted(plan.steps, key=lambda step: step[:2]):
            if moment < now:
                with clock.stopped_at(moment):
                    await act(session)
    return len(starts)


def _order(plan: Plan, chance: Random, viewers: dict[str, Viewer], start: datetime, number: int, stays: str) -> None:
    somebody = chance.choice([person for person in PEOPLE if person.role is Role.TECHNICIAN])
    kind = chance.choices([name for name, _ in KINDS], [weight for _, weight in KINDS])[0]
    desk = viewers[
        chance.choice(
            [person.name for person in PEOPLE if person.role is Role.HELPDESK and person.site == somebody.site]
        )
    ]
    new = NewOrder(
        registration_no=f"SC{number}",
        type_code=kind,
        sto=str(somebody.sto),
        serial=f"{chance.choice(VENDORS)}{chance.randrange(16**7):07X}",
        odp=f"ODP-{somebody.sto}-{chance.randint(1, 120):03d}",
        technician_code=somebody.code,
        note=chance.choice(["", "", "", "", "pelanggan minta sore", "rumah pagar hijau"]),
    )
    made: list[int] = []

    async def register(session: AsyncSession) -> None:
        made.append((await operations.register(session, viewers[somebody.name], new, source="bot")).id)

    plan.at(start, register)
    if stays == "BARU":
        return
    taken = start + timedelta(minutes=1 if stays else chance.triangular(1, 18, 4))
    plan.at(taken, lambda session: _take(session, desk, made))
    if stays == "OGP":
        return
    end = taken + timedelta(minutes=chance.triangular(4, 45, 12))
    fate = 0.0 if stays else chance.random()
    if fate < 0.2:
        label = chance.choice(list(WORDS))
        plan.at(end, _set(desk, made, "KENDALA", label))
        forgotten = bool(stays) or chance.random() < 0.04
        again = end + timedelta(minutes=chance.triangular(15, 300, 60))
        if not forgotten:
            plan.at(again, _set(desk, made, "OGP"))
            plan.at(again + timedelta(minutes=chance.triangular(5, 60, 15)), _set(desk, made, "SELESAI", note=True))
    elif fate < 0.25:
        plan.at(end, _set(desk, made, "BATAL", chance.choice(["Dibatalkan pelanggan", "Ditolak helpdesk, data salah"])))
    else:
        plan.at(end, _set(desk, made, "SELESAI", note=chance.random() < 0.7))


async def _take(session: AsyncSession, desk: Viewer, made: list[int]) -> None:
    await operations.take(session, desk, made[0], source="web")


def _set(desk: Viewer, made: list[int], status: str, reason: str = "", *, note: bool = False) -> Act:
    async def act(session: AsyncSession) -> None:
        data = await queries.master(session)
        found = next((row.id for row in data.reasons.values() if row.label_id == reason), None)
        words = WORDS.get(reason, "") or (DONE[made[0] % len(DONE)] if note else "")
        order = (await queries.by_id(session, desk, made[0])).order
        await operations.change_status(
            session, desk, order.id, order.version, status, source="web", reason_id=found, note=words
        )

    return act
