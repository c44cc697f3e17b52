"""Keep the English catalogue in step with the source: `python -m services.web.catalogue`. The service never runs it.

It finds every text, adds the new ones without English (the tests name them until somebody writes it) and drops those
that nobody says any more. Nothing is guessed from a similar text.
"""

import ast
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po

from services.web.language import CATALOGUE, forms, read_catalogue

HERE = Path(__file__).parent
OPTIONS = {"templates/**.html": {"trimmed": "true", "trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}}
HEADER = "# What the web says, in English. Kept by: python -m services.web.catalogue"
WRITTEN = datetime(2026, 11, 22, tzinfo=UTC)  # gettext wants a day; a new one each time would only make noise
WORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}


def python_texts(
    file: BinaryIO,
    keywords: Mapping[str, object],
    _tags: Collection[str],
    options: Mapping[str, Any],  # noqa: ARG001 Babel hands it over by this name
) -> Iterator[tuple[int, str, Any, list[str]]]:
    """(line, function, texts, comments) of each call that begins with a text written out.

    Babel's own reader also takes strings from within other arguments: the key of `_(TABLE["key"])`.
    """
    for node in ast.walk(ast.parse(file.read())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in keywords and node.args:
            texts = [each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
            if texts and isinstance(node.args[0], ast.Constant):
                yield node.lineno, node.func.id, texts[0] if len(texts) == 1 else tuple(texts), []


METHODS: list[tuple[str, Any]] = [("**.py", python_texts), ("templates/**.html", "jinja2")]


def extract() -> Catalog:
    """Every text of the web service, with the files that say it."""
    found = Catalog("en", header_comment=HEADER, project="SIKPRO", version="1", fuzzy=False)
    found.creation_date = found.revision_date = WRITTEN
    found.last_translator = found.language_team = found.msgid_bugs_address = "SIKPRO"
    for file, _line, text, _comments, context in extract_from_dir(
        HERE, METHODS, OPTIONS, WORDS, strip_comment_tags=True
    ):
        found.add(text, locations=[(file, 0)], context=context)
    return found


def renew() -> list[str]:
    """Write the catalogue anew from the source and the English that is known; return what still lacks English."""
    found = extract()
    if CATALOGUE.exists():
        known = read_catalogue()
        for message in found:
            old = known.get(message.id, message.context) if message.id else None
            if old is not None:
                message.string = old.string
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    with CATALOGUE.open("wb") as file:
        write_po(file, found, width=118, no_location=False, omit_header=False, sort_output=True, include_lineno=False)
    return [str(message.id) for message in found if message.id and not all(forms(message.string))]


if __name__ == "__main__":
    for text in renew():
        print(f"no English yet: {text}")
