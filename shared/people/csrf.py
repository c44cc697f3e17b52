"""Proof that a form came from one of our own pages: a session's token, another shape on each page. Pure."""

import base64
import hmac
import secrets


def masked(token: str) -> str:
    """A form's token as pages show it, another each time: compressed pages would else give it away by their length."""
    plain = token.encode()
    pad = secrets.token_bytes(len(plain))
    return base64.urlsafe_b64encode(pad + bytes(a ^ b for a, b in zip(pad, plain, strict=True))).decode()


def fits(given: str, token: str) -> bool:
    """Whether a posted token is this session's, masked as in pages or as it is."""
    try:
        both = base64.urlsafe_b64decode(given.encode("ascii"))
    except (ValueError, UnicodeEncodeError):
        both = b""
    half = len(both) // 2
    plain = bytes(a ^ b for a, b in zip(both[:half], both[half:], strict=False)) if len(both) == 2 * len(token) else b""
    return hmac.compare_digest(plain, token.encode()) or same(given, token)


def same(given: str, expected: str) -> bool:
    """Compare two tokens in even time, whatever characters a stranger sends."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())
