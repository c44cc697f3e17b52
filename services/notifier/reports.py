"""Scheduled reports on their way out: the same query as the page, a short text and the Excel file. It decides no time.

Whether the owner may still have it is asked again here, at the moment of sending, with the area of that moment.
"""

import io
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifier.listeners import ears
from shared import audit, clock, words
from shared.chats.models import Chat, ChatKind
from shared.deliveries import files
from shared.deliveries import operations as deliveries
from shared.deliveries.operations import DIGEST, Message
from shared.events import EventRow
from shared.people.access import Viewer
from shared.people.models import Person
from shared.people.queries import viewer_of
from shared.reports import recap, recap_month, schedules, tables
from shared.reports import say as texts
from shared.reports.area import home_of
from shared.reports.events import ReportDue
from shared.reports.models import ReportRun, ReportSchedule
from shared.reports.recap_scope import Scope
from shared.reports.sheets import Sheet, write_xlsx
from shared.settings import settings

PAGES = {"yesterday": "/laporan/harian", "today": "/laporan/harian", "month": "/laporan/bulanan"}


@ears.hears(ReportDue)
async def send_report(session: AsyncSession, row: EventRow, event: ReportDue) -> None:
    """Queue the report for its owner's private chat, or note why it gets none."""
    schedule = await session.get(ReportSchedule, event.schedule_id)
    if schedule is None:
        return
    person = (await session.scalars(select(Person).where(Person.id == schedule.person_id))).one()
    viewer = await viewer_of(session, person)
    why = _refused(schedule, person, viewer)
    if why:
        await _close(session, event, "skipped", why)
        return
    scope = schedules.scope_of(schedule, event.due_at)
    text, sheets, name, title = await _made(session, viewer, schedule, scope, event)
    body = io.BytesIO()
    write_xlsx(body, sheets)
    file_id = await files.keep(session, f"{name}.xlsx", body.getvalue())
    assert person.telegram_id is not None
    chat = insert(Chat).values(id=person.telegram_id, kind=ChatKind.PRIVATE, title=person.name)
    await session.execute(chat.on_conflict_do_nothing())
    payload: dict[str, Any] = {
        "text": text,
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
    }
    said = Message(kind="report", payload=payload, lane=DIGEST)
    document = {"document": files.ATTACHED, "caption": f"{title}, Excel", "disable_notification": True}
    attached = Message(kind="report_file", payload=document, lane=DIGEST, method="sendDocument", file_id=file_id)
    for message in (said, attached):
        await deliveries.queue(session, person.telegram_id, message, event_id=row.id)
    await _close(session, event, "sent", "")
    details = {"kind": schedule.kind, "first": scope.first.isoformat(), "sto": scope.sto, "type": scope.type}
    told = {key: value for key, value in details.items() if value}
    await audit.note(session, person.id, "system", "schedule.sent", f"schedule:{schedule.id}", told)


def _refused(schedule: ReportSchedule, person: Person, viewer: Viewer) -> str:
    """Why nothing is sent, as a key; empty when it may be."""
    if schedule.ended_at is not None:
        return "ended"
    if not schedule.active:
        return "paused"
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


async def _made(
    session: AsyncSession, viewer: Viewer, schedule: ReportSchedule, scope: Scope, event: ReportDue
) -> tuple[str, list[Sheet], str, str]:
    """(text, tables, the file's name without ending, title) of a report as it is now."""
    language, zone = viewer.language, schedule.zone
    month = schedule.kind == "month"
    now = clock.now()
    stos = (await home_of(session, viewer)).stos if viewer.stos is not None else ()
    title = f"{texts.word('monthly' if month else 'daily', language)} {texts.period(scope, month=month)}"
    where = texts.area(stos, scope, language)
    heads, above = texts.heads(language), texts.title_lines(title, where, viewer.name, now, zone, language)
    sheets: list[Sheet]
    if month:
        per_day = await recap_month.per_day(session, viewer, scope)
        table = texts.monthly(per_day, language)
        names = texts.word("heat", language), texts.word("per_day", language)
        sheets = list(tables.month_sheets(per_day, names, heads, above))
        query, name = {"bulan": f"{scope.first:%Y-%m}"}, f"rekap-bulanan-{scope.first:%Y-%m}"
    else:
        found = await recap.daily(session, viewer, scope)
        table = texts.daily(found, language)
        sheets = [
            tables.daily_sheet(found, lines, texts.word(sheet, language), head, heads, above)
            for lines, sheet, head in (
                (found.stos, "per_sto", "STO"),
                (found.technicians, "per_technician", texts.word("technician", language)),
            )
        ]
        query = {"dari": scope.first.isoformat(), "sampai": scope.last.isoformat()}
        name = f"laporan-harian-{scope.first}"
    lines = [where + ".", await _late(session, event, zone, language)]
    if schedule.kind == "today":
        lines.insert(1, texts.word("so_far", language).format(at=words.time(now, zone)))
    query |= {key: value for key, value in (("sto", scope.sto), ("tipe", scope.type)) if value}
    link = f"{settings().base_url}{PAGES[schedule.kind]}?{urlencode(query)}"
    return texts.message(title, lines, table, link, language), sheets, name, title


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
