"""People who talk to the real dispatcher: each act is an Update as Telegram would send it, each answer a delivery."""

from dataclasses import dataclass, field
from itertools import count
from typing import Any

from sqlalchemy import select

from services.bot import app
from services.bot.answers import Dress, Toast
from shared.db import transaction
from shared.deliveries.models import Delivery
from tests.conftest import TOKEN

BOT = {"id": 731904, "is_bot": True, "first_name": "SIKPRO", "username": "sikpro_bot"}
_message = count(1000)
_update = count(1)


@dataclass
class Heard:
    """What the bot answered to one act: its messages, the toast of a pressed button, the chat's new menu."""

    deliveries: list[Delivery] = field(default_factory=list)
    toast: str | None = None
    message_id: int = 0
    menu: tuple[str, ...] = ()

    @property
    def texts(self) -> list[str]:
        return [row.payload["text"] for row in self.deliveries if "text" in row.payload]

    @property
    def text(self) -> str:
        """The one answer."""
        assert len(self.texts) == 1, self.texts
        return self.texts[0]

    @property
    def silent(self) -> bool:
        return not self.deliveries and self.toast is None

    def button(self, label: str) -> str:
        """The callback data of a button of these answers."""
        found = {
            button["text"]: button["callback_data"]
            for row in self.deliveries
            for line in row.payload.get("reply_markup", {}).get("inline_keyboard", [])
            for button in line
        }
        return str(found[label])

    def labels(self) -> list[str]:
        return [
            button["text"]
            for row in self.deliveries
            for line in row.payload.get("reply_markup", {}).get("inline_keyboard", [])
            for button in line
        ]


@dataclass
class Person:
    """Somebody with a Telegram account, in a chat: a private one unless `chat` names a group."""

    telegram_id: int
    chat: int = 0
    title: str = "Teknisi Sidoarjo"
    language: str = "id"
    thread: int | None = None

    def _chat(self) -> dict[str, Any]:
        if self.chat:
            return {"id": self.chat, "type": "supergroup", "title": self.title}
        return {"id": self.telegram_id, "type": "private", "first_name": "Orang"}

    def _user(self) -> dict[str, Any]:
        return {
            "id": self.telegram_id,
            "is_bot": False,
            "first_name": "Orang",
            "language_code": self.language,
        }

    def message(self, text: str | None = None, **given: Any) -> dict[str, Any]:
        """A message of this person as Telegram shows it."""
        made: dict[str, Any] = {
            "message_id": next(_message),
            "date": 1_800_000_000,
            "chat": self._chat(),
            "from": self._user(),
        }
        if text is not None:
            made["text"] = text
        if self.thread:
            made |= {"message_thread_id": self.thread, "is_topic_message": True}
        return made | given

    async def says(self, text: str, **given: Any) -> Heard:
        return await self.sends(message=self.message(text, **given))

    async def sends(self, **kind: Any) -> Heard:
        """Any update, by its kind."""
        return await feed({"update_id": next(_update), **kind})

    async def replies(self, text: str, **given: Any) -> Heard:
        """A reply to the bot's last message."""
        quoted = {"message_id": 999, "date": 1, "chat": self._chat(), "from": BOT, "text": "?"}
        return await self.says(text, reply_to_message=quoted, **given)

    async def presses(self, data: str, on: int = 900) -> Heard:
        message = {"message_id": on, "date": 1_800_000_000, "chat": self._chat(), "from": BOT, "text": "?"}
        if self.thread:
            message |= {"message_thread_id": self.thread, "is_topic_message": True}
        query = {"id": "77", "from": self._user(), "chat_instance": "1", "data": data, "message": message}
        return await self.sends(callback_query=query)


async def feed(body: dict[str, Any]) -> Heard:
    """Handle an update in one transaction, as the inbox does, and read what was queued by it."""
    async with transaction() as session:
        last = await session.scalar(select(Delivery.id).order_by(Delivery.id.desc()).limit(1)) or 0
        said = await app.handle(session, body, TOKEN, "sikpro_bot")
    async with transaction() as session:
        rows = (await session.scalars(select(Delivery).where(Delivery.id > last).order_by(Delivery.id))).all()
    told = body.get("message") or {}
    toast = next((each.text for each in said if isinstance(each, Toast)), None)
    menu = next((tuple(each.names) for each in said if isinstance(each, Dress)), ())
    return Heard(list(rows), toast, told.get("message_id", 0), menu)
