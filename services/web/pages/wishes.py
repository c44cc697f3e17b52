"""What one wishes about private messages from the bot: mute, quiet hours, once an hour. Escalations heed none of it."""

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from services.web import master_forms, master_page
from services.web.deps import Form, Session, Visit, Visitor
from services.web.language import _
from services.web.pages.notices import called
from services.web.view import Choice
from services.web.view_master import Form as Drawn
from services.web.view_master import Input, Master
from shared.errors import Invalid
from shared.notify import kinds, operations, queries

router = APIRouter()

PATH = "/profil/pemberitahuan"


async def _wish_form(session: AsyncSession, visit: Visit) -> Drawn:
    wish = await queries.wish_of(session, visit.viewer.person_id)
    fields = (
        Input(
            "muted",
            _("Bisukan"),
            "checks",
            choices=tuple(Choice(each, called(*kinds.parted(each))) for each in kinds.MUTABLE),
            required=False,
        ),
        Input("begins", _("Jam tenang mulai"), "time", required=False, hint=_("Waktu wilayah order itu.")),
        Input("ends", _("Jam tenang selesai"), "time", required=False),
        Input("hourly", _("Kumpulkan, kirim sekali tiap jam"), "check"),
    )
    held = {"muted": wish.muted, "begins": wish.quiet_from, "ends": wish.quiet_to, "hourly": wish.hourly}
    filled = master_forms.filled(fields, held)
    return Drawn("pesan", _("Pesan pribadi dari bot"), PATH, filled, cancel="/profil")


def _own_page(form: Drawn) -> Master:
    return Master(
        title=_("Pemberitahuan saya"),
        lead=_(
            "Berlaku untuk peringatan pertama saja. Eskalasi, lewat SLA, dan gangguan selalu langsung "
            "sampai kepada Anda."
        ),
        back=Choice("/profil", _("Profil")),
        forms=(form,),
    )


@router.get(PATH)
async def show_wishes(request: Request, session: Session, visit: Visitor) -> HTMLResponse:
    """One's own wishes."""
    view = _own_page(await _wish_form(session, visit))
    return master_page.show(visit, "profil", view, request=request)


@router.post(PATH)
async def change_wishes(session: Session, visit: Visitor, form: Form) -> Response:
    """Mute, quiet hours, hourly."""
    made = await _wish_form(session, visit)
    typed = master_forms.read(form, made.inputs)
    begins, ends = (typed.hour(name) if typed.values[name] else None for name in ("begins", "ends"))
    if (begins is None) != (ends is None):
        typed.errors["ends" if ends is None else "begins"] = "missing"
    quiet = (begins, ends) if begins is not None and ends is not None else None

    async def work() -> None:
        try:
            hourly = bool(typed.values["hourly"])
            await operations.wish(session, visit.viewer, typed.many["muted"], quiet, hourly=hourly)
        except Invalid as error:
            raise Invalid(
                **{"ends" if name == "quiet" else name: code for name, code in error.fields.items()}
            ) from error

    again, status = await master_page.saved(session, visit, form, "wish", made, typed, work)
    if again is None:
        return master_page.done(PATH, "disimpan")
    return master_page.show(visit, "profil", _own_page(again), status=status)
