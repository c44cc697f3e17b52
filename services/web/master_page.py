"""What the pages of master data share: drawing, saving a form once, doing an act, and the news after a redirect."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from services.web import master_forms, words_master
from services.web.deps import Visit
from services.web.language import N_, _
from services.web.master_forms import Typed
from services.web.render import render
from services.web.view import Choice, Toast
from services.web.view_master import Act, Form, Master
from shared import requests
from shared.errors import Conflict, Invalid
from shared.people.access import Viewer
from shared.places.models import SiteOperation, Sto

_READ_ONLY = N_("Anda dapat melihat data ini. Perubahan dilakukan admin.")


def read_only() -> str:
    """What a page says to those who may look only."""
    return _(_READ_ONLY)


def show(visit: Visit, key: str, view: Master, *, status: int = 200, request: Request | None = None) -> HTMLResponse:
    """The page; after a redirect it says what was done."""
    said = words_master.DONE.get(request.query_params.get("kabar", "")[:20]) if request is not None else None
    shell = visit.shell(key, toast=Toast(_(said)) if said else None)
    return HTMLResponse(render("master.html", shell=shell, view=view), status)


def asked(visit: Visit, key: str, act: Act, back: Choice) -> HTMLResponse:
    """The question of an act, as a page of its own, for a browser whose script did not ask it."""
    assert act.ask is not None
    return show(visit, key, Master(title=act.ask.question, back=back, asked=act))


def done(path: str, news: str) -> RedirectResponse:
    """Go on to a page that says what was done."""
    return RedirectResponse(f"{path}?kabar={news}", 303)


async def saved(
    session: AsyncSession,
    visit: Visit,
    form: FormData,
    kind: str,
    made: Form,
    typed: Typed,
    work: Callable[[], Awaitable[Any]],
) -> tuple[Form | None, int]:
    """Do `work` once; (None, 303) when it is done, also by an earlier posting of the same form.

    Else the form as it was typed, with the words for every mistake, and the status of the answer; so it is, with its
    new mark, when somebody changed the row of a stamped form meanwhile.
    """
    if made.stamp and not typed.errors and master_forms.stale(form, made.inputs, typed):
        return master_forms.again(made, "", typed, _(words_master.STALE)), 409
    if typed.errors:
        await look(session, typed, work)
    else:
        try:
            async with session.begin_nested():
                key, person = master_forms.key_of(form), visit.viewer.person_id
                if made.key and await requests.first_time(session, person, key) is not None:
                    return None, 303
                await work()
            return None, 303
        except Invalid as error:
            typed.errors |= error.fields
        except Conflict as error:
            return master_forms.again(made, kind, typed, words_master.refused(error)), 409
    known = {each.name for each in made.inputs}
    rest = [words_master.wrong(kind, name, code) for name, code in typed.errors.items() if name not in known]
    return master_forms.again(made, kind, typed, " ".join(rest)), 422


async def look(session: AsyncSession, typed: Typed, work: Callable[[], Awaitable[Any]]) -> None:
    """Try `work` and undo it, so that a form with an unreadable field is told of its other mistakes too."""
    session.expunge_all()  # what the page read before stays readable when the trial is undone
    trial = await session.begin_nested()
    try:
        await work()
    except Invalid as error:
        typed.errors = error.fields | typed.errors
    except (Conflict, ValueError):
        pass  # what cannot be read cannot be judged
    finally:
        await trial.rollback()


async def acted(session: AsyncSession, work: Awaitable[Any]) -> str:
    """Do an act; empty when it is done, else why it was not, in words."""
    try:
        async with session.begin_nested():
            await work
    except (Conflict, Invalid) as error:
        return words_master.refused(error)
    return ""


def keyed(made: Form) -> Form:
    """A form for a new row: posting it twice makes one."""
    return replace(made, key=master_forms.new_key())


def stamped(made: Form) -> Form:
    """A form for a row that exists: it knows which values it was drawn from."""
    return replace(made, stamp=master_forms.stamp(made.inputs))


async def sites(session: AsyncSession, viewer: Viewer, *, active: bool = True) -> list[SiteOperation]:
    """The Site Operations with an STO in the viewer's area, by code; who may change them sees the empty ones too."""
    wanted = select(SiteOperation).order_by(SiteOperation.code)
    if not viewer.may("master.change"):
        wanted = wanted.where(SiteOperation.id.in_(select(Sto.site_operation_id).where(viewer.within(Sto.id))))
    if active:
        wanted = wanted.where(SiteOperation.active)
    return list(await session.scalars(wanted))


async def unit_choices(session: AsyncSession, also: frozenset[str] = frozenset()) -> tuple[Choice, ...]:
    """Every active Site Operation and below it its STO, as `so:ID` and `sto:ID`; `also`: those held though off."""
    rows = await session.execute(
        select(SiteOperation, Sto)
        .outerjoin(Sto, Sto.site_operation_id == SiteOperation.id)
        .order_by(SiteOperation.code, Sto.code)
    )
    made: dict[str, Choice] = {}
    for site, sto in rows:
        key = f"so:{site.id}"
        if site.active or key in also:
            made.setdefault(key, Choice(key, f"{site.code} {site.name}"))
        if sto is not None and (sto.active or f"sto:{sto.id}" in also):
            made[f"sto:{sto.id}"] = Choice(f"sto:{sto.id}", f"\u2014 {sto.code} {sto.name}")
    return tuple(made.values())


def ids(chosen: frozenset[str], kind: str) -> frozenset[int]:
    """The ids of one kind among `so:ID` and `sto:ID`."""
    return frozenset(int(each.partition(":")[2]) for each in chosen if each.startswith(f"{kind}:"))
