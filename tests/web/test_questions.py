"""What cannot be taken back is asked about first, also where the browser's script does not ask."""

import re

from tests.web.conftest import Office

HOOK = {"name": "Pusat data", "url": "https://pusat.example.com/x", "events": "order.changed", "site": "semua"}
DAILY = {"kind": "yesterday", "at": "07:00", "day": "", "sto": "semua", "type": "semua", "group": "saya"}


async def test_a_schedule_an_address_and_a_rule_are_deleted_only_after_a_yes(office: Office) -> None:
    admin = await office.visitor(office.here.admin)
    await admin.post("/webhook", HOOK)
    assert (await admin.post("/laporan/jadwal", DAILY)).status == 303
    hook = re.findall(r'href="(/webhook/\d+)"', (await admin.get("/webhook")).text)[0]
    for page, question in (
        ("/laporan/jadwal", "Hapus jadwal"),
        (hook, "Hapus alamat"),
        ("/pemberitahuan", "Hapus aturan"),
    ):
        drawn = (await admin.get(page)).text
        form = re.search(r'<form method="post" action="([^"]+/hapus)" data-question="([^"]+)"', drawn)
        assert form, page
        path, asked = form.groups()
        assert (asked.startswith(question), 'id="tanya"' in drawn, "ask.js" in drawn) == (True, True, True)
        answer = await admin.post(path, {"tanya": "ya"}, htmx=False)
        assert (answer.status, f"<h1>{asked}</h1>" in answer.text) == (200, True), "asked, and nothing done"
        yes = re.search(rf'<form class="row wrap" method="post" action="{path}">.*?</form>', answer.text, re.DOTALL)
        assert yes, page
        assert 'name="tanya"' not in yes[0]
        assert (await admin.post(path, htmx=False)).status == 303
