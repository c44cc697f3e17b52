"""One message to another system: what it says, and how each try to deliver it ended. Changes nothing."""

import json
from datetime import datetime

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import HTMLResponse

from services.web import labels, master_page
from services.web.deps import Session, Visit, Visitor
from services.web.language import _
from services.web.pages import webhooks
from services.web.pages.users import whole
from services.web.view import Choice
from services.web.view_master import Act, Cell, Code, Fact, Line, Master, Table
from shared.webhooks import operations, queries
from shared.webhooks.models import WebhookDelivery

router = APIRouter()

ENDED = {"sent", "dead", "cancelled"}


async def page_of(session: AsyncSession, visit: Visit, row: WebhookDelivery) -> Master:
    """The message, newest try first."""
    there = await operations.find(session, visit.viewer, row.endpoint_id)
    again = Act(_("Kirim lagi"), f"{webhooks.PATH}/kiriman/{row.id}/kirim", note=_("Isi dan nomornya tetap sama."))
    heads = (_("Waktu"), _("Jawaban"), "#" + _("Lama"), _("Kata sistem itu"))
    return Master(
        title=_(webhooks.EVENTS.get(row.kind, row.kind)),
        back=Choice(f"{webhooks.PATH}/{there.id}", there.name),
        facts=(
            Fact(_("Sistem penerima"), there.name, href=f"{webhooks.PATH}/{there.id}"),
            Fact(_("Nomor pesan"), row.name),
            Fact(_("Dibuat"), labels.moment(row.made_at, visit.zone)),
            Fact(_("Keadaan"), webhooks.state_words(row, visit)),
        ),
        facts_title=_("Pesan ini"),
        tables=(
            Table(
                "dicoba",
                _("Dicoba"),
                heads,
                tuple(_try_line(each, visit) for each in reversed(row.tries)),
                _("Belum pernah dicoba."),
            ),
        ),
        code=Code(_("Isi yang dikirim"), json.dumps(json.loads(row.body), indent=2, ensure_ascii=False)),
        acts=(again,) if row.state in ENDED else (),
    )


def _try_line(told: dict[str, object], visit: Visit) -> Line:
    answer = str(told["status"]) if told["status"] else _("tanpa jawaban")
    return Line(
        (
            Cell(labels.moment(datetime.fromisoformat(str(told["at"])), visit.zone)),
            Cell(answer),
            Cell(f"{told['ms']}{labels.NBSP}ms", "num"),
            Cell(str(told.get("words", "")), "dim"),
        )
    )


@router.get(webhooks.PATH + "/kiriman/{no}")
async def show_message(no: str, request: Request, session: Session, visit: Visitor) -> HTMLResponse:
    """One message, its tries and its body."""
    row = await queries.message(session, visit.viewer, whole(no))
    return master_page.show(visit, webhooks.KEY, await page_of(session, visit, row), request=request)
