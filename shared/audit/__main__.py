"""`python -m shared.audit verify`: says whether the audit log is as it was written, and names what is not."""

import asyncio
import sys

from shared import db
from shared.audit.chain import Fault, faults
from shared.settings import settings

SHOWN = 20


async def verify() -> int:
    """Print every fault (the first few) and how far it was read; returns the number of faults."""
    engine = db.connect(settings().asyncpg_url, pool_size=1)
    found = 0
    try:
        async with db.transaction() as session:
            async for said in faults(session):
                if isinstance(said, Fault):
                    found += 1
                    if found <= SHOWN:
                        print(f"row {said.id} of the audit log is {said.why}")
                    continue
                print(f"{said.rows} rows read, {found} faults, last seal {said.last or '-'}")
    finally:
        await engine.dispose()
    return found


if __name__ == "__main__":
    if sys.argv[1:] != ["verify"]:
        sys.exit("usage: python -m shared.audit verify")
    sys.exit(1 if asyncio.run(verify()) else 0)
