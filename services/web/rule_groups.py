"""Which groups, and which of their topics, a rule may name. Reads only; who may ask is the page's business."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.web.language import _
from services.web.pages.groups import PURPOSES
from services.web.view import Choice
from shared.chats import binding
from shared.chats.models import Chat, ChatKind


async def choices(session: AsyncSession) -> list[Choice]:
    """Every group, and behind it each of its topics that something is bound to: the bot knows of no others."""
    rows = await session.execute(
        select(Chat.id, Chat.title)
        .where(Chat.kind != ChatKind.PRIVATE, Chat.migrated_to.is_(None))
        .order_by(Chat.title)
    )
    names = {number: _("Grup {title}", title=title or number) for number, title in rows}
    topics: dict[tuple[int, int], list[str]] = {}
    for each in await binding.bindings(session, list(names)):
        if each.thread_id is not None and not each.lost:
            what = f"{_(PURPOSES[each.purpose])} {each.unit_code}"
            topics.setdefault((each.chat_id, each.thread_id), []).append(what)
    made = []
    for number, name in names.items():
        made.append(Choice(f"chat:{number}", name))
        for (chat, thread), served in topics.items():
            if chat == number:
                label = _("{group}, topik {thread} ({what})", group=name, thread=thread, what=", ".join(served))
                made.append(Choice(f"chat:{number}#{thread}", label))
    return made
