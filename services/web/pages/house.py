"""What is not a page: health, the icon, what robots may read, and files of others that the browser needs."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse

from services.web.render import STATIC
from shared.reports import health

router = APIRouter()


@router.get("/health")
async def show_health() -> JSONResponse:
    """Every part with what to do; 200 while the house is usable, 503 when a vital part is not."""
    parts = await health.look()
    usable = all(part.ok for part in parts if part.vital)
    listed: list[dict[str, Any]] = [
        {"name": part.name, "ok": part.ok, "detail": part.detail, "do": part.do} for part in parts
    ]
    said = "ok" if all(part.ok for part in parts) else "degraded" if usable else "down"
    return JSONResponse({"status": said, "parts": listed}, 200 if usable else 503)


@router.get("/favicon.ico")
async def show_icon() -> FileResponse:
    """Browsers ask for it by this name whatever the page says."""
    return FileResponse(STATIC / "favicon.svg", media_type="image/svg+xml")


@router.get("/robots.txt")
async def show_robots() -> PlainTextResponse:
    """Nothing here is for search engines."""
    return PlainTextResponse("User-agent: *\nDisallow: /\n")
