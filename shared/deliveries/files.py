"""Files that go along with a message: kept as they were made, with their hash, so that every try sends the same."""

import hashlib

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import transaction
from shared.deliveries.models import Delivery, DeliveryFile
from shared.telegram import Upload

ATTACHED = "attach://file"
"""What a payload names in the place of its document."""


class BrokenFile(Exception):  # noqa: N818 a sentence, not a suffix
    """The file of a delivery is not there any more, or not what it was."""


async def keep(session: AsyncSession, name: str, body: bytes) -> int:
    """Keep a file for a delivery; its id."""
    row = {"name": name, "sha256": hashlib.sha256(body).hexdigest(), "body": body}
    return (await session.execute(insert(DeliveryFile).values(row).returning(DeliveryFile.id))).scalar_one()


async def of(delivery: Delivery) -> Upload | None:
    """What goes along with a delivery, if anything. Raises BrokenFile."""
    if delivery.file_id is None:
        return None
    async with transaction() as session:
        kept = await session.get(DeliveryFile, delivery.file_id)
    if kept is None or hashlib.sha256(kept.body).hexdigest() != kept.sha256:
        raise BrokenFile
    return Upload("file", kept.name, kept.body)
