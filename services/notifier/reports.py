"""Scheduled reports on their way out: the same query as the page, a short text and the Excel file. It decides no time.

To a person or to a group. Whether the owner may still have it is asked again here, at the moment of sending, with the
area of that moment; a group gets the figures of the unit it serves.
"""

import io
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifier import pictures
from services.notifier.listeners import ears
from shared import audit, clock, words
from shared.chats.models import Chat, ChatKind
from shared.deliveries import files
from shared.deliveries import operations as deliveries
from shared.deliveries.operations import DIGEST, Message
from shared.events import EventRow
from shared.orders import board, queries
from shared.people.access import Viewer
from shared.people.models import Person
from shared.people.queries import viewer_of
from shared.reports import groups, recap, recap_month, recap_time, schedules, tables
from shared.reports import say as texts
from shared.reports import say_digest as digest
from shared.reports.area import home_of
from shared.reports.events import ReportDue
from shared.reports.models import ReportRun, ReportSchedule
from shared.reports.recap_scope import Scope
from shared.reports.sheets import Sheet, write_xlsx
from shared.settings import settings

PAGES = {
    "yesterday": "/laporan/harian",
    "today": "/laporan/harian",
    "month": "/laporan/bulanan",
    "morning": "/order",
    "pareto": "/laporan/waktu",
}
URGENT = 12  # orders named in the morning's list


@dataclass(frozen=True, slots=True)
class Made:
    """A report ready to send. query: of its page; sheets, picture: what goes along."""

    table: str
    query: dict[str, str]
    name: str
    sheets: list[Sheet] = field(default_factory=list)
    picture: bytes = b""


@ears.hears(ReportDue)
async def send_report(session: AsyncSession, row: EventRow, event: ReportDue) -> None:
    """Queue the report for its owner's private chat or for its group, or note why there is none."""
    schedule = await session.get(ReportSchedule, event.schedule_id)
    if schedule is None:
        return
    scope = schedules.scope_of(schedule, event.due_at)
    reader = await (_group(session, schedule, scope) if schedule.binding_id else _person(session, schedule, scope))
    if isinstance(reader, str):
        await _close(session, event, "skipped", reader)
        return
    for message in await _messages(session, reader, schedule, event):
        if reader.thread_id is not None:
            message.payload["message_thread_id"] = reader.thread_id
        await deliveries.queue(session, reader.chat_id, message, event_id=row.id)
    await _close(session, event, "sent", "")
    details = {"kind": schedule.kind, "first": scope.first.isoformat(), "sto": scope.sto, "type": scope.type}
    told = {key: value for key, value in details.items() if value}
    await audit.note(session, schedule.person_id, "system", "schedule.sent", f"schedule:{schedule.id}", told)


@dataclass(frozen=True, slots=True)
class Reader:
    """Who gets a report: as whom it is made, of what, and where it goes. stos: what its head names; empty: all."""

    viewer: Viewer
    scope: Scope
    chat_id: int
    stos: tuple[str, ...]
    thread_id: int | None = None


async def _group(session: AsyncSession, schedule: ReportSchedule, scope: Scope) -> Reader | str:
    """The group of a schedule, or why nothing is sent, as a key."""
    assert schedule.binding_id is not None
    found = await groups.target(session, schedule.binding_id)
    why = _stopped(schedule) or ("" if found.open else "no_group")
    if why:
        return why
    mine = replace(scope, site=found.site, sto=scope.sto or found.sto)
    return Reader(groups.voice(found), mine, found.chat_id, (found.unit,), found.thread_id)


async def _person(session: AsyncSession, schedule: ReportSchedule, scope: Scope) -> Reader | str:
    """The owner of a schedule, with a private chat, or why nothing is sent, as a key."""
    person = (await session.scalars(select(Person).where(Person.id == schedule.person_id))).one()
    viewer = await viewer_of(session, person)
    why = _stopped(schedule) or _refused(person, viewer)
    if why:
        return why
    assert person.telegram_id is not None
    chat = insert(Chat).values(id=person.telegram_id, kind=ChatKind.PRIVATE, title=person.name)
    await session.execute(chat.on_conflict_do_nothing())
    stos = (await home_of(session, viewer)).stos if viewer.stos is not None else ()
    return Reader(viewer, scope, person.telegram_id, stos)


def _stopped(schedule: ReportSchedule) -> str:
    """Why a schedule sends nothing now, as a key; empty while it does."""
    if schedule.ended_at is not None:
        return "ended"
    return "" if schedule.active else "paused"


def _refused(person: Person, viewer: Viewer) -> str:
    """Why a person is sent nothing, as a key; empty when it may be."""
    if not person.active:
        return "person_off"
    if not viewer.may("report.read"):
        return "no_right"
    if viewer.stos is not None and not viewer.stos:
        return "no_area"
    if person.telegram_id is None:
        return "no_telegram"
    return ""


async def _close(session: AsyncSession, event: ReportDue, state: str, why: str) -> None:
    await session.execute(
        update(ReportRun)
        .where(ReportRun.schedule_id == event.schedule_id, ReportRun.due_at == event.due_at)
        .values(state=state, why=why)
    )


async def _messages(session: AsyncSession, reader: Reader, schedule: ReportSchedule, event: ReportDue) -> list[Message]:
    """The report as it is now: its words, and its picture and Excel file where it has them."""
    viewer, scope = reader.viewer, reader.scope
    language, zone, kind = viewer.language, schedule.zone, schedule.kind
    now = clock.now()
    where = texts.area(reader.stos, scope, language)
    title = _title(kind, scope, language)
    above = texts.title_lines(title, where, viewer.name, now, zone, language)
    made = await _MAKERS[kind](session, viewer, scope, above, title)
    so_far = kind in {"today", "morning"}
    lines = [where + ".", texts.word("so_far", language).format(at=words.time(now, zone)) if so_far else ""]
    lines.append(await _late(session, event, zone, language))
    named = (("so", scope.site), ("sto", scope.sto), ("tipe", scope.type))
    query = made.query | {key: value for key, value in named if value}
    link = f"{settings().base_url}{PAGES[kind]}?{urlencode(query)}"
    payload: dict[str, Any] = {
        "text": texts.message(title, lines, made.table, link, language),
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
    }
    told = [Message(kind="report", payload=payload, lane=DIGEST)]
    if made.picture:
        file_id = await files.keep(session, f"{made.name}.png", made.picture)
        shown = {"photo": files.ATTACHED, "caption": title, "disable_notification": True}
        told.append(Message("report_chart", shown, DIGEST, "sendPhoto", file_id=file_id))
    if made.sheets:
        body = io.BytesIO()
        write_xlsx(body, made.sheets)
        file_id = await files.keep(session, f"{made.name}.xlsx", body.getvalue())
        document = {"document": files.ATTACHED, "caption": f"{title}, Excel", "disable_notification": True}
        told.append(Message("report_file", document, DIGEST, "sendDocument", file_id=file_id))
    return told


def _title(kind: str, scope: Scope, language: str) -> str:
    if kind in {"morning", "pareto"}:
        first, last = texts.day_words(scope.first), texts.day_words(scope.last)
        return f"{digest.word(kind, language)} {first if first == last else f'{first} – {last}'}"
    month = kind == "month"
    return f"{texts.word('monthly' if month else 'daily', language)} {texts.period(scope, month=month)}"


async def _month(session: AsyncSession, viewer: Viewer, scope: Scope, above: tuple[str, ...], title: str) -> Made:
    language = viewer.language
    found = await recap_month.per_day(session, viewer, scope)
    names = texts.word("heat", language), texts.word("per_day", language)
    days = [(day.day.day, day.received.total(), day.done.total()) for day in found.days]
    bars = texts.word("received", language), texts.word("done", language)
    picture = await pictures.drawn(title, bars, days) if any(received or done for _, received, done in days) else b""
    return Made(
        texts.monthly(found, language),
        {"bulan": f"{scope.first:%Y-%m}"},
        f"rekap-bulanan-{scope.first:%Y-%m}",
        list(tables.month_sheets(found, names, texts.heads(language), above)),
        picture=picture,
    )


async def _daily(session: AsyncSession, viewer: Viewer, scope: Scope, above: tuple[str, ...], _title: str) -> Made:
    language = viewer.language
    found = await recap.daily(session, viewer, scope)
    heads = texts.heads(language)
    sheets = [
        tables.daily_sheet(found, lines, texts.word(sheet, language), head, heads, above)
        for lines, sheet, head in (
            (found.stos, "per_sto", "STO"),
            (found.technicians, "per_technician", texts.word("technician", language)),
        )
    ]
    query = {"dari": scope.first.isoformat(), "sampai": scope.last.isoformat()}
    return Made(texts.daily(found, language), query, f"laporan-harian-{scope.first}", sheets)


async def _morning(session: AsyncSession, viewer: Viewer, scope: Scope, _above: tuple[str, ...], _title: str) -> Made:
    """The queue as its own page lists it: how many stand in each tab, and the most urgent."""
    given = board.Filters(sto=scope.sto, type=scope.type, site=scope.site)
    counts = {tab: await board.total(session, viewer, replace(given, view=tab)) for tab in digest.TABS}
    rows = (await board.page(session, viewer, given, size=URGENT)).rows
    table = digest.morning(counts, rows, await queries.master(session), clock.now(), viewer.language)
    return Made(table, {"tampilan": "lewat" if counts["lewat"] else "aktif"}, "daftar-pagi")


async def _pareto(session: AsyncSession, viewer: Viewer, scope: Scope, above: tuple[str, ...], _title: str) -> Made:
    found = await recap_time.lost(session, viewer, scope, viewer.language)
    query = {"dari": scope.first.isoformat(), "sampai": scope.last.isoformat()}
    sheets = [digest.pareto_sheet(found, above, viewer.language)] if found.reasons else []
    return Made(digest.pareto(found, viewer.language), query, f"pareto-kendala-{scope.first}", sheets)


_MAKERS = {"yesterday": _daily, "today": _daily, "month": _month, "morning": _morning, "pareto": _pareto}


async def _late(session: AsyncSession, event: ReportDue, zone: str, language: str) -> str:
    """What was passed over since the last one that was sent, in a sentence; empty when nothing was."""
    mine = ReportRun.schedule_id == event.schedule_id
    sent = select(func.max(ReportRun.due_at)).where(mine, ReportRun.state == "sent").scalar_subquery()
    missed, last = (
        await session.execute(
            select(func.sum(ReportRun.missed), func.max(ReportRun.due_at)).where(
                mine,
                ReportRun.why == "late",
                ReportRun.due_at < event.due_at,
                ReportRun.due_at > func.coalesce(sent, func.to_timestamp(0)),
            )
        )
    ).one()
    return texts.late(int(missed), last, zone, language) if missed else ""
