"""Photos about an order: a reply to what the bot said of it, its number in the caption, or an album. It shows none.

A photo that is kept is answered by a reaction, not by one more message.
"""

import re

from aiogram import Router
from aiogram.dispatcher.event.bases import SkipHandler
from aiogram.types import Message
from sqlalchemy.ext.asyncio import AsyncSession

from services.bot.answers import Answer, React, Reply
from services.bot.asking import Asker, Place
from services.bot.questioned import answer_question
from services.bot.texts import plain, say
from shared.errors import NotFound
from shared.identifiers import registration_number
from shared.orders import queries
from shared.photos import operations as photos
from shared.photos.operations import Sent

router = Router(name="photo")

KEPT = "👍"
_NUMBER = re.compile(r"\bSC[ -]?[0-9]{6,12}\b")
THUMB = 160  # pixels: the smallest size at least so wide is the thumbnail


def sent_of(message: Message, place: Place, stated: str) -> Sent | None:
    """The photo of a message, or the picture that was sent as a file; None where there is neither."""
    if message.photo:
        sizes = sorted(message.photo, key=lambda each: each.width)
        small = next((each for each in sizes if each.width >= THUMB), sizes[-1])
        large_id, small_id = sizes[-1].file_id, small.file_id
    elif message.document and (message.document.mime_type or "").startswith("image/"):
        large_id = message.document.file_id
        small_id = message.document.thumbnail.file_id if message.document.thumbnail else large_id
    else:
        return None
    return Sent(place.chat_id, place.message_id, large_id, small_id, stated[:1000], message.media_group_id)


@router.message()
async def sent(message: Message, asker: Asker, session: AsyncSession) -> Answer | list[Reply] | None:
    """Keep it with the order it is about. Raises NotFound for an order that is not theirs."""
    photo = sent_of(message, asker.place, asker.stated)
    if photo is None:
        raise SkipHandler
    begun, order_id = await photos.of_album(session, photo.chat_id, photo.album) if photo.album else (False, None)
    quoted = message.reply_to_message
    if begun and order_id is None:  # the registration that this album belongs to is still being filled in
        await photos.put_by(session, asker.viewer, photo)
        return None
    if order_id is None and quoted is not None:
        meant = await photos.orders_of_message(session, photo.chat_id, quoted.message_id)
        if len(meant) > 1:
            return Answer(say("photo_many", asker.language))
        order_id = next(iter(meant), None)
    if order_id is None and (number := _number_in(asker.stated)) is not None:
        try:
            order_id = (await queries.by_number(session, asker.viewer, number)).order.id
        except NotFound:
            return Answer(say("photo_not_yours", asker.language, number=number))
    if order_id is None:
        return Answer(say("photo_whose", asker.language)) if _to_us(asker) else None
    kept = await photos.attach(session, asker.viewer, order_id, photo)
    if quoted is not None:  # a photo is an answer too, with or without words
        words = asker.stated.strip() or plain("photo_answer", asker.language)
        await answer_question(asker, session, quoted.message_id, words)
    if begun:
        return None
    if kept:
        return [React(KEPT)]
    facts = await queries.by_id(session, asker.viewer, order_id)
    return Answer(say("photo_full", asker.language, number=facts.order.registration_no), order_id=order_id)


def _number_in(caption: str) -> str | None:
    """The registration number that a caption names, where it names one only."""
    found = set(_NUMBER.findall(caption.upper()))
    return registration_number(found.pop()).value if len(found) == 1 else None


def _to_us(asker: Asker) -> bool:
    return asker.replies_to_bot or not asker.place.is_group
