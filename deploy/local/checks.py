"""`./sikpro check`: everything that can be known without running the product, two checks at a time. Changes no file."""

import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from deploy.local import temporary
from deploy.local.program import HOUSE
from deploy.local.say import line

BIN = Path(sys.executable).parent


def check() -> int:
    """One line a check with its time, the words of those that fail; 1 when any failed."""
    began = time.monotonic()
    with temporary.servers(durable=False, broker=False) as (database, _):
        env = {**temporary.plain_environment(), "SIKPRO_DATABASE_URL": database.url, "SIKPRO_REDIS_URL": "redis://none"}
        checks: dict[str, Sequence[Sequence[str]]] = {
            "types": ([str(BIN / "mypy"), "--no-error-summary"],),
            "lint": ([str(BIN / "ruff"), "check", "--quiet", "--no-cache", "."],),
            "format": ([str(BIN / "ruff"), "format", "--check", "--quiet", "."],),
            "imports": ([str(BIN / "lint-imports"), "--no-logo"],),
            "migrations": (
                [sys.executable, "-m", "shared.migrate"],
                [sys.executable, "-m", "shared.migrate", "--check"],
            ),
        }
        with ThreadPoolExecutor(2) as pool:
            failed = [
                name
                for name, passed in pool.map(lambda item: _one(item[0], item[1], env), checks.items())
                if not passed
            ]
    verdict = f"failed: {', '.join(failed)}" if failed else "all checks pass"
    line(f"{verdict} ({time.monotonic() - began:.0f} s)")
    return 1 if failed else 0


def _one(name: str, commands: Sequence[Sequence[str]], env: dict[str, str]) -> tuple[str, bool]:
    began = time.monotonic()
    words = ""
    passed = True
    for command in commands:
        done = subprocess.run(command, check=False, cwd=HOUSE, env=env, capture_output=True, text=True)
        words += done.stdout + done.stderr
        passed = passed and done.returncode == 0
    line(f"  {name:<11} {'ok' if passed else 'FAILED':<8} {time.monotonic() - began:5.1f} s")
    if not passed:
        line(words.rstrip())
    return name, passed
