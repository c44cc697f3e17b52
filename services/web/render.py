"""Templates to HTML: the one Jinja environment, its filters, and addresses of assets. It never knows a request."""

import hashlib
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.web import charts, labels, language, report_chart
from services.web.template_code import Written
from services.web.view import Shell, address
from services.web.words_script import script_words

HERE = Path(__file__).parent
STATIC = HERE / "static"

FILTERS = (
    *("date", "weekday_date", "hour", "time", "moment", "short", "iso", "epoch"),
    *("minutes", "seconds", "number", "decimal", "percent", "rupiah", "rupiah_short"),
    *("initials", "shape", "sla", "problem"),
)


@cache
def asset(name: str) -> str:
    """Address of a static file; ours carry a fingerprint, so that they may be cached for ever.

    Files under vendor/ come from pinned packages and are addressed plainly.
    """
    path = STATIC / name
    if not path.is_file():
        return f"/static/{name}"
    return f"/static/{name}?v={hashlib.sha256(path.read_bytes()).hexdigest()[:12]}"


class Spoken(Environment):
    """The templates in one language: texts are translated as a template is compiled, which happens once a language."""

    code_generator_class = Written


@cache
def environment(_language: str) -> Environment:
    """Autoescape on, an unknown name is an error. Only to be used while this language is spoken."""
    env = Spoken(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,  # else every row of a list asks the disk whether its template changed
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    env.policies["ext.i18n.trimmed"] = True
    env.install_gettext_callables(  # type: ignore[attr-defined]
        language.gettext, language.plural, newstyle=True, pgettext=language.pgettext
    )
    env.filters |= {name: getattr(labels, name) for name in FILTERS}
    env.globals |= {"asset": asset, "address": address, "spread": charts.spread, "per_hour": charts.per_hour}
    env.globals |= {"per_day": report_chart.per_day, "language": language.current, "LANGUAGES": language.LANGUAGES}
    env.globals["script_words"] = script_words
    return env


def render(template: str, *, shell: Shell, view: object) -> str:
    """The page or fragment `template`; its head says which `view` it takes."""
    return environment(language.current()).get_template(template).render(shell=shell, view=view)
