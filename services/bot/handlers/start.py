"""`/start` and `/help`: who the bot takes a person for, and what this person may ask."""

from aiogram import Router
from aiogram.types import Message

from services.bot import commands
from services.bot.answers import Answer, Button, Dress, Reply
from services.bot.asking import Asker, Spoken, command
from services.bot.texts import EXAMPLE, plain, role, say
from shared.people.models import Role

router = Router(name="start")


@router.message(command("start"))
async def start(_: Message, asker: Asker, said: Spoken) -> list[Reply]:
    """`/start help` comes from the link under a group's /help."""
    if said.rest == "help":
        return _help(asker)
    viewer = asker.viewer
    hello = say("welcome", asker.language, name=viewer.name, role=role(viewer.role, asker.language))
    return [Answer(hello, quiet=True), *_menu(asker)]


@router.message(command("help"))
async def help_(_: Message, asker: Asker) -> list[Reply]:
    return _help(asker)


def _help(asker: Asker) -> list[Reply]:
    """Only the commands this person may use, each with an example."""
    viewer, language = asker.viewer, asker.language
    lines = [say("help_head", language)]
    if viewer.may("order.register"):
        lines.append(say("help_reg", language, example=EXAMPLE))
    if viewer.may("order.read") or viewer.may("order.read_own"):
        lines.append(say("help_cek", language))
    if viewer.may("order.read_own"):
        lines += [say(key, language) for key in ("help_ubah", "help_photo", "help_saya")]
    if viewer.may("arrears.visit"):
        mine = "help_tugas" if viewer.role is Role.COLLECTOR else "help_tugas_office"
        lines += [say(mine, language), say("help_tagihan", language)]
    if viewer.may("report.read"):
        lines.append(say("help_rekap", language))
    if viewer.may("handover.give"):
        lines.append(say("help_serahterima", language))
    if viewer.may("group.change"):
        lines.append(say("help_ikat", language))
    lines.append(say("help_help", language))
    link = f"https://t.me/{asker.bot_username}?start=help"
    rows = [[Button(plain("b_private", language), url=link)]] if asker.place.is_group else []
    return [Answer("\n\n".join(lines), rows=rows, quiet=True), *_menu(asker)]


def _menu(asker: Asker) -> list[Reply]:
    """A private chat's menu offers what its person may use."""
    return [] if asker.place.is_group else [Dress(commands.of_role(asker.viewer.role), asker.language)]
