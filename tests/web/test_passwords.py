"""Which passwords may be set, and how they are kept."""

import pytest

from shared.errors import Invalid
from shared.people import passwords


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("pendek", "too_short"),
        ("sebelas-hrf", "too_short"),
        ("x" * 257, "too_long"),
        ("password1234", "common"),
        ("Sikpro-Telkom-2026", "common"),
        ("aaaaaaaaaaaaaaaa", "common"),
        ("1234567890123456", "common"),
        ("qwertyuiop123", "common"),
        ("nadia.putri-nadia.putri", "common"),
    ],
)
def test_a_password_that_many_would_try_is_refused(text: str, why: str) -> None:
    with pytest.raises(Invalid) as refused:
        passwords.check_strength(text, "nadia.putri")
    assert refused.value.fields == {"password": why}


@pytest.mark.parametrize(
    "text", ["tambak-lorong-92-biru", "kopi hitam tanpa gula", "ЖёлтыйДом-на-горе", "x7#Kd!mQ2$vLpz"]
)
def test_any_other_long_one_may_be_set(text: str) -> None:
    passwords.check_strength(text, "nadia")


async def test_only_the_exact_password_matches() -> None:
    kept = passwords.hash_password("Tambak-Lorong-92")
    assert "$argon2id$" in kept
    assert await passwords.matches(kept, "Tambak-Lorong-92")
    for other in ("tambak-lorong-92", "Tambak-Lorong-92 ", "", "x" * 10_000):
        assert not await passwords.matches(kept, other)
    assert not await passwords.matches(None, "nobody has this password")
    assert not await passwords.matches("not a hash", "apa saja")
