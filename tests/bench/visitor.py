"""A browser without a screen: signs in by the form, keeps its cookies, and fills in the forms it is shown."""

import html
import re

import aiohttp

_FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')


def fields(page: str) -> dict[str, str]:
    """The hidden fields of a page's forms; of those with one name the last."""
    return {name: html.unescape(value) for name, value in _FIELD.findall(page)}


async def sign_in(http: aiohttp.ClientSession, base: str, username: str, password: str) -> None:
    """Sign in; `http` keeps the cookies."""
    async with http.get(f"{base}/masuk") as answer:
        given = fields(await answer.text())
    form = given | {"username": username, "password": password}
    async with http.post(f"{base}/masuk", data=form, headers={"Origin": base}, allow_redirects=False) as answer:
        assert answer.status == 303, f"signing in was answered with {answer.status}"


def browser() -> aiohttp.ClientSession:
    """A session with cookies, which are kept for addresses of numbers too."""
    return aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
