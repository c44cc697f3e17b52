"""Telegram's HTML to plain text with entities counted in UTF-16 units. Pure: it never looks at a chat."""

import html
import re
from typing import Any

Json = dict[str, Any]


class Unparsable(ValueError):  # noqa: N818 what the text is
    """The text breaks the rules of its parse mode; the message is Telegram's own."""


PLAIN_TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}
OTHER_TAGS = {"a", "span", "tg-emoji", "tg-time"}
TAG = re.compile(r"<(/?)([a-zA-Z0-9-]*)((?:\s+[a-zA-Z0-9_-]+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s>\"']+))?)*)\s*>")
ATTRIBUTE = re.compile(r"([a-zA-Z0-9_-]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"']+)))?")
CHARACTER = re.compile(r"&(?:#(\d+)|#x([0-9a-fA-F]+)|(lt|gt|amp|quot));?")
FOUND = re.compile(
    r"(?P<bot_command>(?<![\w/])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z][A-Za-z0-9_]{3,31})?)"
    r"|(?P<url>https?://[^\s<>\"]*[^\s<>\".,;:!?)])|(?P<email>[\w.+-]+@[\w-]+\.[\w.-]*\w)"
    r"|(?P<mention>(?<!\w)@[A-Za-z][A-Za-z0-9_]{3,31})|(?P<hashtag>(?<!\w)#\w*[^\W\d]\w*)"
)


def units(text: str) -> int:
    """Length in UTF-16 code units, as Telegram counts."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def from_html(source: str) -> tuple[str, list[Json]]:
    """Plain text and its entities. Raises Unparsable with Telegram's words."""
    if "<" not in source and "&" not in source:
        return source, []
    out: list[str] = []
    length = at = 0
    open_tags: list[tuple[str, str, int]] = []
    entities: list[Json] = []
    while at < len(source):
        mark = source[at]
        if mark not in "<&":
            stop = next((i for i in range(at, len(source)) if source[i] in "<&"), len(source))
            piece, at = source[at:stop], stop
        elif mark == "&":
            known = CHARACTER.match(source, at)
            piece = html.unescape(known[0]) if known else "&"
            at = known.end() if known else at + 1
        else:
            tag = TAG.match(source, at)
            place = len(source[:at].encode())
            if tag is None:
                raise Unparsable(_bad_tag(source, at, place))
            length_now = length
            if tag[1]:
                _close(tag[2].lower(), place, open_tags, entities, length_now)
            else:
                name = tag[2].lower()
                if name not in PLAIN_TAGS and name not in OTHER_TAGS:
                    raise Unparsable(f'Unsupported start tag "{name}" at byte offset {place}')
                open_tags.append((name, tag[3], length_now))
            at = tag.end()
            continue
        out.append(piece)
        length += units(piece)
    if open_tags:
        raise Unparsable(f'Can\'t find end tag corresponding to start tag "{open_tags[-1][0]}"')
    return "".join(out), sorted(entities, key=lambda e: (e["offset"], -e["length"]))


def _bad_tag(source: str, at: int, place: int) -> str:
    name = re.match(r"</?([^\s>]*)", source[at:])
    word = name[1].lower() if name else ""
    if ">" not in source[at:]:
        return f"Unclosed start tag at byte offset {place}"
    return f'Unsupported start tag "{word}" at byte offset {place}'


def _close(name: str, place: int, open_tags: list[tuple[str, str, int]], entities: list[Json], length: int) -> None:
    if not open_tags:
        raise Unparsable(f"Unexpected end tag at byte offset {place}")
    opened, raw, begin = open_tags.pop()
    if name not in {opened, ""}:
        raise Unparsable(f'Unmatched end tag at byte offset {place}, expected "</{opened}>", found "</{name}>"')
    if length == begin:
        return
    entity = _entity(opened, raw)
    if entity is None:
        return
    if opened == "pre" and entities and entities[-1]["type"] == "code" and entities[-1]["offset"] == begin:
        inner = entities.pop()
        if "language" in inner:
            entity["language"] = inner["language"]
    entities.append({**entity, "offset": begin, "length": length - begin})


def _entity(name: str, raw: str) -> Json | None:
    attributes = {m[1].lower(): html.unescape(m[2] or m[3] or m[4] or "") for m in ATTRIBUTE.finditer(raw)}
    if name == "a":
        link = attributes.get("href", "")
        return {"type": "text_link", "url": link} if link else None
    if name == "span":
        return {"type": "spoiler"} if attributes.get("class") == "tg-spoiler" else None
    if name == "tg-emoji":
        return {"type": "custom_emoji", "custom_emoji_id": attributes.get("emoji-id", "")}
    if name == "tg-time":
        return {"type": "date_time", "unix_time": int(attributes.get("unix", "0") or 0)}
    if name == "blockquote" and "expandable" in attributes:
        return {"type": "expandable_blockquote"}
    if name == "code" and attributes.get("class", "").startswith("language-"):
        return {"type": "code", "language": attributes["class"].removeprefix("language-")}
    return {"type": PLAIN_TAGS[name]}


def trimmed(text: str, entities: list[Json]) -> tuple[str, list[Json]]:
    """Text without white space at its ends, entities moved along; those left with nothing go."""
    short = text.lstrip()
    lead = units(text[: len(text) - len(short)])
    short = short.rstrip()
    if not entities:
        return short, []
    size = units(short)
    kept = []
    for entity in entities:
        begin = max(0, entity["offset"] - lead)
        end = min(size, entity["offset"] + entity["length"] - lead)
        if end > begin:
            kept.append({**entity, "offset": begin, "length": end - begin})
    return short, kept


def with_found(text: str, entities: list[Json]) -> list[Json]:
    """Entities plus the commands, links, mentions and hashtags Telegram finds by itself."""
    if not any(sign in text for sign in "/@#"):
        return [_clean(e) for e in entities]
    taken = [(e["offset"], e["offset"] + e["length"]) for e in entities if e["type"] in {"code", "pre", "text_link"}]
    found = []
    for match in FOUND.finditer(text):
        begin = units(text[: match.start()])
        end = begin + units(match[0])
        if not any(begin < stop and end > start for start, stop in taken):
            found.append({"type": match.lastgroup, "offset": begin, "length": end - begin})
    return sorted([_clean(e) for e in entities] + found, key=lambda e: (e["offset"], -e["length"]))


def _clean(entity: Json) -> Json:
    return {key: value for key, value in entity.items() if not (key == "language" and entity["type"] != "pre")}
