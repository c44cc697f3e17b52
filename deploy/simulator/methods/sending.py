"""sendMessage and its kin: what the bot writes becomes a message of the chat."""

from typing import Any

from deploy.simulator import access, files, messages
from deploy.simulator.entities import Unparsable, from_html, units
from deploy.simulator.methods import ephemeral, markup
from deploy.simulator.state import Chat, Json, World
from deploy.simulator.wire import Sent, bad

TEXT_MOST, CAPTION_MOST = 4096, 1024
NOT_SIMULATED = (
    "business_connection_id", "direct_messages_topic_id", "suggested_post_parameters", "ephemeral_message_parameters",
    "receiver_user_id", "callback_query_id", "rich_message", "inline_message_id",
)  # fmt: skip
ACTIONS = frozenset((
    "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document",
    "choose_sticker", "find_location", "record_video_note", "upload_video_note",
))  # fmt: skip


def send_message(world: World, p: Json, _: Sent) -> Json:
    only = ephemeral.reader(world, p)
    simulated({name: value for name, value in p.items() if name != "ephemeral_message_parameters"})
    body = formatted(p, "text")
    if not body:
        raise bad("message text is empty")
    return put(world, p, body, only)


def send_photo(world: World, p: Json, sent: Sent) -> Json:
    simulated(p)
    file = files.of_param(world, p["photo"], sent, "photo")
    return put(world, p, {"photo": files.photo_sizes(file), **formatted(p, "caption")})


def send_document(world: World, p: Json, sent: Sent) -> Json:
    simulated(p)
    file = files.of_param(world, p["document"], sent, "document")
    return put(world, p, {"document": files.document(file), **formatted(p, "caption")})


def send_chat_action(world: World, p: Json, _: Sent) -> bool:
    if p["action"] not in ACTIONS:
        raise bad("wrong parameter action in request")
    chat = access.writable(world, p["chat_id"], p.get("message_thread_id"))
    world.tell("typing", chat.id, action=p["action"])
    return True


def put(world: World, p: Json, body: Json, only: int | None = None) -> Json:
    """The message as the bot gets it back, after every check on chat, topic, quote and keyboard."""
    thread = p.get("message_thread_id")
    chat = access.writable(world, p["chat_id"], thread)
    quoted = quote(chat, p)
    keyboard, other = markup.reply(p.get("reply_markup"))
    if quoted is not None:
        body["reply_to_message"] = messages.without_reply(quoted)
        if thread is None and quoted.get("is_topic_message"):
            thread = quoted.get("message_thread_id")
    if keyboard is not None:
        body["reply_markup"] = keyboard
    if p.get("link_preview_options"):
        body["link_preview_options"] = p["link_preview_options"]
    if only is not None:
        return ephemeral.put(world, chat, only, body, thread)
    record = messages.from_bot(world, chat, body, thread)
    if other is not None:  # not part of the message a bot gets back
        record["markup"] = other
    if p.get("disable_notification"):
        record["silent"] = True
    answer: Json = record["message"]
    return answer


def formatted(p: Json, name: str) -> Json:
    """{name, entities} from the parameters; {} when there is no text. Raises Refused when too long or unparsable."""
    text = p.get(name) or ""
    entities: list[Json] = p.get("entities" if name == "text" else "caption_entities") or []
    mode = str(p.get("parse_mode") or "").lower()
    if mode == "html":
        try:
            text, entities = from_html(text)
        except Unparsable as error:
            raise bad(f"can't parse entities: {error}") from error
    elif mode:
        raise bad(
            "unsupported parse_mode"
            if mode not in {"markdown", "markdownv2"}
            else f"parse_mode {mode} is not simulated; use HTML"
        )
    body = messages.text_body(text, entities, name=name)
    most = TEXT_MOST if name == "text" else CAPTION_MOST
    if body and units(body[name]) > most:
        raise bad("message is too long" if name == "text" else "message caption is too long")
    return body


def quote(chat: Chat, p: Json) -> Json | None:
    """The message replied to, if any. Raises Refused when it is gone and the call insists on it."""
    wanted: Any = p.get("reply_parameters") or {}
    if not isinstance(wanted, dict):
        raise bad("can't parse reply parameters JSON object")
    number = wanted.get("message_id") or p.get("reply_to_message_id")
    if number is None:
        return None
    record = messages.find(chat, number)
    if record is None:
        if wanted.get("allow_sending_without_reply") or p.get("allow_sending_without_reply"):
            return None
        raise bad("message to be replied not found")
    quoted: Json = record["message"]
    return quoted


def simulated(p: Json) -> None:
    """Refuse loudly what this simulator does not do, instead of pretending."""
    for name in NOT_SIMULATED:
        if name in p:
            raise bad(f'parameter "{name}" is not simulated')
