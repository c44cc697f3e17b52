"""What some calls to Telegram are like: which may be made twice, which nobody else sees. Calls nothing."""

from typing import Any

REACTION = "setMessageReaction"
EPHEMERAL = "ephemeral_message_parameters"
DOORS = frozenset(
    {
        "createChatInviteLink",
        "revokeChatInviteLink",
        "approveChatJoinRequest",
        "declineChatJoinRequest",
        "getChatMember",
    }
)
"""What concerns who comes into a group: made twice it does no harm, refused it is refused for good."""

PIN, UNPIN = "pinChatMessage", "unpinChatMessage"
PINS = frozenset({PIN, UNPIN})
FINAL = DOORS | PINS | {REACTION, "deleteMessage"}  # what nobody misses when Telegram refuses it


def repeats(method: str) -> bool:
    """Whether a call may be made twice: the same edit twice is one edit, and so is a reaction or a deletion."""
    return method.startswith("edit") or method in FINAL


def aloud(payload: dict[str, Any]) -> dict[str, Any]:
    """The same message for everybody in the chat."""
    return {name: value for name, value in payload.items() if name != EPHEMERAL}


def off_topic(payload: dict[str, Any]) -> dict[str, Any]:
    """The same message for the group's general topic."""
    return {name: value for name, value in payload.items() if name != "message_thread_id"}


NO_REACTION = "REACTION_INVALID"
"""What Telegram says where a group forbids a reaction."""


def in_words(payload: dict[str, Any]) -> dict[str, Any]:
    """A reaction as a silent reply of one sign, for groups that forbid it."""
    sign = payload["reaction"][0]["emoji"]
    quoted = {"message_id": payload["message_id"], "allow_sending_without_reply": True}
    return {"text": sign, "reply_parameters": quoted, "disable_notification": True}
