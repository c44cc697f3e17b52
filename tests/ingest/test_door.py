"""Files come in through the real server: by browser and by program, streamed, capped, recognised, and watched."""

import asyncio
import io
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import uvicorn

from services.ingest.app import app
from shared.arrears.batches import BatchState
from shared.db import transaction
from shared.people import tokens
from shared.people.csrf import masked
from shared.people.models import Person, WebSession
from shared.people.sessions import hashed
from tests.conftest import set_environment
from tests.ingest.conftest import SAMPLES, Desk, line, listed, work


@dataclass
class Door:
    base: str
    desk: Desk
    client: aiohttp.ClientSession
    folder: Path

    async def token(self, person: Person) -> dict[str, str]:
        async with transaction() as session:
            return {"authorization": f"Bearer {await tokens.make(session, person.id, 'skrip')}"}

    async def cookie(self, person: Person) -> dict[str, str]:
        async with transaction() as session:
            made = WebSession(token_hash=hashed(f"rahasia-{person.id}"), person_id=person.id, csrf="k" * 43)
            session.add(made)
        return {"cookie": f"sikpro=rahasia-{person.id}"}

    async def ask(self, method: str, path: str, **given: Any) -> tuple[int, Any, Any]:
        async with self.client.request(method, self.base + path, allow_redirects=False, **given) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if "json" in answer.content_type else text, answer.headers

    def stored(self) -> int:
        uploads = self.folder / "uploads"
        return len(list(uploads.iterdir())) if uploads.exists() else 0


@pytest.fixture
async def door(desk: Desk, tmp_path: Path) -> AsyncIterator[Door]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    set_environment(SIKPRO_BASE_URL=f"http://127.0.0.1:{port}")
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, timeout_graceful_shutdown=1))
    async with asyncio.TaskGroup() as group, aiohttp.ClientSession() as client:
        running = group.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        yield Door(f"http://127.0.0.1:{port}", desk, client, tmp_path)
        server.should_exit = True
        await running


def form(csrf: str, content: bytes, name: str = "tunggakan.csv") -> aiohttp.FormData:
    sent = aiohttp.FormData()
    sent.add_field("csrf", csrf)
    sent.add_field("file", io.BytesIO(content), filename=name, content_type="text/csv")
    return sent


async def test_a_program_sends_a_file_with_its_token_and_asks_how_far_it_is(door: Door) -> None:
    token = await door.token(door.desk.here.admin)
    content = listed(line(1), line(2, sto="XXQ"))
    status, said, headers = await door.ask("POST", "/uploads?kind=arrears&name=nov.csv", data=content, headers=token)
    assert (status, said["state"], headers["location"]) == (202, "reading", said["address"])
    assert (said["name"], said["bytes"], said["recognised"]) == ("nov.csv", len(content), False)
    await work()
    status, said, _ = await door.ask("GET", f"/uploads/{said['id']}", headers=token)
    assert (status, said["state"], said["counts"]["new"], said["counts"]["refused"]) == (200, "ready", 1, 1)
    address = f"/uploads/{said['id']}/apply?version={said['version']}"
    assert (await door.ask("POST", address, headers=token))[0] == 202
    assert (await door.ask("POST", address, headers=token))[0] == 409
    await work()
    assert (await door.ask("GET", f"/uploads/{said['id']}", headers=token))[1]["result"]["new"] == 1


async def test_the_same_bytes_again_are_recognised_and_kept_once(door: Door) -> None:
    token = await door.token(door.desk.here.admin)
    first = (await door.ask("POST", "/uploads", data=listed(line(1)), headers=token))[1]
    status, again, _ = await door.ask("POST", "/uploads", data=listed(line(1)), headers=token)
    assert (status, again["id"], again["recognised"]) == (200, first["id"], True)
    assert door.stored() == 1


async def test_a_form_of_the_page_is_sent_to_the_page_of_its_import(door: Door) -> None:
    cookie = await door.cookie(door.desk.here.admin)
    html = cookie | {"accept": "text/html,*/*"}
    status, _, headers = await door.ask("POST", "/uploads", data=form(masked("k" * 43), listed(line(1))), headers=html)
    assert (status, headers["location"]) == (303, "/impor/1")
    batch = await door.desk.now(1)
    assert (batch.name, batch.source, batch.state) == ("tunggakan.csv", "web", BatchState.READING)


@pytest.mark.parametrize("csrf", ["", "salah", "k" * 42])
async def test_a_form_without_the_pages_token_keeps_nothing(door: Door, csrf: str) -> None:
    cookie = await door.cookie(door.desk.here.admin)
    status, _, _ = await door.ask("POST", "/uploads", data=form(csrf, listed(line(1))), headers=cookie)
    assert (status, door.stored()) == (403, 0)
    assert (await door.ask("POST", "/uploads", data=listed(line(1)), headers=cookie))[0] == 403
    assert (await door.ask("POST", "/uploads", data=b"x", headers=cookie | {"origin": "https://jahat.id"}))[0] == 403
    assert door.stored() == 0


async def test_strangers_and_roles_without_the_right_are_refused(door: Door) -> None:
    here = door.desk.here
    assert (await door.ask("POST", "/uploads", data=b"x"))[0] == 401
    assert (await door.ask("GET", "/uploads/1"))[0] == 401
    assert (await door.ask("GET", "/uploads/1/events"))[0] == 401
    for person in (here.helpdesk, here.leader, here.supervisor, here.technician, here.collector):
        token = await door.token(person)
        assert (await door.ask("POST", "/uploads", data=listed(line(1)), headers=token))[0] == 403
    assert door.stored() == 0
    helpdesk = await door.token(here.helpdesk)
    assert (await door.ask("POST", "/uploads?kind=orders", data=b"Tipe;SC;STO\n", headers=helpdesk))[0] == 202
    assert (await door.ask("GET", "/uploads/1", headers=await door.token(here.outsider)))[0] == 404
    assert (await door.ask("GET", "/uploads/1", headers=await door.token(here.admin)))[0] == 200


async def test_a_file_over_the_limit_is_cut_off_and_leaves_nothing(door: Door) -> None:
    set_environment(SIKPRO_LARGEST_UPLOAD="2000000")
    token = await door.token(door.desk.here.admin)

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 100_000

    status, said, _ = await door.ask("POST", "/uploads", data=endless(), headers=token)
    assert (status, said["status"], door.stored()) == (413, 413, 0)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a\x00b.csv", "x\r\nset-cookie: y", "\u202elmth.exe", "CON", "", "."]
)
async def test_what_a_file_is_called_never_becomes_a_path_or_a_header(door: Door, name: str) -> None:
    token = await door.token(door.desk.here.admin)
    _, said, _ = await door.ask("POST", "/uploads", params={"name": name}, data=listed(line(1)), headers=token)
    assert not set(said["name"]) & set("/\\\x00\r\n\u202e")
    assert said["name"]
    await work()
    status, _, headers = await door.ask("GET", f"/uploads/{said['id']}/refused", headers=token)
    assert status == 200
    assert headers["content-disposition"].startswith("attachment; filename=\"ditolak.csv\"; filename*=UTF-8''")
    assert headers["x-content-type-options"] == "nosniff"
    assert door.stored() == 1


async def test_progress_is_told_until_there_is_a_difference_to_look_at(door: Door) -> None:
    token = await door.token(door.desk.here.admin)
    said = (await door.ask("POST", "/uploads", data=listed(line(1)), headers=token))[1]
    states: list[str] = []
    async with door.client.get(f"{door.base}/uploads/{said['id']}/events", headers=token) as stream:
        assert stream.content_type == "text/event-stream"
        async for each in stream.content:
            if each.startswith(b"data:"):
                states.append(json.loads(each[5:])["state"])
                await work()
    assert (states[0], states[-1]) == ("reading", "ready")


@pytest.mark.parametrize(
    "name", ["tunggakan_semicolon_bom.csv", "tunggakan_tab_utf16.csv", "tunggakan.xlsx", "tunggakan_html.xls"]
)
async def test_refused_rows_come_back_in_their_own_layout_and_are_taken_once_mended(door: Door, name: str) -> None:
    desk = door.desk
    batch = await desk.upload((SAMPLES / name).read_bytes(), name)
    token = await door.token(desk.here.admin)
    async with door.client.get(f"{door.base}/uploads/{batch.id}/refused", headers=token) as answer:
        back = await answer.read()
    again = await desk.upload(back, f"lagi-{name}")
    assert again.state is BatchState.READY, again.trouble
    assert again.layout["format"] == batch.layout["format"]
    assert (again.counts["rows"], again.header[-1]) == (16, "ALASAN DITOLAK")
    # alone, the second of two equal numbers is a good row; everything else is still wrong
    assert again.counts["refused"] == 14
    assert "internet.same_as" not in again.problems["refused"]
