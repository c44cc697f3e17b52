"""The audit log: what is written stays as it was written, and who tampers is named by the row."""

import asyncio
import os
import sys
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from shared import audit
from shared.audit import anchors
from shared.audit.chain import Fault, Whole, faults
from shared.audit.models import AuditRow
from shared.db import transaction
from shared.settings import settings
from tests.conftest import set_environment


async def rows(session: AsyncSession) -> list[AuditRow]:
    return list(await session.scalars(select(AuditRow).order_by(AuditRow.id)))


@pytest.fixture
async def database(own_database: str) -> str:
    """Some of these tests switch the log's triggers off."""
    return own_database


async def write(count: int, **details: object) -> None:
    async with transaction() as session:
        for n in range(count):
            await audit.note(session, n + 1, "web", "test.done", f"thing:{n}", {"n": n, "kata": "é ☂", **details})


async def test_a_note_says_who_what_where_and_from_which_address(session: AsyncSession) -> None:
    with audit.came_from("192.0.2.7"):
        await audit.note(session, 7, "web", "chat.released", "chat:-100", {"waiting": 3})
    await audit.note(session, None, "system", "house.started")
    first, second = await rows(session)
    assert (first.id, first.actor_id, first.source, first.ip) == (1, 7, "web", "192.0.2.7")
    assert (first.what, first.subject, first.details) == ("chat.released", "chat:-100", {"waiting": 3})
    assert (second.id, second.actor_id, second.ip, second.details) == (2, None, "", {})
    assert first.hash != second.hash
    assert len(first.hash) == 64


async def test_notes_written_together_are_sealed_one_after_the_other(session: AsyncSession) -> None:
    await audit.note(session, 1, "web", "test.done")
    kept = [audit.Note(n, "bot", "account.listed", "account:list", {"accounts": [n]}) for n in (5, 6, 7)]
    with audit.came_from("192.0.2.7"):
        await audit.note_all(session, kept)
    found = await rows(session)
    assert [(row.id, row.actor_id, row.ip) for row in found][1:] == [(n - 3, n, "192.0.2.7") for n in (5, 6, 7)]
    assert (found[3].what, found[3].details) == ("account.listed", {"accounts": [7]})
    assert [fault async for fault in faults(session)] == [Whole(4, found[3].hash)]


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit SET what = 'x'", "DELETE FROM audit", "TRUNCATE audit", "DELETE FROM audit WHERE id = 1"],
)
async def test_the_database_refuses_to_change_the_log(session: AsyncSession, statement: str) -> None:
    await audit.note(session, 1, "web", "test.done")
    with pytest.raises(DBAPIError, match="only ever added to"):
        async with session.begin_nested():
            await session.execute(text(statement))
    assert len(await rows(session)) == 1


async def test_an_act_that_is_undone_leaves_no_row_and_no_gap(database: str) -> None:
    await write(1)
    with pytest.raises(RuntimeError):
        async with transaction() as session:
            await audit.note(session, 1, "web", "test.failed")
            raise RuntimeError
    await write(1)
    async with transaction() as session:
        assert [row.id for row in await rows(session)] == [1, 2]


async def test_notes_of_the_same_moment_stand_in_one_unbroken_line(database: str) -> None:
    await asyncio.gather(*(write(2) for _ in range(12)))
    async with transaction() as session:
        assert [row.id for row in await rows(session)] == list(range(1, 25))
        said = [each async for each in faults(session)]
    assert [type(each) for each in said] == [Whole]
    assert isinstance(said[0], Whole)
    assert said[0].rows == 24


async def verify(url: str, *given: str, data: Path | None = None) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "shared.audit", "verify", *given),
        env=os.environ | {"SIKPRO_DATABASE_URL": url} | ({"SIKPRO_DATA": str(data)} if data else {}),
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


async def test_verify_names_a_row_that_a_superuser_changed_or_removed(database: str) -> None:
    await write(6, angka=[1, 2.5, None, {"b": 1, "a": 2}])
    code, said = await verify(database)
    assert (code, "6 rows read, 0 faults" in said) == (0, True)
    superuser = await asyncpg.connect(database)
    await superuser.execute("ALTER TABLE audit DISABLE TRIGGER USER")
    await superuser.execute("UPDATE audit SET actor_id = 99 WHERE id = 3")
    await superuser.execute("DELETE FROM audit WHERE id = 5")
    await superuser.execute("ALTER TABLE audit ENABLE TRIGGER USER")
    await superuser.close()
    code, said = await verify(database)
    assert code == 1
    assert "row 3 of the audit log is changed" in said
    assert "row 5 of the audit log is missing" in said
    assert "row 6 of the audit log is changed" in said  # its seal held the one that is gone
    assert "row 1 " not in said
    assert "row 4 " not in said


async def test_a_change_is_found_across_the_batches_in_which_the_log_is_read(database: str) -> None:
    superuser = await asyncpg.connect(database)
    await superuser.execute(
        "INSERT INTO audit (source, what, details) SELECT 'system', 'test.many', '{}' FROM generate_series(1, 5003)"
    )
    async with transaction() as session:
        assert [each async for each in faults(session) if isinstance(each, Fault)] == []
    await superuser.execute("ALTER TABLE audit DISABLE TRIGGER USER; UPDATE audit SET subject = 'x' WHERE id = 5001")
    await superuser.close()
    async with transaction() as session:
        assert [each async for each in faults(session) if isinstance(each, Fault)] == [Fault(5001, "changed")]


async def anchored() -> anchors.Noted | None:
    async with transaction() as session:
        return await anchors.anchor(session)


async def as_superuser(url: str, *statements: str) -> None:
    """What somebody with every right in the database can do, and then leave the triggers as they were."""
    superuser = await asyncpg.connect(url)
    for table in ("audit", "audit_anchor"):
        await superuser.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    for statement in statements:
        await superuser.execute(statement)
    for table in ("audit", "audit_anchor"):
        await superuser.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    await superuser.close()


async def test_an_hour_has_one_anchor_and_an_idle_one_has_none(database: str) -> None:
    assert await anchored() is None  # nothing to anchor yet
    await write(3)
    first = await asyncio.gather(*(anchored() for _ in range(4)))
    assert [each.id for each in first if each is not None] == [3]
    await write(1)
    assert await anchored() is None  # this hour has its anchor
    await as_superuser(database, "UPDATE audit_anchor SET hour = hour - interval '1 hour'")
    again = await anchored()
    assert again is not None
    assert again.id == 4
    await as_superuser(database, "UPDATE audit_anchor SET hour = hour - interval '1 hour'")
    assert await anchored() is None  # nothing was added since


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_anchor SET hash = 'x'", "DELETE FROM audit_anchor", "TRUNCATE audit_anchor"]
)
async def test_the_database_refuses_to_change_an_anchor(session: AsyncSession, statement: str) -> None:
    await audit.note(session, 1, "web", "test.done")
    assert await anchors.anchor(session) is not None
    with pytest.raises(DBAPIError, match="only ever added to"):
        async with session.begin_nested():
            await session.execute(text(statement))


async def test_rows_cut_off_the_end_are_noticed_by_their_anchor(database: str) -> None:
    await write(6)
    assert await anchored() is not None
    assert "0 faults" in (await verify(database))[1]
    await as_superuser(database, "DELETE FROM audit WHERE id > 4")
    code, said = await verify(database)
    assert code == 1
    assert "row 6 of the audit log is removed, though it was anchored" in said


async def test_a_log_written_anew_with_seals_that_fit_is_noticed_by_its_anchor(database: str) -> None:
    await write(4)
    assert await anchored() is not None
    superuser = await asyncpg.connect(database)
    await superuser.execute("ALTER TABLE audit DISABLE TRIGGER USER; DELETE FROM audit")
    await superuser.execute("ALTER TABLE audit ENABLE TRIGGER USER")
    await superuser.close()
    await write(4, angka="lain")  # the trigger seals the new story as well as the old one
    code, said = await verify(database)
    assert code == 1
    assert "row 4 of the audit log is not the one that was anchored" in said


async def test_what_stands_outside_the_database_tells_when_the_anchors_went_too(database: str, tmp_path: Path) -> None:
    await write(5)
    noted = await anchored()
    assert noted is not None
    await as_superuser(database, "DELETE FROM audit_anchor", "DELETE FROM audit WHERE id > 2")
    assert (await verify(database))[0] == 0  # from inside nothing can be seen any more
    code, said = await verify(database, f"audit anchor {noted.id}:{noted.seal}")
    assert (code, "row 5 of the audit log is removed" in said) == (1, True)
    (tmp_path / "audit-anchors.txt").write_text(f"{noted.id}:{noted.seal}\nkosong\n")
    code, said = await verify(database, data=tmp_path)
    assert (code, "row 5 of the audit log is removed" in said) == (1, True)


async def test_an_anchor_is_told_to_log_and_folder(
    tmp_path: Path, database: str, caplog: pytest.LogCaptureFixture
) -> None:
    await write(1)
    noted = await anchored()
    assert noted is not None
    set_environment(SIKPRO_DATA=str(tmp_path))
    try:
        with caplog.at_level("INFO"):
            anchors.tell(noted)
        assert anchors.in_file() == [noted]
    finally:
        del os.environ["SIKPRO_DATA"]
        settings.cache_clear()
    assert anchors.read(caplog.messages[-1]) == noted
