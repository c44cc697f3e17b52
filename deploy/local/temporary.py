"""A Postgres and a Valkey for one run of tests or benches, in a folder that is gone afterwards. Never those of `up`."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from deploy.local import postgres, valkey
from deploy.local.server import Server


@contextmanager
def folder() -> Iterator[Path]:
    """A folder that the account of the servers can reach too."""
    made = Path(tempfile.mkdtemp(prefix="sikpro-"))
    made.chmod(0o711)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextmanager
def servers(*, durable: bool, broker: bool = True) -> Iterator[tuple[Server, Server | None]]:
    """(Postgres, Valkey) running; Valkey is None with broker=False."""
    with folder() as home, ExitStack() as stack:
        database = stack.enter_context(postgres.start(home / "postgres", durable=durable))
        queue = stack.enter_context(valkey.start(home / "valkey")) if broker else None
        yield database, queue


def plain_environment() -> dict[str, str]:
    """The operator's environment without his SIKPRO_ settings: a test must never meet his database or his bot."""
    kept = {"SIKPRO_ASSETS", "SIKPRO_CHROMIUM", "SIKPRO_VENV"}
    return {name: value for name, value in os.environ.items() if not name.startswith("SIKPRO_") or name in kept}
