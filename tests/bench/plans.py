"""What Postgres really did for a page: auto_explain writes each statement's plan into the server's log."""

import re
from dataclasses import dataclass
from pathlib import Path

import asyncpg

_HEAD = re.compile(r"^\S+ \S+ \S+ \[\d+\] .*?LOG:  duration: ([\d.]+) ms  plan:$")
_WHOLE_TABLES = ("orders", "event", "delivery")


@dataclass(frozen=True, slots=True)
class Plan:
    """One statement as it ran, in milliseconds."""

    took: float
    text: str

    @property
    def reads_whole(self) -> list[str]:
        """The large tables that were read from end to end."""
        found = re.findall(r"Seq Scan on (\w+)", self.text)
        return [name for name in found if name in _WHOLE_TABLES]


async def log_of(url: str) -> Path:
    """The log of the embedded server behind a superuser's URL."""
    connection = await asyncpg.connect(url)
    cluster = Path(await connection.fetchval("SHOW data_directory"))
    await connection.close()
    return cluster.parent / "postgres.log"


async def explain_all(url: str) -> None:
    """From the next connection on, every statement in this database is explained as it runs."""
    name = url.rsplit("/", 1)[1]
    connection = await asyncpg.connect(url)
    for setting in (
        "session_preload_libraries = 'auto_explain'",
        "auto_explain.log_min_duration = 0",
        "auto_explain.log_analyze = on",
        "auto_explain.log_buffers = on",
    ):
        await connection.execute(f"ALTER DATABASE {name} SET {setting}")
    await connection.close()


def read(log: str) -> list[Plan]:
    """The plans in a piece of the log, in the order in which the statements ended."""
    found: list[Plan] = []
    took, lines = "", []
    for line in [*log.splitlines(), ""]:
        if took and line.startswith("\t"):
            lines.append(line[1:])
            continue
        if took:
            found.append(Plan(float(took), "\n".join(lines)))
        head = _HEAD.match(line)
        took, lines = (head[1], []) if head else ("", [])
    return found
