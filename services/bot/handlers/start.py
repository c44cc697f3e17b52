"""`/start` and `/help`: who the bot takes a person for, and what this person may ask."""

from aiogram import Router
from aiogram.types import Message

from services.bot.answers import Answer
from services.bot.asking import Asker, command
from services.bot.texts import EXAMPLE, role, say
from shared.people.models import Role

router = Router(name="start")


@router.message(command("start"))
async def start(_: Message, asker: Asker) -> Answer:
    viewer = asker.viewer
    return Answer(say("welcome", asker.language, name=viewer.name, role=role(viewer.role, asker.language)))


@router.message(command("help"))
async def help_(_: Message, asker: Asker) -> Answer:
    """Only the commands this person may use, each with an example."""
    viewer, language = asker.viewer, asker.language
    lines = [say("help_head", language)]
    if viewer.may("order.register"):
        lines.append(say("help_reg", language, example=EXAMPLE))
    if viewer.may("order.read") or viewer.may("order.read_own"):
        lines.append(say("help_cek", language))
    if viewer.may("order.read_own"):
        lines.append(say("help_saya", language))
    if viewer.may("arrears.visit"):
        mine = "help_tugas" if viewer.role is Role.COLLECTOR else "help_tugas_office"
        lines += [say(mine, language), say("help_tagihan", language)]
    if viewer.may("group.change"):
        lines.append(say("help_ikat", language))
    lines.append(say("help_help", language))
    return Answer("\n\n".join(lines))
