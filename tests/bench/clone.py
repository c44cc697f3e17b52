"""From `git clone` on a machine with an empty home to the first feedback a technician sees, and where the time goes."""

import asyncio
import json
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

from deploy.local import ports, temporary
from deploy.local.program import HOUSE
from tests.bench.figures import Figure
from tests.bench.house import Servers
from tests.bench.simulator import simulator
from tests.bench.visitor import browser, fields, sign_in

CLONES = 5
NUMBER, GROUP = "SC32239101", -1002000000001  # an order that the seed types as a /reg, and the group it was typed in
WORDS = "Sudah kami terima, sedang dikerjakan."
PASSWORD = "jembatan-merah-plaza-1928"
SPLIT = ("clone", "install", "start", "seed", "road")


def run(at: Servers, *, clones: int = CLONES) -> list[Figure]:
    """Each time a new folder and a new home; the servers of `at` are not used, `up` brings its own."""
    del at
    rounds = [_once() for _ in range(clones)]
    whole = [sum(one.values()) for one in rounds]
    found = [Figure("clone", "git clone → first feedback", whole, unit="s", aim="≤ 120 s", kept=max(whole) <= 120)]
    return found + [Figure("clone", f"of it {part}", [one[part] for one in rounds], unit="s") for part in SPLIT]


def _once() -> dict[str, float]:
    """Seconds of each part."""
    with temporary.folder() as folder:
        home, house, data = folder / "home", folder / "house", folder / "data"
        home.mkdir()
        port = ports.any_free()
        plain = {name: value for name, value in temporary.plain_environment().items() if name not in _OURS}
        env = {name: value for name, value in plain.items() if not name.startswith(("VIRTUAL_ENV", "XDG_"))}
        env |= {"HOME": str(home), "SIKPRO_DEMO_PASSWORD": PASSWORD}
        began = time.monotonic()
        subprocess.run(["git", "clone", "-q", "--no-local", str(HOUSE), str(house)], check=True, env=env)
        moments = {"clone": time.monotonic()}
        command = ["./sikpro", "up", "--data", str(data), "--port", str(port)]
        up = subprocess.Popen(
            command, cwd=house, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True,
        )  # fmt: skip
        try:
            _follow(up, moments)
            asyncio.run(_road(data, port))
            moments["road"] = time.monotonic()
        finally:
            threading.Thread(target=lambda: [None for _ in up.stdout or ()], daemon=True).start()
            up.send_signal(signal.SIGINT)
            try:
                up.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(up.pid, signal.SIGKILL)
        parts, last = {}, began
        for part in SPLIT:
            parts[part], last = moments[part] - last, moments[part]
        return parts


_OURS = {"SIKPRO_ASSETS", "SIKPRO_VENV", "SIKPRO_CHROMIUM"}  # a newcomer has none of them


def _follow(up: subprocess.Popen[str], moments: dict[str, float]) -> None:
    """Read what `up` says until it welcomes; note when the packages were there, the services, and the town."""
    said = []
    for line in up.stdout or ():
        said.append(line.rstrip())
        word = line.split()[0] if line.split() else ""
        if line.startswith("SIKPRO · data"):
            moments["install"] = time.monotonic()
        elif word == "services":
            moments["start"] = time.monotonic()
        elif line.startswith("SIKPRO is up"):
            moments["seed"] = time.monotonic()
            return
    raise AssertionError("up ended before it was up:\n" + "\n".join(said[-12:]))


async def _road(data: Path, port: int) -> None:
    """What the newcomer does: sign in, open the order that a technician has just sent, say something, see it arrive."""
    base = f"http://127.0.0.1:{port}"
    sim = json.loads((data / "ports.json").read_text())["simulator"]
    async with browser() as http, simulator(f"http://127.0.0.1:{sim}") as there:
        await sign_in(http, base, "nadia", PASSWORD)
        form: dict[str, str] = {}
        until = time.monotonic() + 60
        while not form:
            async with http.get(f"{base}/order/{NUMBER}") as answer:
                _, _, page = (await answer.text()).partition('id="f-status"')
            form = fields(page.partition("</form>")[0])
            assert time.monotonic() < until, f"{NUMBER} never came"
            await asyncio.sleep(0 if form else 0.1)
        form |= {"status": "OGP", "note": WORDS, "kirim": "ya"}
        async with http.post(f"{base}/order/{NUMBER}/status", data=form, headers={"Origin": base}) as answer:
            assert answer.status == 200, f"the change was answered with {answer.status}"
        seen = await there.post("wait", chat=GROUP, contains=WORDS, timeout=60)
        assert seen["message"], "the feedback never came"
