"""`./sikpro test` and `./sikpro bench`: servers of their own around pytest or the bench, gone afterwards."""

import subprocess
import sys

from deploy.local import assets, browser, temporary
from deploy.local.checks import check
from deploy.local.program import HOUSE

SIDE_BY_SIDE = ["-n", "3", "--dist", "loadscope", "--no-loadscope-reorder"]
"""Three processes side by side, in the parts of tests/conftest.py: many tests wait for other processes."""


def test(arguments: list[str], *, full: bool) -> int:
    """Check, then pytest with `arguments`; its exit code. With arguments that choose tests the check is left out.

    The tests find SIKPRO_TEST_DATABASE_URL (a superuser's), SIKPRO_TEST_REDIS_URL, SIKPRO_ASSETS and SIKPRO_CHROMIUM.
    """
    chosen = any(not argument.startswith("-") for argument in arguments)
    if not chosen and check():
        return 1
    marks = [] if full or "-m" in arguments else ["-m", "not full"]
    side_by_side = [] if chosen else SIDE_BY_SIDE
    return _with_servers(["-m", "pytest", *marks, *side_by_side, *arguments], durable=False, browser_too=True)


def bench(arguments: list[str]) -> int:
    """`python -m tests.bench` with servers that write as they do in use; its exit code."""
    return _with_servers(["-m", "tests.bench", *arguments], durable=True, browser_too=False)


def _with_servers(command: list[str], *, durable: bool, browser_too: bool) -> int:
    place = assets.folder()
    assets.fetch(place)
    env = {**temporary.plain_environment(), "SIKPRO_ASSETS": str(place)}
    if browser_too and (chromium := browser.find()):
        env["SIKPRO_CHROMIUM"] = chromium
    with temporary.servers(durable=durable) as (database, queue):
        env |= {"SIKPRO_TEST_DATABASE_URL": database.url, "SIKPRO_TEST_REDIS_URL": queue.url if queue else ""}
        running = subprocess.Popen([sys.executable, *command], cwd=HOUSE, env=env)
        while True:
            try:
                return running.wait()
            except KeyboardInterrupt:  # it got the Ctrl-C too and ends by itself; the servers wait for it
                continue
