"""Forms of master data: read as typed, checked field by field, drawn again with what is to be mended. No database."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, time
from typing import Any

from starlette.datastructures import FormData

from services.web import words_master
from services.web.language import _
from services.web.view_master import Form, Input
from shared.identifiers import one_line
from shared.identifiers.figures import day as read_day


@dataclass
class Typed:
    """What a person typed. errors: field → code."""

    values: dict[str, str] = field(default_factory=dict)
    many: dict[str, frozenset[str]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    def number(self, name: str) -> int:
        """A whole number; 0 and an error when it is none."""
        text = self.values[name].replace(".", "").replace(" ", "")
        if text.isascii() and text.isdigit() and len(text) < 18:
            return int(text)
        if text:
            self.errors.setdefault(name, "not_a_number")
        return 0

    def maybe_number(self, name: str) -> int | None:
        """The same for a field that may stay empty."""
        return self.number(name) if self.values[name] else None

    def day(self, name: str) -> date | None:
        """A day as a browser sends it, or as people write it."""
        text = self.values[name]
        if not text:
            return None
        try:
            return date.fromisoformat(text)
        except ValueError:
            read = read_day(text)
            if read.value is None:
                self.errors.setdefault(name, "not_a_day")
            return read.value

    def hour(self, name: str) -> time:
        """A time of day, `08:00` or `8.00`."""
        hours, _colon, minutes = self.values[name].replace(".", ":").partition(":")
        try:
            return time(int(hours), int(minutes[:2]))
        except ValueError:
            self.errors.setdefault(name, "not_a_time")
            return time()


def read(form: FormData, inputs: tuple[Input, ...]) -> Typed:
    """The fields of `inputs` as typed: cleaned, cut where they are longer than anything we take, and complete."""
    typed = Typed()
    for each in inputs:
        if each.kind == "checks":
            given = [str(value)[:80] for value in form.getlist(each.name)]
            known = {choice.value for choice in each.choices}
            typed.many[each.name] = frozenset(given) & known
            if set(given) - known:
                typed.errors[each.name] = "unknown"
            continue
        typed.values[each.name] = text = _text(form, each, typed)
        if not text and each.required and each.kind != "check":
            typed.errors.setdefault(each.name, "missing")
        if text and each.kind == "select" and text not in {choice.value for choice in each.choices}:
            typed.errors[each.name] = "unknown"
    return typed


def _text(form: FormData, each: Input, typed: Typed) -> str:
    raw = form.get(each.name, "")
    raw = raw if isinstance(raw, str) else ""
    if len(raw) > 4 * each.longest:  # cleaning a million characters would take its time
        typed.errors[each.name] = "too_long"
        raw = raw[: each.longest]
    text = one_line(raw)
    if each.kind == "code":
        text = text.replace(" ", "").upper()
    if len(text) > each.longest:
        typed.errors[each.name] = "too_long"
    return text[: each.longest]


def drawn(kind: str, inputs: tuple[Input, ...], typed: Typed) -> tuple[Input, ...]:
    """The same fields with what was typed and, at each, what is wrong with it."""
    return tuple(
        replace(
            each,
            value=typed.values.get(each.name, each.value),
            chosen=typed.many.get(each.name, each.chosen),
            error=words_master.wrong(kind, each.name, typed.errors[each.name]) if each.name in typed.errors else "",
        )
        for each in inputs
    )


def said(inputs: tuple[Input, ...]) -> tuple[Input, ...]:
    """A table of fields in the language of now."""
    return tuple(
        replace(
            each,
            label=_(each.label),
            hint=_(each.hint),
            choices=tuple(replace(choice, label=_(choice.label)) for choice in each.choices),
        )
        for each in inputs
    )


def filled(inputs: tuple[Input, ...], values: Mapping[str, Any]) -> tuple[Input, ...]:
    """The fields with the values of a row."""
    made = []
    for each in inputs:
        value = values.get(each.name)
        if each.kind == "checks":
            made.append(replace(each, chosen=frozenset(value or ())))
        elif isinstance(value, bool):
            made.append(replace(each, value="ya" if value else ""))
        elif isinstance(value, time):
            made.append(replace(each, value=f"{value:%H:%M}"))
        else:
            made.append(replace(each, value="" if value is None else str(value)))
    return tuple(made)


def stamp(inputs: tuple[Input, ...]) -> str:
    """A short mark of the values a form is drawn with; another one means that somebody changed them."""
    told = repr([(each.name, each.value, sorted(each.chosen)) for each in inputs])
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def stale(form: FormData, before: tuple[Input, ...], typed: Typed) -> bool:
    """Whether the row changed since the form was drawn, into something else than what was typed."""
    given = str(form.get("stamp", ""))
    return given != stamp(before) and stamp(drawn("", before, typed)) != stamp(before)


def new_key() -> str:
    """A key that makes posting a form twice one act."""
    return secrets.token_urlsafe(18)


def key_of(form: FormData) -> str:
    """The key of a posted form; a fresh one where it is missing or not ours."""
    given = str(form.get("request_key", ""))
    return given if 8 <= len(given) <= 64 and given.isascii() and given.isprintable() else new_key()


def again(made: Form, kind: str, typed: Typed, error: str = "") -> Form:
    """A form as it was typed, with the words for every mistake."""
    return replace(made, inputs=drawn(kind, made.inputs, typed), error=error)
