"""What a person's page shows of links into Telegram groups: the form that makes one, and those that live."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.web import master_page
from services.web.language import _
from services.web.view import Choice
from services.web.view_master import Fact, Form, Input
from shared.chats import doors
from shared.people.models import Person


async def form(session: AsyncSession, person: Person) -> Form | None:
    """The form that invites a person into a group; None where no bound group is for it."""
    groups = await doors.groups_for(session, person.id)
    if not groups:
        return None
    name = f"@{person.telegram_name}" if person.telegram_name else ""
    inputs = (
        Input(
            "group",
            _("Grup"),
            "select",
            choices=tuple(Choice(str(each.id), each.title or str(each.id)) for each in groups),
        ),
        Input(
            "telegram_name",
            _("Nama Telegram"),
            "plain",
            value=name,
            required=False,
            longest=33,
            hint=_("Contoh @rizal_fauzi. Wajib selama nomor Telegramnya belum diisi."),
        ),
    )
    return master_page.keyed(
        Form(
            "undang",
            _("Undang ke grup Telegram"),
            f"/pengguna/{person.id}/grup",
            inputs,
            save=_("Buat tautan"),
            foot=_(
                "Siapa pun yang membuka tautannya hanya dapat meminta masuk. Orang ini diterima bot dengan sendirinya; "
                "orang lain diputuskan team leader atau admin."
            ),
        )
    )


async def facts(session: AsyncSession, person_id: int) -> tuple[Fact, ...]:
    """The links that work, or what keeps Telegram from making them."""
    return tuple(
        Fact(_("Tautan grup"), link.link or _refused(link.trouble), title)
        for link, title in await doors.living(session, person_id)
    )


def _refused(trouble: str) -> str:
    if not trouble:
        return _("Sedang dibuat Telegram")
    if "not enough rights" in trouble:
        return _("Bot perlu hak mengundang anggota. Berikan di pengaturan admin grup, lalu buat lagi.")
    return _("Telegram menolak: {words}", words=trouble)
