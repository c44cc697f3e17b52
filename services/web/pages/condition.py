"""How the house fares, for people: the same parts and figures as /health, in words, each with what to do."""

from dataclasses import replace

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from services.web.deps import Onlooker
from services.web.render import render
from services.web.view_office import Condition, Worst
from services.web.words_condition import WEBHOOKS, standing
from shared.reports import health

router = APIRouter()


@router.get("/kesehatan")
async def show_condition(visit: Onlooker) -> HTMLResponse:
    """Every part, what is not well first; 200 also when something is wrong, since the page itself is well."""
    visit.viewer.must("health.read")
    parts = await health.look()
    usable = all(part.ok for part in parts if part.vital)
    worst: Worst = "ok" if all(part.ok for part in parts) else "degraded" if usable else "down"
    told = sorted((replace(standing(part), key=part.name) for part in parts), key=lambda each: each.ok)
    if not visit.viewer.may("webhook.change"):  # their page would refuse
        told = [replace(each, href="") if each.href == WEBHOOKS else each for each in told]
    view = Condition(parts=tuple(told), worst=worst, everywhere=visit.viewer.stos is None)
    return HTMLResponse(render("condition.html", shell=visit.shell("kesehatan", live="/kesehatan/langsung"), view=view))
