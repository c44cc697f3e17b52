"""Behind a proxy the throttle counts the visitor and not the proxy, and nobody can choose its own address."""

import os
from collections.abc import Iterator

import pytest
from pydantic import ValidationError
from sqlalchemy import select

from services.web.proxies import client_of
from shared.audit.models import AuditRow
from shared.db import transaction
from shared.people.models import LoginFailure
from shared.settings import Settings, settings
from tests.conftest import set_environment
from tests.web.conftest import Office


@pytest.fixture(autouse=True)
def told() -> Iterator[None]:
    yield
    os.environ.pop("SIKPRO_TRUSTED_PROXIES", None)
    settings.cache_clear()


@pytest.mark.parametrize(
    ("trusted", "peer", "said", "client"),
    [
        ("", "192.0.2.1", ["198.51.100.7"], "192.0.2.1"),
        ("192.0.2.1", "192.0.2.9", ["198.51.100.7"], "192.0.2.9"),
        ("192.0.2.1", "192.0.2.1", ["198.51.100.7"], "198.51.100.7"),
        ("192.0.2.1", "192.0.2.1", [], "192.0.2.1"),
        ("192.0.2.1", "192.0.2.1", ["203.0.113.5, 198.51.100.7"], "198.51.100.7"),
        ("192.0.2.1", "192.0.2.1", ["203.0.113.5", "198.51.100.7"], "198.51.100.7"),
        ("192.0.2.0/24, 10.0.0.0/8", "192.0.2.1", ["203.0.113.5, 198.51.100.7, 10.1.2.3"], "198.51.100.7"),
        ("10.0.0.0/8", "10.0.0.1", ["10.2.2.2"], "10.2.2.2"),
        ("192.0.2.1", "192.0.2.1", ["198.51.100.7, <script>"], "192.0.2.1"),
        ("192.0.2.1", "192.0.2.1", ["198.51.100.7, " + "9" * 5000], "192.0.2.1"),
        ("192.0.2.1", "::ffff:192.0.2.1", ["::ffff:198.51.100.7"], "198.51.100.7"),
        ("::1", "::1", ["2001:db8::5"], "2001:db8::5"),
    ],
)
def test_a_forwarded_address_is_believed_only_from_a_trusted_proxy(
    trusted: str, peer: str, said: list[str], client: str
) -> None:
    set_environment(SIKPRO_TRUSTED_PROXIES=trusted, SIKPRO_DATABASE_URL="postgresql://x", SIKPRO_REDIS_URL="redis://x")
    headers = [(b"x-forwarded-for", each.encode()) for each in said] + [(b"x-real-ip", b"203.0.113.99")]
    found = client_of({"client": (peer, 4711), "headers": headers})
    assert found is not None
    assert found[0] == client


def test_what_is_no_address_stops_the_process_as_it_starts() -> None:
    os.environ["SIKPRO_TRUSTED_PROXIES"] = "proxy.example"
    with pytest.raises(ValidationError, match=r"proxy\.example"):
        Settings()


async def tries(office: Office, address: str, count: int) -> int:
    """The status of the last of so many failed logins under as many names."""
    status = 0
    for n in range(count):
        visitor = await office.stranger()
        page = await visitor.get("/masuk")
        form = {"csrf": page.value("csrf", "<form"), "username": f"orang{n}", "password": "salah"}
        answer = await visitor.ask("POST", "/masuk", data=form, headers={"X-Forwarded-For": address})
        status = answer.status
    return status


async def test_the_throttle_counts_the_visitor_behind_a_proxy_of_ours(office: Office) -> None:
    set_environment(SIKPRO_TRUSTED_PROXIES="127.0.0.1")
    async with transaction() as session:
        session.add(LoginFailure(key="ip:198.51.100.7", failures=30))
    assert await tries(office, "198.51.100.7", 1) == 429
    assert await tries(office, "203.0.113.5, 198.51.100.7", 1) == 429, "what a visitor writes itself counts for nothing"
    assert await tries(office, "198.51.100.8", 1) == 422
    async with transaction() as session:
        assert "198.51.100.8" in set(await session.scalars(select(AuditRow.ip)))


async def test_without_a_trusted_proxy_changing_the_header_changes_nothing(office: Office) -> None:
    async with transaction() as session:
        session.add(LoginFailure(key="ip:127.0.0.1", failures=30))
    for n in range(3):
        assert await tries(office, f"198.51.100.{n}", 1) == 429
