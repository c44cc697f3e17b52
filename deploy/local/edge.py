"""The one address people use: web at /, ingest at /ingest, and in demo mode the simulator's pages at /demo.

Only for one machine; compose and Kubernetes route by path instead. Decides nothing: it mounts and passes on.
"""

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

# Hop-by-hop fields (RFC 9110 §7.6.1) belong to one connection;
# cookies and tokens of the dashboard are none of the simulator's business.
NOT_PASSED_ON = {
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding",
    "upgrade", "cookie", "authorization", "content-length", "expect", "forwarded",
}  # fmt: skip
NOT_PASSED_BACK = NOT_PASSED_ON - {"content-length"} | {"set-cookie", "server", "date"}
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def build(web: ASGIApp, ingest: ASGIApp | None, simulator: str | None) -> Starlette:
    """One app of several; each keeps its own lifespan. simulator: base address, None outside demo mode."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[dict[str, Any]]:
        async with AsyncExitStack() as stack:
            state: dict[str, Any] = {}
            for mounted in (web, ingest):
                if mounted is not None and hasattr(mounted, "router"):
                    state |= await stack.enter_async_context(mounted.router.lifespan_context(mounted)) or {}
            if simulator:
                # no time limit on the whole: a stream of events is meant to stay open
                patience = aiohttp.ClientTimeout(total=None, sock_connect=3)
                client = aiohttp.ClientSession(
                    timeout=patience, auto_decompress=False, connector=aiohttp.TCPConnector(limit=0),
                    cookie_jar=aiohttp.DummyCookieJar(),
                )  # fmt: skip
                app.state.to_simulator = await stack.enter_async_context(client)
            yield state

    routes: list[BaseRoute] = []
    if simulator:

        async def demo(request: Request) -> Response:
            return await pass_on(request, request.app.state.to_simulator, simulator)

        routes += [Route("/demo", demo, methods=METHODS), Route("/demo/{rest:path}", demo, methods=METHODS)]
    if ingest is not None:
        routes.append(Mount("/ingest", app=ingest))
    routes.append(Mount("/", app=web))
    return Starlette(routes=routes, lifespan=lifespan)


async def pass_on(request: Request, client: aiohttp.ClientSession, base: str) -> Response:
    """The same request to `base`, its answer passed back piece by piece as it comes."""
    headers = [
        (name, value)
        for name, value in request.headers.items()
        if name not in NOT_PASSED_ON and not name.startswith("x-forwarded")
    ]
    has_body = "content-length" in request.headers or "transfer-encoding" in request.headers
    query = request.scope["query_string"].decode("latin-1")
    path = request.scope["raw_path"].decode("latin-1") + (f"?{query}" if query else "")
    try:
        answer = await client.request(
            request.method, _exactly(base + path), headers=headers, allow_redirects=False,
            data=request.stream() if has_body else None,
        )  # fmt: skip
    except aiohttp.ClientError:
        return PlainTextResponse(
            "Simulator Telegram sedang tidak berjalan. Lihat ./sikpro ps.\n"
            "The Telegram simulator is not running. See ./sikpro ps.\n",
            status_code=502,
        )

    async def pieces() -> AsyncIterator[bytes]:
        try:
            async for piece in answer.content.iter_any():
                yield piece
        finally:
            answer.close()

    back = StreamingResponse(pieces(), status_code=answer.status)
    back.raw_headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in answer.headers.items()
        if name.lower() not in NOT_PASSED_BACK
    ]
    return back


def _exactly(address: str) -> Any:
    from yarl import URL

    return URL(address, encoded=True)


def main() -> None:
    from services.ingest.app import app as ingest
    from services.web.app import app as web

    simulator = f"http://127.0.0.1:{os.environ['SIKPRO_SIM_PORT']}" if os.environ.get("SIKPRO_DEMO") == "1" else None
    uvicorn.run(
        build(web, ingest, simulator),
        host="127.0.0.1",
        port=int(os.environ.get("SIKPRO_PORT", "8080")),
        loop="uvloop",
        http="httptools",
        lifespan="on",
        proxy_headers=False,  # nobody stands in front of this address: X-Forwarded-… would be a client's invention
        server_header=False,
        access_log=False,
        log_level="info",
        timeout_graceful_shutdown=2,  # an open stream of events would otherwise keep it alive for ever
        timeout_keep_alive=30,
        h11_max_incomplete_event_size=32768,
    )


if __name__ == "__main__":
    main()
