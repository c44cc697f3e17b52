"""One process that plays Telegram: Bot API, control API, chat page, on 127.0.0.1 only. It needs no database."""

import asyncio
import contextlib
import gc
import logging
import os
import signal
from functools import partial
from pathlib import Path

from aiohttp import ClientSession, web

from deploy.simulator import botapi, control, files, hooks, snapshot, table
from deploy.simulator.page import routes

log = logging.getLogger("simulator")


def make_app(door: botapi.Door, folder: Path, base_url: str) -> web.Application:
    app = web.Application(client_max_size=60_000_000)
    app[botapi.DOOR] = door
    app[control.FOLDER] = folder
    app.router.add_route("*", "/bot{token:[^/]+}/{method}", botapi.bot_call)
    app.router.add_get("/file/bot{token:[^/]+}/{path:.+}", botapi.bot_file)
    control.add_routes(app)
    routes.add_routes(app, base_url)
    return app


async def serve(port: int, folder: Path, base_url: str, *, saves: bool = True) -> None:
    """Until SIGTERM or SIGINT; the world is saved on the way out, and before that now and then where `saves`."""
    files.keep_in(folder / "files")
    kept = folder / "state.json"
    door = botapi.Door(snapshot.load(kept), table.load(folder)["methods"])
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, door.stopping.set)
    runner = web.AppRunner(make_app(door, folder, base_url), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=1024).start()
    gc.freeze()  # the table and the modules never become garbage
    log.info("simulator ready on http://127.0.0.1:%s/demo", port)
    try:
        async with ClientSession() as session, asyncio.TaskGroup() as group:
            pushing = hooks.Pushing(group, session)
            if saves:
                group.create_task(snapshot.keep_saving(door.world, kept))
            group.create_task(hooks.keep_pushing(door.world, pushing, partial(botapi.call_from_hook, door)))
            group.create_task(_stop(door))
    except* _Stopped:
        log.info("simulator stops")
    finally:
        snapshot.save(door.world, kept)
        door.world.down = True
        door.world.changed.set()
        await runner.cleanup()


class _Stopped(Exception):  # noqa: N818 the ordinary end, not an error
    """SIGTERM came."""


async def _stop(door: botapi.Door) -> None:
    await door.stopping.wait()
    raise _Stopped


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    data = Path(os.environ.get("SIKPRO_DATA", "var"))
    port = int(os.environ.get("SIKPRO_SIM_PORT", "8081"))
    base_url = os.environ.get("SIKPRO_BASE_URL", "http://127.0.0.1:8080")
    # A save stops the world, for up to a twentieth of the time: benches do without.
    saves = os.environ.get("SIKPRO_SIM_SAVES", "1") != "0"
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(port, data / "simulator", base_url, saves=saves))


if __name__ == "__main__":
    main()
