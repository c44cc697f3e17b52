"""`/daftar NAME CODE` of somebody the house does not know: a technician asks to be let in and waits for approval."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.bot.answers import Answer
from services.bot.asking import Place, Spoken
from services.bot.texts import say
from shared.errors import Invalid
from shared.people import operations as people


def asks_in(place: Place, said: Spoken | None) -> bool:
    """Whether somebody unknown asks to be let in; only in a private chat, where the account is its own."""
    return said is not None and said.name == "daftar" and not place.is_group


async def join(session: AsyncSession, telegram_id: int, said: Spoken, language: str) -> Answer:
    """Note the request once; whoever asks again, or with somebody else's code, hears the same."""
    words = said.rest.split()
    if len(words) < 2:
        return Answer(say("join_how", language), kind="refusal")
    name, code = " ".join(words[:-1])[:200], words[-1][:40]
    try:
        person = await people.apply(session, name, code, telegram_id, language)
    except Invalid as error:
        key = "join_sto" if error.fields.get("technician_code") == "unknown_sto" else "join_how"
        return Answer(say(key, language), kind="refusal")
    if person is None:
        return Answer(say("join_known", language), kind="refusal")
    return Answer(say("join_waits", language, name=person.name, code=person.technician_code or ""), kind="refusal")
