"""Whether the house is well, each part with what to do when it is not. Reads only; no personal data."""

import asyncio
from dataclasses import dataclass, replace

import redis.asyncio
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from shared import rows
from shared.arrears.batches import BatchState, ImportBatch
from shared.db import after, transaction
from shared.settings import settings
from shared.webhooks.models import WebhookEndpoint

PATIENCE = 2.0  # seconds for one part to answer
LATE = 60.0  # seconds that an update, an event or a message may wait before somebody should look


# One look instead of eight; the states are written out, since only so is the plan made once and from partial indexes.
# What quiet hours or a gathering hold back until a moment waits for nobody before it.
_TRAFFIC = text("""
    SELECT * FROM
        (SELECT count(*) AS inbox, extract(epoch FROM clock_timestamp() - min(received_at)) AS inbox_age
            FROM inbox WHERE state = 'new') AS a,
        (SELECT count(*) AS outbox, extract(epoch FROM clock_timestamp() - min(due_at)) AS outbox_age
            FROM outbox WHERE state = 'waiting' AND due_at <= clock_timestamp()) AS b,
        (SELECT count(*) AS waiting, extract(epoch FROM clock_timestamp() -
                min(CASE WHEN attempts > 0 THEN created_at ELSE greatest(created_at, not_before) END)) AS waiting_age
            FROM delivery WHERE state = 'waiting' AND (attempts > 0 OR not_before <= clock_timestamp())
                AND chat_id NOT IN (SELECT id FROM chat WHERE held IS NOT NULL)) AS c,
        (SELECT count(*) AS unknown FROM delivery WHERE state = 'unknown') AS d,
        (SELECT count(*) AS dead FROM delivery WHERE state = 'dead') AS e,
        (SELECT count(*) AS held FROM delivery WHERE state = 'held') AS f,
        (SELECT count(*) AS dead_events FROM outbox WHERE state = 'dead') AS g,
        (SELECT count(*) AS dead_updates FROM inbox
            WHERE state = 'dead' AND received_at > clock_timestamp() - interval '1 day') AS h,
        (SELECT count(*) AS held_chats FROM chat WHERE held IS NOT NULL) AS i
        LEFT JOIN (SELECT extract(epoch FROM until - clock_timestamp()) AS pause, reason AS pause_reason
            FROM bot_pause WHERE id = 1) AS j ON true
""")

SILENT = "silent"  # the code of a relay without a beat
_SILENCE = text("SELECT extract(epoch FROM clock_timestamp() - at) FROM house_pulse WHERE part = 'relay'")
DEAF = 3600.0  # seconds that another system may take nothing
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
    found = await rows.first(session, _TRAFFIC)
    inbox_age, outbox_age, waiting_age = (
        float(each) if each is not None else None
        for each in (found["inbox_age"], found["outbox_age"], found["waiting_age"])
    )
    return Traffic(
        inbox=found["inbox"],
        inbox_age=inbox_age,
        outbox=found["outbox"],
        outbox_age=outbox_age,
        waiting=found["waiting"],
        waiting_age=waiting_age,
        unknown=found["unknown"],
        dead=found["dead"] + found["dead_events"] + found["dead_updates"],
        held=found["held"],
        held_chats=found["held_chats"],
        pause=max(0.0, float(found["pause"] or 0.0)),
        pause_reason=found["pause_reason"] or "",
    )


async def look() -> list[Part]:
    """Every part of the house; never raises. The house is usable while all its vital parts are ok."""
    broker = asyncio.ensure_future(_broker())
    try:
        async with asyncio.timeout(PATIENCE), transaction() as session:
            on_the_way, intake, imports = await traffic(session), await _intake(session), await _imports(session)
            hooks, silence = await _webhooks(session), await session.scalar(_SILENCE)
        parts = [
            Part("database", ok=True, detail="answers", vital=True),
            intake,
            *_parts(on_the_way, silence),
            imports,
            hooks,
        ]
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


async def _webhooks(session: AsyncSession) -> Part:
    """Other systems that take nothing for an hour; one that answered since is well."""
    silent = WebhookEndpoint.failing_since < after(-DEAF)
    failing = int(await session.scalar(select(func.count()).where(WebhookEndpoint.active, silent)) or 0)
    do = "Read on the page of webhooks (/webhook) what it answers." if failing else ""
    return Part("webhooks", ok=not failing, detail=f"{failing} take nothing", do=do, count=failing)


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


def _parts(seen: Traffic, silence: float | None) -> list[Part]:
    restart = "./sikpro ps shows whether it runs; ./sikpro restart {}."
    return [
        _queue("bot", "updates wait to be handled", seen.inbox, seen.inbox_age, restart.format("bot")),
        _relay(seen, silence, restart.format("relay")),
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


def _relay(seen: Traffic, silence: float | None, do: str) -> Part:
    """What waits for the relay, and whether it lives. silence: seconds since its last beat, None where it never ran."""
    part = _queue("relay", "events wait to be heard", seen.outbox, seen.outbox_age, do)
    if silence is None or silence < LATE:
        return part
    detail = f"{part.detail}; it has not moved for {silence:.0f} s"
    return replace(part, ok=False, detail=detail, do=do, age=float(silence), code=SILENT)


def _queue(name: str, what: str, count: int, age: float | None, do: str) -> Part:
    ok = age is None or age < LATE
    detail = f"{count} {what}" + (f", the oldest for {age:.0f} s" if age is not None else "")
    return Part(name, ok=ok, detail=detail, do="" if ok else do, count=count, age=age)
