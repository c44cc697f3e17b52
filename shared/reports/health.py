"""Whether the house is well, each part with what to do when it is not. Reads only; no personal data."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

import redis.asyncio
from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from shared.arrears.batches import BatchState, ImportBatch
from shared.chats.models import Chat, InboxUpdate
from shared.db import after, transaction
from shared.deliveries.models import BotPause, Delivery, State
from shared.outbox import OutboxRow
from shared.settings import settings

PATIENCE = 2.0  # seconds for one part to answer
LATE = 60.0  # seconds that an update, an event or a message may wait before somebody should look


UNREAD = 600.0  # seconds; a million rows are read in two minutes

_LAST_IMPORT = (
    select(ImportBatch.state, func.extract("epoch", func.clock_timestamp() - ImportBatch.uploaded_at))
    .order_by(ImportBatch.uploaded_at.desc(), ImportBatch.id.desc())
    .limit(1)
)

POLLER = "sikpro poller"  # the application name of the session that fetches updates, followed by its state
POLLER_STATES = {
    "done": ("fetches updates", ""),
    "away": ("Telegram cannot be reached", "Check the network and SIKPRO_TELEGRAM_API; nothing is lost for 24 hours."),
    "denied": (
        "Telegram refuses the bot's token",
        "Check SIKPRO_TELEGRAM_TOKEN with @BotFather, then restart the bot.",
    ),
    "conflict": ("another program fetches this bot's updates", "Stop the other one: a bot has one reader."),
    "": ("has not heard from Telegram yet", "Wait a moment; then check SIKPRO_TELEGRAM_API."),
}
NO_POLLER = (
    "nobody fetches updates: the bot does not run, or has not reached Telegram since it started",
    "./sikpro ps shows whether it runs; check SIKPRO_TELEGRAM_API and SIKPRO_TELEGRAM_TOKEN.",
)


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the house. vital: without it nothing works. do: what to do when it is not ok.

    The rest is the same in figures, for pages that speak another language: count of what waits or is stuck, more: of
    what is held, age: seconds of the oldest or of a pause, code: the state of the intake, why there is a pause.
    """

    name: str
    ok: bool
    detail: str
    do: str = ""
    vital: bool = False
    count: int = 0
    more: int = 0
    age: float | None = None
    code: str = ""


@dataclass(frozen=True, slots=True)
class Traffic:
    """What is on its way to and from Telegram. Ages are seconds of the oldest, None when nothing waits."""

    inbox: int
    inbox_age: float | None
    outbox: int
    outbox_age: float | None
    waiting: int
    waiting_age: float | None
    unknown: int
    dead: int
    held: int
    held_chats: int
    pause: float  # seconds for which nothing at all may be sent
    pause_reason: str


async def traffic(session: AsyncSession) -> Traffic:
    """The figures of now; each from a partial index of what is not finished."""
    inbox, inbox_age = await _waiting(session, InboxUpdate.received_at, InboxUpdate.state == "new")
    due = (OutboxRow.state == "waiting") & (OutboxRow.due_at <= func.clock_timestamp())
    outbox, outbox_age = await _waiting(session, OutboxRow.due_at, due)
    free = Delivery.chat_id.not_in(select(Chat.id).where(Chat.held.is_not(None)))
    waiting, waiting_age = await _waiting(session, Delivery.created_at, (Delivery.state == State.WAITING) & free)
    states = dict(
        (
            await session.execute(
                select(Delivery.state, func.count())
                .where(Delivery.state.in_([State.UNKNOWN, State.DEAD, State.HELD]))
                .group_by(Delivery.state)
            )
        ).all()
    )
    dead_events = await session.scalar(select(func.count()).where(OutboxRow.state == "dead")) or 0
    dead_updates = (
        await session.scalar(
            select(func.count()).where(InboxUpdate.state == "dead", InboxUpdate.received_at > after(-86400))
        )
        or 0
    )
    held_chats = await session.scalar(select(func.count()).where(Chat.held.is_not(None))) or 0
    pause = (
        await session.execute(
            select(func.extract("epoch", BotPause.until - func.clock_timestamp()), BotPause.reason).where(
                BotPause.id == 1
            )
        )
    ).first()
    return Traffic(
        inbox=inbox,
        inbox_age=inbox_age,
        outbox=outbox,
        outbox_age=outbox_age,
        waiting=waiting,
        waiting_age=waiting_age,
        unknown=states.get(State.UNKNOWN, 0),
        dead=states.get(State.DEAD, 0) + dead_events + dead_updates,
        held=states.get(State.HELD, 0),
        held_chats=held_chats,
        pause=max(0.0, float(pause[0])) if pause else 0.0,
        pause_reason=pause[1] if pause else "",
    )


async def look() -> list[Part]:
    """Every part of the house; never raises. The house is usable while all its vital parts are ok."""
    broker = asyncio.ensure_future(_broker())
    try:
        async with asyncio.timeout(PATIENCE), transaction() as session:
            on_the_way, intake, imports = await traffic(session), await _intake(session), await _imports(session)
        parts = [Part("database", ok=True, detail="answers", vital=True), intake, *_parts(on_the_way), imports]
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        do = "Start Postgres, or check SIKPRO_DATABASE_URL; ./sikpro ps shows what runs."
        parts = [Part("database", ok=False, detail=type(error).__name__, do=do, vital=True)]
    return [parts[0], await broker, *parts[1:]]


async def _intake(session: AsyncSession) -> Part:
    """How the poller says it fares; a webhook has no poller."""
    if settings().webhook_url:
        return Part("intake", ok=True, detail="by webhook", code="webhook")
    name = await session.scalar(
        text(
            "SELECT application_name FROM pg_stat_activity WHERE application_name LIKE :name AND datname = "
            "current_database() ORDER BY backend_start DESC LIMIT 1"
        ).bindparams(name=f"{POLLER}%")
    )
    code = "none" if name is None else name[len(POLLER) :].strip()
    detail, do = NO_POLLER if name is None else POLLER_STATES.get(code, POLLER_STATES[""])
    return Part("intake", ok=detail == POLLER_STATES["done"][0], detail=detail, do=do, code=code)


async def _imports(session: AsyncSession) -> Part:
    """The newest uploaded file; one that nobody reads for so long has no worker."""
    row = (await session.execute(_LAST_IMPORT)).first()
    if row is None:
        return Part("imports", ok=True, detail="no file was uploaded yet")
    state, age = row[0].value, float(row[1])
    stuck = row[0] is BatchState.READING and age > UNREAD
    do = "./sikpro ps shows whether it runs; ./sikpro restart ingest." if stuck else ""
    return Part("imports", ok=not stuck, detail=f"{state}, uploaded {age:.0f} s ago", do=do, age=age, code=state)


async def _waiting(
    session: AsyncSession, since: InstrumentedAttribute[datetime], condition: ColumnElement[bool]
) -> tuple[int, float | None]:
    age = func.extract("epoch", func.clock_timestamp() - func.min(since))
    count, oldest = (await session.execute(select(func.count(), age).where(condition))).one()
    return int(count), float(oldest) if oldest is not None else None


async def _broker() -> Part:
    client = redis.asyncio.Redis.from_url(
        settings().redis_url.get_secret_value(), socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE
    )
    try:
        async with asyncio.timeout(PATIENCE):
            await client.ping()
    except (redis.RedisError, OSError, TimeoutError, ValueError) as error:
        do = "Start Valkey or Redis (SIKPRO_REDIS_URL). Nothing is lost meanwhile, messages only leave later."
        return Part("broker", ok=False, detail=type(error).__name__, do=do)
    finally:
        await client.aclose()
    return Part("broker", ok=True, detail="answers")


def _parts(seen: Traffic) -> list[Part]:
    restart = "./sikpro ps shows whether it runs; ./sikpro restart {}."
    return [
        _queue("bot", "updates wait to be handled", seen.inbox, seen.inbox_age, restart.format("bot")),
        _queue("relay", "events wait to be heard", seen.outbox, seen.outbox_age, restart.format("relay")),
        _queue("deliveries", "messages wait to leave", seen.waiting, seen.waiting_age, restart.format("notifier")),
        Part(
            "unsettled",
            ok=seen.unknown == 0,
            detail=f"{seen.unknown} messages whose arrival is not known yet",
            do="" if seen.unknown == 0 else "Nothing: they are asked about, and repeated at the latest in ten minutes.",
            count=seen.unknown,
        ),
        Part(
            "dead letters",
            ok=seen.dead + seen.held == 0,
            detail=f"{seen.dead} given up, {seen.held} held",
            do=""
            if seen.dead + seen.held == 0
            else "Read why on the page of deliveries (/kiriman) and send them again.",
            count=seen.dead,
            more=seen.held,
        ),
        Part(
            "chats",
            ok=seen.held_chats == 0,
            detail=f"{seen.held_chats} chats cannot be written to",
            do="" if seen.held_chats == 0 else "The bot was blocked or removed there: add it again, bind the group.",
            count=seen.held_chats,
        ),
        Part(
            "telegram",
            ok=seen.pause <= 0,
            detail=f"silent for {seen.pause:.0f} s more: {seen.pause_reason}"
            if seen.pause > 0
            else "may be written to",
            do="" if seen.pause <= 0 else "Wait; when the token is refused, check SIKPRO_TELEGRAM_TOKEN.",
            age=seen.pause if seen.pause > 0 else None,
            code=seen.pause_reason if seen.pause > 0 else "",
        ),
    ]


def _queue(name: str, what: str, count: int, age: float | None, do: str) -> Part:
    ok = age is None or age < LATE
    detail = f"{count} {what}" + (f", the oldest for {age:.0f} s" if age is not None else "")
    return Part(name, ok=ok, detail=detail, do="" if ok else do, count=count, age=age)
