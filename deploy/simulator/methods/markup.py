"""Keyboards as Telegram takes them: checked, tidied so that equal ones compare equal."""

import re
from typing import Any

from deploy.simulator.wire import bad

Json = dict[str, Any]

ACTIONS = frozenset((
    "url", "callback_data", "web_app", "login_url", "switch_inline_query", "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat", "copy_text", "callback_game", "pay",
))  # fmt: skip
BUTTON = ACTIONS | {"text", "icon_custom_emoji_id", "style", "disabled"}
LINK = re.compile(r"^(https?://[^\s/]+|tg://\w+|[\w-]+\.[\w.-]+)\S*$")


def inline(markup: Any) -> Json | None:
    """An inline keyboard, or None for none. Raises Refused for anything Telegram would not show."""
    if markup is None or markup == {}:
        return None
    if not isinstance(markup, dict) or not isinstance(markup.get("inline_keyboard"), list):
        raise bad("inline keyboard expected")
    rows = []
    for row in markup["inline_keyboard"]:
        if not isinstance(row, list):
            raise bad('can\'t parse inline keyboard button: field "inline_keyboard" must be an Array of Arrays')
        if row:
            rows.append([_button(button) for button in row])
    return {"inline_keyboard": rows} if rows else None


def _button(button: Any) -> Json:
    if not isinstance(button, dict):
        raise bad("can't parse inline keyboard button: InlineKeyboardButton must be an Object")
    unknown = button.keys() - BUTTON
    if unknown:
        raise bad(f'can\'t parse inline keyboard button: unknown field "{min(unknown)}"')
    tidy = {key: value for key, value in button.items() if value is not None}
    if not isinstance(tidy.get("text"), str) or not tidy["text"].strip():
        raise bad('can\'t parse inline keyboard button: Field "text" must be of type String')
    actions = ACTIONS & tidy.keys()
    if len(actions) != 1:
        raise bad("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if "callback_data" in tidy and not 1 <= len(str(tidy["callback_data"]).encode()) <= 64:
        raise bad("BUTTON_DATA_INVALID")
    if "url" in tidy and not LINK.match(str(tidy["url"])):
        raise bad(f"inline keyboard button URL '{tidy['url']}' is invalid: Wrong HTTP URL")
    if "copy_text" in tidy:
        text = tidy["copy_text"].get("text") if isinstance(tidy["copy_text"], dict) else None
        if not isinstance(text, str) or not 1 <= len(text) <= 256:
            raise bad("BUTTON_COPY_TEXT_INVALID")
    if tidy.get("style") not in {None, "danger", "success", "primary"}:
        raise bad("can't parse inline keyboard button: unsupported button style")
    return tidy


def reply(markup: Any) -> tuple[Json | None, Json | None]:
    """(inline keyboard, other markup such as ForceReply or a reply keyboard): at most one of them is there."""
    if markup is None or markup == {}:
        return None, None
    if not isinstance(markup, dict):
        raise bad("object expected as reply markup")
    if "inline_keyboard" in markup:
        return inline(markup), None
    if markup.get("force_reply") is True or "keyboard" in markup or markup.get("remove_keyboard") is True:
        placeholder = markup.get("input_field_placeholder")
        if placeholder is not None and not 1 <= len(placeholder) <= 64:
            raise bad("input field placeholder is too long")
        return None, markup
    raise bad("can't parse reply keyboard markup JSON object")
