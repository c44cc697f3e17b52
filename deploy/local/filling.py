"""Schema and demo town: runs the modules that make them and keeps the town's password. Changes no table itself."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import asyncpg

from deploy.local import external, secret
from deploy.local.processes import Place
from deploy.local.program import HOUSE, last_words
from deploy.local.say import give_up

ROUND = 0.1  # s between two looks at a running seed


def run(module: str, env: Mapping[str, str], log: Path) -> None:
    """Run a module of ours to its end. Raises CannotGoOnError with its last words when it fails."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as words:
        done = subprocess.run(
            [sys.executable, "-m", module], check=False, cwd=HOUSE, env=env, stdout=words, stderr=words
        )
    if done.returncode:
        give_up(f"{module} failed: {last_words(log, 12)}")


def seed(
    place: Place,
    env: Mapping[str, str],
    one_round: Callable[[float], None] = time.sleep,
    ending: Sequence[str] = (),
) -> None:
    """Seed through the running services, looked after meanwhile; given up as soon as `ending` holds something.

    Raises CannotGoOnError with its last words when it fails; the next `up` tries again.
    """
    log = place.log("seed")
    log.parent.mkdir(parents=True, exist_ok=True)
    unfinished(place).touch()
    with log.open("wb") as words:
        seeding = subprocess.Popen(
            [sys.executable, "-m", "deploy.seed"],
            cwd=HOUSE,
            stdout=words,
            stderr=words,
            env={**env, "SIKPRO_DEMO_PASSWORD": demo_password(place)},
        )
        while seeding.poll() is None:
            one_round(ROUND)
            if ending:
                seeding.terminate()
                seeding.wait()
                return
    if seeding.returncode:
        give_up(f"The seed failed: {last_words(log, 12)}")
    unfinished(place).unlink()


def unfinished(place: Place) -> Path:
    """There while a seed runs; what it leaves when it was cut short is completed by the next one."""
    return place.data / "seed.unfinished"


def demo_password(place: Place) -> str:
    """The password for a town about to be made: the operator's, else one generated and kept. There is no default."""
    kept = place.data / "demo-password"
    if given := os.environ.get("SIKPRO_DEMO_PASSWORD"):
        kept.unlink(missing_ok=True)  # so that welcome never prints a password that opens nothing
        return given
    return secret.kept(kept)


def known_password(place: Place) -> str:
    """What to tell the operator about the password of the town that is there."""
    try:
        return (place.data / "demo-password").read_text().strip()
    except OSError:
        return "the SIKPRO_DEMO_PASSWORD of the day it was seeded"


def is_empty(url: str) -> bool:
    """Whether nobody lives there yet. Raises CannotGoOnError when the database does not answer."""

    async def anyone() -> bool:
        connection = await asyncpg.connect(external.plain(url), timeout=10)
        try:
            return not await connection.fetchval("SELECT EXISTS (SELECT 1 FROM person)")
        finally:
            await connection.close()

    try:
        return asyncio.run(anyone())
    except (OSError, asyncpg.PostgresError, TimeoutError) as error:
        give_up(f"The database does not answer: {error}")
