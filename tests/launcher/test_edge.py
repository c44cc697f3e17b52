"""The one address: web, ingest and the simulator's pages behind it, streams included."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
import uvicorn
from aiohttp import web
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from deploy.local import edge, ports

BODY = b"x" * 200_000


def room(name: str, opened: list[str]) -> Starlette:
    """An app that notes its lifespan and tells what it was asked."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, str]]:
        opened.append(f"{name} opened")
        yield {name: "state"}
        opened.append(f"{name} closed")

    async def tell(request: Request) -> Response:
        return JSONResponse({"room": name, "path": request.url.path, "state": request.scope["state"].get(name)})

    async def endless(_: Request) -> Response:
        async def ticks() -> AsyncIterator[bytes]:
            while True:
                yield b"data: tick\n\n"
                await asyncio.sleep(0.05)

        return StreamingResponse(ticks(), media_type="text/event-stream")

    return Starlette(routes=[Route("/stream", endless), Route("/{rest:path}", tell)], lifespan=lifespan)


async def chat(request: web.Request) -> web.StreamResponse:
    """A simulator that tells what reached it, and streams at /demo/live."""
    if request.path == "/demo/live":
        stream = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await stream.prepare(request)
        for number in range(100):
            await stream.write(f"data: {number}\n\n".encode())
            await asyncio.sleep(0.05)
        return stream
    body = await request.read()
    answer = {"raw": request.raw_path, "headers": {**request.headers}, "length": len(body)}
    return web.json_response(answer, headers={"set-cookie": "mine=1", "x-own": "yes"}, status=201)


@asynccontextmanager
async def serving(app: Starlette) -> AsyncIterator[tuple[str, uvicorn.Server]]:
    port = ports.any_free()
    config = uvicorn.Config(app, port=port, log_level="error", lifespan="on", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    async with asyncio.TaskGroup() as group:
        group.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{port}", server
        finally:
            server.should_exit = True


@pytest.fixture
async def simulator() -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", chat)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    port = ports.any_free()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield f"http://127.0.0.1:{port}"
    await runner.cleanup()


async def test_each_room_answers_under_its_path_with_its_own_lifespan(simulator: str) -> None:
    opened: list[str] = []
    app = edge.build(room("web", opened), room("ingest", opened), simulator)
    async with serving(app) as (base, _), aiohttp.ClientSession(base) as browser:
        for path, name in (("/", "web"), ("/order/SC1", "web"), ("/ingest/upload", "ingest")):
            async with browser.get(path) as answer:
                told = await answer.json()
                assert (told["room"], told["state"]) == (name, "state")
    assert sorted(opened) == ["ingest closed", "ingest opened", "web closed", "web opened"]


async def test_the_simulator_hears_who_asks_but_no_secret_of_the_dashboard(simulator: str) -> None:
    app = edge.build(room("web", []), None, simulator)
    sent = {
        "cookie": "session=1",
        "authorization": "Bearer x",
        "x-forwarded-for": "1.2.3.4",
        "origin": "http://a",
        "sec-fetch-site": "same-origin",
    }
    path = "/demo/say%2Fit?a=1&b=%20"
    async with (
        serving(app) as (base, _),
        aiohttp.ClientSession(base) as browser,
        browser.post(path, headers=sent, data=BODY) as answer,
    ):
        told = await answer.json()
        assert answer.status == 201
        assert "set-cookie" not in answer.headers
        assert answer.headers["x-own"] == "yes"
    heard = {name.lower(): value for name, value in told["headers"].items()}
    assert told["raw"] == path
    assert told["length"] == len(BODY)
    assert not {"cookie", "authorization", "x-forwarded-for"} & set(heard)
    assert (heard["origin"], heard["sec-fetch-site"], heard["host"]) == ("http://a", "same-origin", base[7:])


async def test_events_of_the_simulator_arrive_one_by_one(simulator: str) -> None:
    app = edge.build(room("web", []), None, simulator)
    async with serving(app) as (base, _), aiohttp.ClientSession(base) as browser, browser.get("/demo/live") as stream:
        began = asyncio.get_running_loop().time()
        assert await stream.content.readuntil(b"\n\n") == b"data: 0\n\n"
        assert await stream.content.readuntil(b"\n\n") == b"data: 1\n\n"
        assert asyncio.get_running_loop().time() - began < 2  # the whole stream takes five


async def test_without_a_simulator_the_page_says_so() -> None:
    app = edge.build(room("web", []), None, f"http://127.0.0.1:{ports.any_free()}")
    async with serving(app) as (base, _), aiohttp.ClientSession(base) as browser, browser.get("/demo") as answer:
        assert answer.status == 502
        assert "./sikpro ps" in await answer.text()


async def test_outside_demo_mode_the_path_is_the_webs(simulator: str) -> None:
    app = edge.build(room("web", []), None, None)
    async with serving(app) as (base, _), aiohttp.ClientSession(base) as browser, browser.get("/demo") as answer:
        assert (await answer.json())["room"] == "web"
