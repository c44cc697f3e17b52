"""Cookies: the signed-in session, the token of the login form, and the news a redirect carries. No database."""

import hashlib
import secrets

from starlette.requests import Request
from starlette.responses import Response

from services.web.language import LANGUAGES
from shared.people.csrf import fits, masked, same
from shared.settings import settings

__all__ = ["fits", "masked", "same"]

CSRF_FIELD, CSRF_HEADER = "csrf", "x-csrf-token"


def _name(plain: str) -> str:
    """`__Host-…` where people come by https; browsers keep such a cookie to this host, this path and https."""
    return f"__Host-{plain}" if settings().secure else plain


def _set(response: Response, name: str, value: str, max_age: int | None = None) -> None:
    response.set_cookie(
        _name(name), value, max_age=max_age, path="/", secure=settings().secure, httponly=True, samesite="lax"
    )


def _drop(response: Response, name: str) -> None:
    response.delete_cookie(_name(name), path="/", secure=settings().secure, httponly=True, samesite="lax")


def token_of(request: Request) -> str:
    """The session token the browser sent, or nothing; longer than any of ours is nothing."""
    token = request.cookies.get(_name("sikpro"), "")
    return token if len(token) <= 128 else ""


def give_token(response: Response, token: str) -> None:
    """Hand the browser its session; it forgets it when it is closed, the server earlier."""
    _set(response, "sikpro", token)


def take_token(response: Response) -> None:
    """Make the browser forget its session."""
    _drop(response, "sikpro")


def login_token(request: Request, response: Response | None = None) -> tuple[str, str]:
    """(cookie, form token) of the login form; the form token is a hash of a cookie only we can have set."""
    cookie = request.cookies.get(_name("sikpro-masuk"), "")
    if not 20 <= len(cookie) <= 64:
        cookie = secrets.token_urlsafe(24)
    if response is not None:
        _set(response, "sikpro-masuk", cookie, max_age=3600)
    return cookie, hashlib.sha256(f"masuk:{cookie}".encode()).hexdigest()


def set_login_cookie(response: Response, cookie: str) -> None:
    """Keep the login form's cookie for an hour."""
    _set(response, "sikpro-masuk", cookie, max_age=3600)


def login_token_fits(request: Request, given: str) -> bool:
    """Whether a posted login form is one of ours."""
    cookie = request.cookies.get(_name("sikpro-masuk"), "")
    expected = hashlib.sha256(f"masuk:{cookie}".encode()).hexdigest()
    return bool(cookie) and same(given, expected)


def carry_news(response: Response, event_id: int) -> None:
    """Let the next page say what this one did, for a browser without JavaScript."""
    _set(response, "sikpro-kabar", str(event_id), max_age=60)


def news_of(request: Request) -> int | None:
    """The event the next page shall tell of; the page checks whose it is."""
    given = request.cookies.get(_name("sikpro-kabar"), "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 19 else None


def forget_news(response: Response) -> None:
    """It has been told."""
    _drop(response, "sikpro-kabar")


def language_of(request: Request) -> str:
    """The language this browser chose, on the login page or in the profile; empty when it never did."""
    given = request.cookies.get(_name("sikpro-bahasa"), "")
    return given if given in LANGUAGES else ""


def keep_language(response: Response, language: str) -> None:
    """Remember the language for a year, so that the login page speaks it before we know who comes."""
    _set(response, "sikpro-bahasa", language, max_age=365 * 86400)
