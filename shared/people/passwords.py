"""Passwords: hashed with argon2id, compared at an even pace, refused when easily guessed. Never logs one."""

import asyncio
import re
from functools import cache
from typing import TYPE_CHECKING

from shared.errors import Invalid

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST, LONGEST = 12, 256

_slots = asyncio.Semaphore(2)  # a hash takes 19 MB and a core for a tenth of a second: a flood of logins must queue
_DIGITS_AND_SIGNS = re.compile(r"[\W\d_]+")
_WORDS = (
    "sikpro telkom indihome telkomsel password passwd katasandi sandi rahasia admin administrator qwertyuiop qwerty "
    "asdfghjkl username helpdesk supervisor teknisi aktivasi indonesia surabaya sidoarjo selamat datang welcome "
    "letmein iloveyou sayang bismillah superman princess abcdefghijkl changeme gantisandi"
)
_FEWEST_LETTERS = 4  # what must be left, or digits of it, once the words everybody tries are taken out


@cache
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher  # the web and the seed have it; the other services never hash

    return PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


@cache
def _nobody() -> str:
    """A hash to compare with when there is no such person, so that the answer takes as long."""
    return _hasher().hash("nobody has this password")


def hash_password(text: str) -> str:
    """`text` as argon2id keeps it. Blocks for a tenth of a second."""
    return _hasher().hash(text)


def check_strength(text: str, username: str = "") -> None:
    """Raise Invalid(password=too_short | too_long | common) unless it may be set. No rules of composition."""
    if len(text) < SHORTEST:
        raise Invalid(password="too_short")  # noqa: S106 a code, not a password
    if len(text) > LONGEST:
        raise Invalid(password="too_long")  # noqa: S106
    rest = text.lower()
    for word in sorted({*_WORDS.split(), *filter(None, [username.lower()])}, key=len, reverse=True):
        rest = rest.replace(word, "")
    letters = _DIGITS_AND_SIGNS.sub("", rest)
    if len(set(text)) < 5 or len(set(letters)) < _FEWEST_LETTERS:
        raise Invalid(password="common")  # noqa: S106


async def hashed(text: str) -> str:
    """The same beside other work; few at a time, as in `matches`."""
    async with _slots:
        return await asyncio.to_thread(hash_password, text)


async def matches(stored: str | None, text: str) -> bool:
    """Whether `text` is the password kept as `stored`; takes the same time when there is none."""
    async with _slots:
        return await asyncio.to_thread(_matches, stored or _nobody(), text[: LONGEST + 1]) and stored is not None


async def rehashed(stored: str, text: str) -> str | None:
    """A new hash when `stored` was made with older parameters; the password is known to match."""
    if not _hasher().check_needs_rehash(stored):
        return None
    async with _slots:
        return await asyncio.to_thread(hash_password, text)


def _matches(stored: str, text: str) -> bool:
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return _hasher().verify(stored, text)
    except (VerificationError, InvalidHashError):
        return False
