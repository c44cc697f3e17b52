"""`python -m shared.audit verify [NUMBER:SEAL …]`: whether the audit log is as it was written; names what is not.

The log is also held against every anchor: those in the database, those in the data folder, and those that are given,
as a line of the relay's log says them. So rows that were cut off its end are noticed too.
"""

import asyncio
import sys

from shared import db
from shared.audit import anchors
from shared.audit.anchors import Noted
from shared.audit.chain import Fault, faults
from shared.settings import settings

SHOWN = 20


async def verify(given: list[Noted]) -> int:
    """Print every fault (the first few) and how far it was read; returns the number of faults."""
    engine = db.connect(settings().asyncpg_url, pool_size=1)
    found: list[Fault] = []
    told = ""
    try:
        async with db.transaction() as session:
            async for said in faults(session):
                if isinstance(said, Fault):
                    found.append(said)
                else:
                    told = f"{said.rows} rows read, {{}} faults, last seal {said.last or '-'}"
            noted = [*await anchors.kept(session), *anchors.in_file(), *given]
            found += await anchors.broken(session, noted)
        for fault in found[:SHOWN]:
            print(f"row {fault.id} of the audit log is {fault.why}")
        print(told.format(len(found)) + f", {len(set(noted))} anchors")
    finally:
        await engine.dispose()
    return len(found)


if __name__ == "__main__":
    try:
        asked = [anchors.read(words) for words in sys.argv[2:]]
    except ValueError as error:
        sys.exit(f"no anchor: {error}")
    if sys.argv[1:2] != ["verify"]:
        sys.exit("usage: python -m shared.audit verify [NUMBER:SEAL …]")
    sys.exit(1 if asyncio.run(verify(asked)) else 0)
