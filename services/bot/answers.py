"""What a handler gives back, and how it becomes deliveries. Answers are rows before they are messages: none is lost."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from aiogram.filters.callback_data import CallbackData
from aiogram.types import CallbackQuery
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from services.bot.asking import Place
from services.bot.texts import plain
from shared.audit import Note
from shared.deliveries import answers as written
from shared.deliveries import operations as deliveries
from shared.deliveries.answers import Written
from shared.deliveries.calls import EPHEMERAL, REACTION
from shared.deliveries.operations import NEWS, REPLY, Message

OrderId = Annotated[int, Field(gt=0, lt=2**53)]


class Take(CallbackData, prefix="ambil"):
    """Take an order. The notifier makes these as text."""

    order_id: OrderId
    ref: str


class Check(CallbackData, prefix="cek"):
    """Tell how an order stands. The notifier makes these too."""

    order_id: OrderId
    ref: str


class Fill(CallbackData, prefix="isi"):
    """One step of a guided registration.

    to: id of the message that began it. value: what was chosen, or `+` the offer, `=` as typed, `-` skip, `x` stop.
    """

    to: OrderId
    field: str
    value: str
    ref: str


@dataclass(frozen=True, slots=True)
class Button:
    """A button with its label and callback data."""

    label: str
    data: CallbackData | str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """A message to where the question came from, as a reply to it.

    reply_to: another message to reply to. rewrites: the id of a message of ours that takes this text instead.
    placeholder: what stands in the input field; asks for a reply, so that privacy mode lets it through.
    quiet: in a group only the person who asked sees it. Such a message cannot be replied to, edited or acted on, so it
    has no buttons but links; where Telegram refuses it, it is an ordinary one.
    notes: what the audit log says of it. They are written when all that is handled together is (`app.handle_all`): the
    log has one writer at a time. So a handler returns such an answer and does not queue it itself.
    """

    text: str
    rows: Sequence[Sequence[Button]] = ()
    kind: str = "answer"
    order_id: int | None = None
    reply_to: int | None = None
    rewrites: int | None = None
    placeholder: str = ""
    quiet: bool = False
    notes: Sequence[Note] = ()


@dataclass(frozen=True, slots=True)
class Toast:
    """The answer to a pressed button, plain text of at most 200 characters; repeating it does no harm."""

    text: str
    alert: bool = False


@dataclass(frozen=True, slots=True)
class Strip:
    """Take the keyboard off a message of ours whose buttons are used up."""

    message_id: int


@dataclass(frozen=True, slots=True)
class Keys:
    """Another keyboard under a message of ours whose text stays."""

    message_id: int
    rows: Sequence[Sequence[Button]] = ()


@dataclass(frozen=True, slots=True)
class React:
    """A sign on the message that is answered, where a message of our own would only be noise."""

    emoji: str


@dataclass(frozen=True, slots=True)
class Dress:
    """The commands that the chat's menu shall offer from now on; as long as it fails the old ones stay."""

    names: Sequence[str]
    language: str


Reply = Answer | Toast | Strip | Keys | React | Dress
Told = Toast | Dress
Queued = Answer | Strip | Keys | React


def pressed(query: CallbackQuery) -> int:
    """The id of the message whose button was pressed; 0 when Telegram does not say."""
    return query.message.message_id if query.message else 0


def check_button(order_id: int, language: str, label: str = "") -> Button:
    """The button that tells how an order stands."""
    return Button(label or plain("b_check", language), Check(order_id=order_id, ref=deliveries.reference()))


async def queue(session: AsyncSession, place: Place, answer: Queued, reader: int = 0) -> None:
    """Write the delivery of one answer. reader: who asked, for what only that person shall see."""
    await written.write(session, [of(place, answer, reader)])


def of(place: Place, answer: Queued, reader: int = 0) -> Written:
    """An answer as it is queued."""
    if isinstance(answer, React):
        sign = {"message_id": place.message_id, "reaction": [{"type": "emoji", "emoji": answer.emoji}]}
        return Written(place.chat_id, Message("reaction", sign, lane=REPLY, method=REACTION))
    if isinstance(answer, Keys):
        keys: dict[str, Any] = {"message_id": answer.message_id, "reply_markup": keyboard(answer.rows)}
        return Written(place.chat_id, Message("keyboard", keys, lane=REPLY, method="editMessageReplyMarkup"))
    if isinstance(answer, Strip):
        bare: dict[str, Any] = {"message_id": answer.message_id, "reply_markup": {"inline_keyboard": []}}
        return Written(place.chat_id, Message("keyboard", bare, lane=NEWS, method="editMessageReplyMarkup"))
    payload = _payload(place, answer)
    if answer.quiet and place.is_group and reader:
        payload.pop("reply_parameters", None)
        payload[EPHEMERAL] = {"receiver_user_id": reader}
    return Written(place.chat_id, Message(answer.kind, payload, lane=REPLY, method=_method(answer)), answer.order_id)


def keyboard(rows: Sequence[Sequence[Button]]) -> dict[str, Any]:
    """Buttons as Telegram takes them."""
    return {"inline_keyboard": [[_button(each) for each in row] for row in rows]}


def _button(button: Button) -> dict[str, str]:
    if button.url:
        return {"text": button.label, "url": button.url}
    data = button.data if isinstance(button.data, str) else button.data.pack()
    return {"text": button.label, "callback_data": data}


def drawn(rows: Sequence[Sequence[dict[str, str]]]) -> list[list[Button]]:
    """Buttons that the house draws elsewhere too (`shared.orders.buttons`)."""
    return [[Button(each["text"], each["callback_data"]) for each in row] for row in rows]


def _method(answer: Answer) -> str:
    return "editMessageText" if answer.rewrites else "sendMessage"


def _payload(place: Place, answer: Answer) -> dict[str, Any]:
    payload: dict[str, Any] = {
        "text": answer.text,
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
    }
    if answer.rewrites:
        payload["message_id"] = answer.rewrites
    else:
        if to := answer.reply_to or place.message_id:
            payload["reply_parameters"] = {"message_id": to, "allow_sending_without_reply": True}
        if place.thread_id is not None:
            payload["message_thread_id"] = place.thread_id
    if answer.rows:
        payload["reply_markup"] = keyboard(answer.rows)
    elif answer.placeholder:
        payload["reply_markup"] = {
            "force_reply": True,
            "selective": True,
            "input_field_placeholder": answer.placeholder,
        }
    return payload
