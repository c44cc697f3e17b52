"""`/reg` from the first word to the receipt, or to the refusal."""

from tests.bot.person import Person
from tests.factories import TECHNICIAN_CHAT, Town

LINE = "/reg AO SC32232558 ZTEGC6754546 SDA ODP-SDA-003 F5SDA445"


async def test_one_line_is_enough(rizal_in_group: Person) -> None:
    heard = await rizal_in_group.says(LINE)
    print(heard.text)
    lines = heard.text.split("\n")
    assert lines[0] == "Pesan diterima, mohon ditunggu."
    assert "SC32232558" in heard.text
    assert lines[-1].startswith("Nomor antre 1, target selesai ")
    assert "Perhatikan" not in heard.text
    assert heard.deliveries[0].payload["reply_parameters"]["message_id"] == heard.message_id
    assert heard.labels() == ["Cek progres"]
